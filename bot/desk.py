"""Who may ask now: one question at a time from a person, a bounded number in all."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from retrieval.errors import FootnoteError
from retrieval.wording import counted

LONGEST_WAIT = 3_600.0
"""Seconds; no cooldown is longer."""

MOST_ARTICLES = 20
"""Articles that are being added at a time, each for another server."""

_CLOSED = "I am being restarted; please ask again in a minute."

P = ParamSpec("P")
T = TypeVar("T")


class RefusedError(FootnoteError):
    """A question is not taken now; the message tells the person why, politely."""


class Desk:
    """Lets questions in, and runs what they need in threads beside the event loop.

    To be used from one event loop.

    Args:
        workers: questions that are answered at a time.
        queue: questions that may wait for that.
        clock: seconds that only go forward.
    """

    def __init__(
        self, workers: int, queue: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._answering = ThreadPoolExecutor(workers, "answer")
        self._indexing = ThreadPoolExecutor(1, "index")
        self._looking_up = ThreadPoolExecutor(2, "look-up")
        self._refreshing = ThreadPoolExecutor(1, "refresh")
        self._places = workers + queue
        self._clock = clock
        self._asking: set[str] = set()
        self._asked_at: dict[str, float] = {}
        self._adding: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._jobs = 0
        self._is_closed = False

    @contextmanager
    def admit(self, person: str, cooldown: float) -> Iterator[None]:
        """Let a person ask, for as long as the block lasts.

        ``cooldown`` seconds have to lie between this question and the one before, wherever
        that was asked.

        Raises:
            RefusedError: if they have to wait.
        """
        now = self._clock()
        left = self._asked_at.get(person, -math.inf) + cooldown - now
        if self._is_closed:
            raise RefusedError(_CLOSED)
        if person in self._asking:
            raise RefusedError("I am still on your last question; please ask one at a time.")
        if left > 0:
            wait = counted(math.ceil(left), "second")
            raise RefusedError(f"Please wait {wait} before you ask again.")
        if len(self._asking) >= self._places:
            raise RefusedError(
                f"{len(self._asking)} questions are waiting already; please ask again in a minute."
            )
        self._asked_at = {who: at for who, at in self._asked_at.items() if now - at < LONGEST_WAIT}
        self._asked_at[person] = now
        self._asking.add(person)
        try:
            with self.job():
                yield
        finally:
            self._asking.discard(person)

    @contextmanager
    def admit_article(self, server: str) -> Iterator[None]:
        """Let a server add an article, for as long as the block lasts.

        Raises:
            RefusedError: if it has to wait.
        """
        if self._is_closed:
            raise RefusedError(_CLOSED)
        if server in self._adding:
            raise RefusedError("Another article is being added here; please wait until it is in.")
        if len(self._adding) >= MOST_ARTICLES:
            raise RefusedError("Many articles are being added; please try again in a minute.")
        self._adding.add(server)
        try:
            with self.job():
                yield
        finally:
            self._adding.discard(server)

    async def answer(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function gives that runs a model."""
        return await self._run(self._answering, lambda: function(*args, **kwargs))

    async def index(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function gives that writes to a library; one runs at a time."""
        return await self._run(self._indexing, lambda: function(*args, **kwargs))

    async def look_up(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function gives that is soon done, and must not wait for questions."""
        return await self._run(self._looking_up, lambda: function(*args, **kwargs))

    async def refresh(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function gives that may take an hour, and that nobody waits for."""
        return await self._run(self._refreshing, lambda: function(*args, **kwargs))

    @property
    def is_closed(self) -> bool:
        """Whether no more work is taken."""
        return self._is_closed

    async def close(self, patience: float) -> bool:
        """Take no more questions, and tell whether all is done within ``patience`` seconds."""
        self._is_closed = True
        try:
            await asyncio.wait_for(self._idle.wait(), patience)
        except TimeoutError:
            return False
        finally:
            for pool in (self._answering, self._indexing, self._looking_up, self._refreshing):
                pool.shutdown(wait=False, cancel_futures=True)
        return True

    async def _run(self, pool: ThreadPoolExecutor, function: Callable[[], T]) -> T:
        with self.job():
            return await asyncio.get_running_loop().run_in_executor(pool, function)

    @contextmanager
    def job(self) -> Iterator[None]:
        """Have :meth:`close` wait for the block, which owes somebody a reply."""
        self._jobs += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._jobs -= 1
            if not self._jobs:
                self._idle.set()
