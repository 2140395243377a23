"""The panel by which those who manage a server set the bot up."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import errors
from bot.schema import Rules
from retrieval.wording import counted

if TYPE_CHECKING:
    from bot.discord.client import FootnoteClient

Interaction = discord.Interaction[Any]

log = logging.getLogger(__name__)

_COOLDOWNS = (0, 5, 10, 30, 60, 300)
_CHANNELS = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.voice,
]


class SettingsPanel(ui.View):
    """Shows a server's settings and changes them as they are chosen."""

    def __init__(self, client: FootnoteClient, server: str) -> None:
        super().__init__(timeout=600)
        self._client, self._server = client, server
        self.shown_by: Interaction | None = None
        self._draw()

    @property
    def text(self) -> str:
        """The settings in words."""
        rules = self._rules
        where = ", ".join(f"<#{channel}>" for channel in rules.channels) or "every channel"
        return "\n".join(
            (
                "**How I answer on this server**",
                f"- in {where}",
                f"- {_wait(self._cooldown)} between two questions of a member",
                f"- commands: {'only to the one who asks' if rules.is_private else 'openly'}, "
                "unless they choose otherwise",
                f"- mentions: {'in a thread of their own' if rules.has_threads else 'in reply'}",
            )
        )

    @ui.select(
        cls=ui.ChannelSelect,
        channel_types=_CHANNELS,
        placeholder="Where I answer (nothing chosen: everywhere)",
        min_values=0,
        max_values=25,
    )
    async def channels(self, interaction: Interaction, select: ui.ChannelSelect[Any]) -> None:
        """Choose the channels."""
        await self._change(interaction, channels=tuple(c.id for c in select.values))

    @ui.select(cls=ui.Select[Any], options=[discord.SelectOption(label="0")])
    async def cooldown(self, interaction: Interaction, select: ui.Select[Any]) -> None:
        """Choose how long a member waits."""
        await self._change(interaction, cooldown=int(select.values[0]))

    @ui.button()
    async def private(self, interaction: Interaction, _: ui.Button[Any]) -> None:
        """Change who sees the answer to a command."""
        await self._change(interaction, is_private=not self._rules.is_private)

    @ui.button()
    async def threads(self, interaction: Interaction, _: ui.Button[Any]) -> None:
        """Change where mentions are answered."""
        await self._change(interaction, has_threads=not self._rules.has_threads)

    async def on_timeout(self) -> None:
        """Take the components away, which do nothing any more."""
        if self.shown_by:
            try:
                await self.shown_by.edit_original_response(view=None)
            except errors.UNHEARD as error:
                log.info("panel not closed", extra={"why": str(error)})

    async def interaction_check(self, interaction: Interaction) -> bool:
        """Let nobody change anything who may not manage the server any more."""
        if interaction.permissions.manage_guild:
            return True
        await interaction.response.send_message(errors.FOR_MANAGERS, ephemeral=True)
        return False

    async def on_error(self, interaction: Interaction, error: Exception, _: Any, /) -> None:
        """Tell what went wrong."""
        await errors.report(interaction, error)

    @property
    def _rules(self) -> Rules:
        return self._client.rules_of(self._server)

    @property
    def _cooldown(self) -> int:
        return int(self._client.cooldown_of(self._server))

    def _draw(self) -> None:
        """Make the components show what is set."""
        rules = self._rules
        self.channels.default_values = [
            discord.SelectDefaultValue(id=channel, type=discord.SelectDefaultValueType.channel)
            for channel in rules.channels
        ]
        self.cooldown.options = [
            discord.SelectOption(
                label=f"{_wait(seconds)} between two questions of a member",
                value=str(seconds),
                default=seconds == self._cooldown,
            )
            for seconds in sorted({*_COOLDOWNS, self._cooldown})
        ]
        self.private.label = (
            "Answer commands openly" if rules.is_private else "Answer commands privately"
        )
        self.threads.label = (
            "Answer mentions in reply" if rules.has_threads else "Answer mentions in threads"
        )

    async def _change(self, interaction: Interaction, **changes: Any) -> None:
        with self._client.service.desk.job():
            await self._client.set_rules(self._server, **changes)
            self._draw()
            await interaction.response.edit_message(content=self.text, view=self)


def _wait(seconds: int) -> str:
    return counted(seconds, "second") if seconds else "no wait"
