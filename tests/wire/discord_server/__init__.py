"""A local server that speaks Discord's REST and gateway, for a bot in a process of its own.

The bot's code and its discord.py are untouched: ``tests/wire/shim`` tells the process where Discord
is.  Behind the sockets is simcord's model, whose builders and actors the test uses::

    async with DiscordServer() as server:
        guild = server.world.create_guild()
        channel = guild.create_text_channel("talk")
        alice = guild.add_member(server.world.create_user("alice"))
        async with bot_process(server, ["-m", "bot", "serve"], environment) as bot:
            await server.until(lambda: server.gateway.online)
            result = await alice.slash(channel, "ask", question="why?")
            await server.until(lambda: not result.deferred)
"""

from __future__ import annotations

from tests.wire.discord_server.process import BotProcess, bot_process
from tests.wire.discord_server.server import DiscordServer

__all__ = ["BotProcess", "DiscordServer", "bot_process"]
