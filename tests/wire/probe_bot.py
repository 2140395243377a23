"""A small bot, by which the local Discord server is tried: ``python probe_bot.py``.

PROBE_TOKEN is its token, PROBE_NAME stands before its messages, PROBE_INTENTS is the number of its
intents, and PROBE_SHARDED makes it open the shards that Discord recommends.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
from typing import Any

import discord
from discord import app_commands

NAME = os.environ.get("PROBE_NAME", "probe")
TOO_LATE = 3.2  # seconds: an interaction lives for three


class Form(discord.ui.Modal, title="A form"):
    """Asks for one line."""

    line: discord.ui.TextInput[Form] = discord.ui.TextInput(label="A line", custom_id="line")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"submitted {self.line.value}", ephemeral=True)


class Buttons(discord.ui.View):
    """Lives as long as the bot, whatever message it is under."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="More", custom_id="more")
    async def more(
        self, interaction: discord.Interaction, button: discord.ui.Button[Buttons]
    ) -> None:
        await interaction.response.send_message("more of it", ephemeral=True)

    @discord.ui.button(label="Form", custom_id="form")
    async def form(
        self, interaction: discord.Interaction, button: discord.ui.Button[Buttons]
    ) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.select(
        custom_id="fruit", options=[discord.SelectOption(label=x) for x in ("apple", "pear")]
    )
    async def fruit(
        self, interaction: discord.Interaction, select: discord.ui.Select[Buttons]
    ) -> None:
        await interaction.response.edit_message(content=f"chose {select.values[0]}")


@app_commands.command(description="Answers after a while.")
async def ask(interaction: discord.Interaction, question: str) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.followup.send(f"{NAME} answers {question}", view=Buttons())


@ask.autocomplete("question")
async def _questions(
    interaction: discord.Interaction, current: str
) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=current.upper(), value=current.lower())]


@app_commands.command(description="Acknowledges too late.")
async def late(interaction: discord.Interaction) -> None:
    await asyncio.sleep(TOO_LATE)
    await _try_to_reply(interaction)


@app_commands.command(description="Acknowledges at once.")
async def prompt(interaction: discord.Interaction) -> None:
    await _try_to_reply(interaction)


async def _try_to_reply(interaction: discord.Interaction) -> None:
    try:
        await interaction.response.send_message("in time")
    except discord.NotFound as refused:
        print(f"refused with {refused.code}")


@app_commands.command(description="Takes a file and gives it back.")
async def upload(interaction: discord.Interaction, file: discord.Attachment) -> None:
    data = await file.read()
    copy = discord.File(io.BytesIO(data[::-1]), "copy.txt", description="backwards")
    await interaction.response.send_message(f"{len(data)} bytes", file=copy)


@app_commands.context_menu(name="Quote this")
async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"quoted {message.content!r}")


COMMANDS: list[app_commands.Command[Any, ..., Any] | app_commands.ContextMenu] = [
    ask,
    late,
    prompt,
    upload,
    quote,
]


class Probe(discord.Client):
    """Answers everything it hears."""

    def __init__(self, intents: discord.Intents) -> None:
        super().__init__(intents=intents)
        self.tree: app_commands.CommandTree[Probe] = app_commands.CommandTree(self)
        for command in COMMANDS:
            self.tree.add_command(command)

    async def setup_hook(self) -> None:
        self.add_view(Buttons())
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once, where discord.py would wait for five seconds between shards."""

    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            await message.channel.send(f"{NAME} heard {message.content!r}")


class ShardedProbe(Probe, discord.AutoShardedClient):
    """The same on as many shards as Discord recommends."""


async def main() -> None:
    intents = discord.Intents.default()
    if value := os.environ.get("PROBE_INTENTS"):
        intents = discord.Intents._from_value(int(value))
    kind = ShardedProbe if "PROBE_SHARDED" in os.environ else Probe
    running = asyncio.current_task()
    assert running is not None
    # Closing the client from another task than the one that reads its socket would send 4000.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with kind(intents) as client:
            await client.start(os.environ["PROBE_TOKEN"])


if __name__ == "__main__":
    discord.utils.setup_logging()
    asyncio.run(main())
