"""What goes wrong on purpose between a bot and the REST side."""

from __future__ import annotations

import asyncio
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web

Answer = Callable[[], Awaitable[web.Response]]


def reply(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer; discord.py decodes only this very content type, without a charset."""
    body = json.dumps(content).encode()
    headers = {"Content-Type": "application/json"} | (headers or {})
    return web.Response(body=body, status=status, headers=headers)


@dataclass
class Fault(ABC):
    """Something that happens to the next ``times`` requests that fit; None is for ever."""

    method: str
    path: str
    times: int | None

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is to meet this fault."""
        return self.times != 0 and fnmatchcase(method, self.method) and fnmatchcase(path, self.path)

    @abstractmethod
    async def apply(self, answer: Answer) -> web.Response | None:
        """Answer in place of ``answer``, or None to drop the connection."""


@dataclass
class RateLimit(Fault):
    """429, in the form and with the headers that discord.py takes for Discord's own."""

    retry_after: float
    everywhere: bool

    async def apply(self, answer: Answer) -> web.Response | None:
        """Refuse the request, which then never reaches the model."""
        headers = {
            "Via": "1.1 google",
            "Retry-After": str(math.ceil(self.retry_after)),
            "X-RateLimit-Scope": "global" if self.everywhere else "user",
        }
        if self.everywhere:
            headers["X-RateLimit-Global"] = "true"
        content = {
            "message": "You are being rate limited.",
            "retry_after": self.retry_after,
            "global": self.everywhere,
        }
        return reply(content, 429, headers)


@dataclass
class Failure(Fault):
    """An error of Discord's own."""

    status: int

    async def apply(self, answer: Answer) -> web.Response | None:
        """Fail the request, which then never reaches the model."""
        return reply({"message": f"{self.status}: injected", "code": 0}, self.status)


@dataclass
class Drop(Fault):
    """A connection that ends without an answer."""

    handled: bool

    async def apply(self, answer: Answer) -> web.Response | None:
        """Lose the request, or do what it asks and lose the answer."""
        if self.handled:
            await answer()
        return None


@dataclass
class Delay(Fault):
    """A slow way to Discord."""

    seconds: float

    async def apply(self, answer: Answer) -> web.Response | None:
        """Let the request reach the model only after a while."""
        await asyncio.sleep(self.seconds)
        return await answer()


class Faults:
    """The faults in wait; a request meets the first that fits it.

    Methods and paths are patterns: ``"*"`` fits every method, ``"/webhooks/*"`` everything below.
    """

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def rate_limit(
        self,
        method: str,
        path: str,
        *,
        times: int | None = 1,
        retry_after: float = 0.1,
        everywhere: bool = False,
    ) -> None:
        """Answer 429; ``everywhere`` is the limit over all routes."""
        self._waiting.append(RateLimit(method, path, times, retry_after, everywhere))

    def fail(self, method: str, path: str, *, times: int | None = 1, status: int = 500) -> None:
        """Answer an error."""
        self._waiting.append(Failure(method, path, times, status))

    def drop(self, method: str, path: str, *, times: int | None = 1, handled: bool = False) -> None:
        """End the connection without an answer; ``handled``: after doing what was asked."""
        self._waiting.append(Drop(method, path, times, handled))

    def delay(self, method: str, path: str, *, times: int | None = 1, seconds: float) -> None:
        """Hold the request back before it reaches Discord."""
        self._waiting.append(Delay(method, path, times, seconds))

    def clear(self) -> None:
        """Let everything work again."""
        self._waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that a request meets, which is thereby used once."""
        for fault in self._waiting:
            if fault.fits(method, path):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
