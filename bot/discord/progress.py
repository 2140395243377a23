"""How far a slow command is, told in its reply."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Any, Self

import discord

from bot.discord.errors import UNHEARD

log = logging.getLogger(__name__)

_SECONDS = 2.0
"""Between two edits; Discord allows five in five seconds."""


class Progress:
    """Edits a deferred reply while work goes on; may be called from any thread."""

    def __init__(self, interaction: discord.Interaction[Any], doing: str) -> None:
        self._interaction = interaction
        self._text = f"{doing} …"

    def __call__(self, done: int, total: int) -> None:
        """Note how far the work is."""
        self._text = f"Indexing … {done} of {total} passages"

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._show())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _show(self) -> None:
        shown = ""
        while True:
            if self._text != shown:
                shown = self._text
                try:
                    await self._interaction.edit_original_response(content=shown)
                except UNHEARD as error:
                    log.info("progress not shown", extra={"why": str(error)})
            await asyncio.sleep(_SECONDS)
