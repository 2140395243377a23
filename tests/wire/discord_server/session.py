"""What one shard is told, in its order and within its intents."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import discord
from simcord.backend import Backend
from simcord.gateway import FakeGateway, FakeWebSocket

from tests.wire.discord_server.connection import Connection, Op

Payload = Mapping[str, Any]


class EveryEvent:
    """Stands where simcord looks up discord.py's parser of an event."""

    def __init__(self, push: Callable[[str, Payload], None]) -> None:
        self._push = push

    def __getitem__(self, event: str) -> Callable[[Payload], None]:
        return partial(self._push, event)

    get = __getitem__


class Session:
    """One shard's events in their order, kept so that they can be replayed.

    simcord decides what its intents let through, and withholds the content of messages.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        shard: tuple[int, int],
        intents: discord.Intents,
        localised: Callable[[str], str],
    ) -> None:
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.intents = intents
        self.parsers = EveryEvent(self.push)
        self.connection: Connection | None = None
        self._gate = FakeGateway(backend, self)
        self.members = FakeWebSocket(backend, self._gate, shard_id=shard[0])
        self._localised = localised
        self._history: list[str] = []  # the frame of sequence number n is at n - 1

    @property
    def online(self) -> bool:
        """Whether a client is listening."""
        return self.connection is not None and not self.connection.closed

    def owns(self, event: str, payload: Payload) -> bool:
        """Whether an event is for this shard; what belongs to no guild is for the first."""
        guild = payload.get("guild_id")
        if guild is None and event in {"GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"}:
            guild = payload["id"]
        index, count = self.shard
        return (int(guild) >> 22) % count == index if guild is not None else index == 0

    def offer(self, event: str, payload: Payload) -> None:
        """Take an event in if it is for this shard and within its intents."""
        if self.owns(event, payload):
            self._gate.feed(event, payload)

    def push(self, event: str, payload: Payload) -> None:
        """Give an event the next sequence number and send it."""
        frame = {"op": Op.DISPATCH, "t": event, "s": len(self._history) + 1, "d": payload}
        self._history.append(self._localised(json.dumps(frame)))
        if self.connection is not None:
            self.connection.send_text(self._history[-1])

    def replay(self, sequence: int) -> bool:
        """Send what came after a sequence number; False if that number never was."""
        if self.connection is None or not 0 <= sequence <= len(self._history):
            return False
        for frame in self._history[sequence:]:
            self.connection.send_text(frame)
        self.push("RESUMED", {})
        return True
