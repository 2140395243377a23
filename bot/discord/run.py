"""The bot as a process: it connects, and leaves in order when it is told to."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from contextlib import suppress

import aiohttp
import discord
from pydantic import SecretStr

from bot.discord.client import FootnoteClient
from bot.health import serve_health
from bot.refreshing import keep_fresh
from retrieval.errors import ConfigError

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds that running work is given at the end."""

PORTAL = "https://discord.com/developers/applications"
PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
)
"""The least with which all works."""

_BAD_TOKEN = (
    f"Discord does not accept DISCORD_TOKEN; copy the token again from {PORTAL} → your "
    "application → Bot → Reset Token."
)
_BAD_INTENT = (
    f"Discord does not grant the message-content intent; switch it on at {PORTAL} → your "
    "application → Bot → Message Content Intent, or set DISCORD_MESSAGE_CONTENT=0."
)
_NO_TOKEN = (
    f"DISCORD_TOKEN is not set; make an application at {PORTAL}, put the token of its Bot page "
    "into .env as DISCORD_TOKEN=…, and invite it with "
)
_GATEWAY_BAD_TOKEN = 4004


def invite_url(application_id: int | str) -> str:
    """Return the address at which a server's managers invite the bot, with what it needs."""
    return discord.utils.oauth_url(
        application_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
    )


def check_token(secret: SecretStr | None) -> str:
    """Return the token without the space around it.

    Raises:
        ConfigError: if there is none, or it cannot be one.
    """
    token = secret.get_secret_value().strip() if secret else ""
    if not token:
        raise ConfigError(_NO_TOKEN + invite_url("YOUR_APPLICATION_ID"))
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(_BAD_TOKEN)
    return token


def run(
    client: FootnoteClient,
    token: str,
    health: tuple[str, int | None],
    refresh_hours: float = 0,
) -> None:
    """Run the bot until it is told to stop by SIGTERM or SIGINT.

    What is running then is finished, for up to :data:`PATIENCE` seconds.  What came from
    the web is refreshed every so many hours, or never if these are 0.

    Raises:
        ConfigError: if Discord does not let the bot in, or cannot be reached.
        FootnoteError: if the library or its models cannot be used.
    """
    is_idle = asyncio.run(_run(client, token, health, refresh_hours))
    if not is_idle:
        # A thread in the middle of a long piece of work cannot be stopped, and Python would
        # wait for it; the library is made so that it can be left at any point.
        logging.shutdown()
        os._exit(0)


async def _run(
    client: FootnoteClient,
    token: str,
    health: tuple[str, int | None],
    refresh_hours: float,
) -> bool:
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # Windows: Ctrl-C ends it at once
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)

    def readiness() -> Mapping[str, bool]:
        is_cut = any(shard.is_closed() for shard in client.shards.values())
        return {
            "connected": client.is_ready() and not is_cut,
            "loaded": client.service.libraries.is_loaded,
            "open": not stop.is_set(),
        }

    async with serve_health(*health, readiness), client:
        tasks = {
            "connected": asyncio.create_task(_connect(client, token)),
            "loaded": asyncio.create_task(client.service.load()),
            "stopped": asyncio.create_task(stop.wait()),
        }
        if refresh_hours:
            tasks["fresh"] = asyncio.create_task(keep_fresh(client.service, refresh_hours))
        try:
            await _first_end(tasks)
            log.info("stopping")
            return await client.service.close(PATIENCE)
        finally:
            await client.close()
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _first_end(tasks: Mapping[str, asyncio.Task[object]]) -> None:
    """Wait until the connection ends or the bot is told to stop; raise what failed before."""
    waiting = set(tasks.values())
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if done - {tasks["loaded"]}:
            return


async def _connect(client: FootnoteClient, token: str) -> None:
    try:
        await client.login(token)
        log.info("invite the bot with %s", invite_url(client.application_id or 0))
        await client.connect()
    except discord.LoginFailure as error:
        raise ConfigError(_BAD_TOKEN) from error
    except discord.PrivilegedIntentsRequired as error:
        raise ConfigError(_BAD_INTENT) from error
    except discord.ConnectionClosed as error:
        if error.code == _GATEWAY_BAD_TOKEN:
            raise ConfigError(_BAD_TOKEN) from error
        raise ConfigError(
            f"Discord closed the connection for good (code {error.code}); look the code up in "
            "its developer documentation, and start again."
        ) from error
    except (discord.HTTPException, discord.GatewayNotFound) as error:
        raise ConfigError(
            f"Discord answers with an error ({error}); wait a little and start again."
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        raise ConfigError(
            f"Discord cannot be reached ({error}); check the network, and start again."
        ) from error
