"""The people, guilds and channels of the test: simcord's model, in real time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import simcord.env
from simcord._clock import Clock
from simcord.backend import Backend

PATIENCE = 3.0  # seconds after which Discord tells a person that the application did not respond


class RealClock(Clock):
    """The time of day.

    ``world.backend.advance_clock(seconds)`` puts it ahead: an interaction's token ends after a
    quarter of an hour.
    """

    def now(self) -> datetime:
        """The current instant, with what it was put ahead by."""
        return datetime.now(UTC) + timedelta(seconds=self.elapsed)


class World(simcord.env.Env):
    """simcord's builders and actors, for bots on the other side of a socket.

    A person's message or edit returns at once.  An interaction returns when the bot has
    acknowledged it, or after the three seconds that Discord allows for that.

    The overridden methods are simcord's own affair; its version is pinned.
    """

    def __init__(self, *, shards: int = 1) -> None:
        # This client never connects: simcord reads payloads with it.
        super().__init__(discord.Client(intents=discord.Intents.all()), check_errors=False)
        self.backend = Backend(clock=RealClock())
        self._shard_count, self._shard_ids = shards, tuple(range(shards))
        self._message_states.add(self.bot._connection)
        self._started = True
        self._dispatched: Any = None

    def _begin_operation(self, label: str) -> None:
        """Allow several people to act at once; simcord lets its actors act in turn."""

    def _end_operation(self) -> None:
        pass

    def _notify_dispatch_observers(self, interaction: Any) -> None:
        self._dispatched = interaction

    async def _settle_internal(
        self,
        *,
        timeout: float | None = None,
        idle: float = 0.05,
        dispatch: str | None = None,
        _deadline: float | None = None,
    ) -> None:
        # simcord calls this right after the interaction's dispatch, before anything else runs.
        interaction, self._dispatched = self._dispatched, None
        end = time.monotonic() + (PATIENCE if interaction else 0.0)
        while time.monotonic() < end and not interaction.responded:
            await asyncio.sleep(0.005)
