"""An answer is shown while it is being written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from types import TracebackType
from typing import Any, Self

import discord

from bot.discord.errors import UNHEARD
from bot.discord.messages import preview
from retrieval.types import Answer

log = logging.getLogger(__name__)

SECONDS = 1.0
"""Between two edits, at least; Discord allows five in five seconds."""

Write = Callable[..., Awaitable[Any]]
"""Sends a message the first time, and edits it from then on."""


class Streaming:
    """Shows what is verified of an answer so far, in the message that will hold it all.

    Args:
        write: which writes that message.
        is_echoed: whether the question is repeated above.
    """

    def __init__(self, write: Write, *, is_echoed: bool) -> None:
        self._write = write
        self._is_echoed = is_echoed
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        self._is_over = False
        self._heard: Answer | None = None
        self._showing: asyncio.Task[None] | None = None
        self.is_shown = False

    def hear(self, answer: Answer) -> None:
        """Note what is verified so far; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._begin, answer, context=self._context)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over = True
        if self._showing:
            self._showing.cancel()
            await asyncio.wait([self._showing])

    def _begin(self, answer: Answer) -> None:
        self._heard = answer
        is_running = self._showing is not None and not self._showing.done()
        if not is_running and not self._is_over:
            self._showing = asyncio.create_task(self._show())

    async def _show(self) -> None:
        while self._heard:
            text = preview(self._heard, is_echoed=self._is_echoed)
            self._heard = None
            await self._shown(asyncio.ensure_future(self._write(content=text)))
            await asyncio.sleep(SECONDS)

    async def _shown(self, writing: asyncio.Future[Any]) -> None:
        try:
            await asyncio.shield(writing)
            self.is_shown = True
        except asyncio.CancelledError:  # what is on its way arrives before the whole answer
            await asyncio.wait([writing])
            self.is_shown = self.is_shown or writing.exception() is None
            raise
        except UNHEARD as error:
            log.info("partial answer not shown", extra={"why": str(error)})


class Post:
    """A message of a channel: sent the first time, edited from then on."""

    def __init__(self, send: Callable[..., Awaitable[discord.Message]]) -> None:
        self._send = send
        self._message: discord.Message | None = None

    async def __call__(self, **message: Any) -> None:
        """Send or edit it."""
        if self._message is None:
            self._message = await self._send(**message)
        else:
            await self._message.edit(**message, suppress=True)
