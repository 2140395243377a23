"""The server: one address for REST, gateway and files, and what a test asks of them."""

from __future__ import annotations

import asyncio
import base64
import secrets
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

import discord
from aiohttp import web

from tests.wire.discord_server.faults import Faults
from tests.wire.discord_server.gateway import Gateway
from tests.wire.discord_server.process import BotProcess
from tests.wire.discord_server.requests import Requests
from tests.wire.discord_server.rest import Rest
from tests.wire.discord_server.world import World

LARGEST_UPLOAD = 64 << 20
T = TypeVar("T")


class DiscordServer:
    """Discord for the processes that are started against it; an async context manager.

    Attributes:
        url: Where it is, as ``WIRE_BASE`` has it.
        token: The bot's token.
        world: The guilds, the channels, and the people who act in them.
        requests: The REST requests that were answered.
        faults: What is to go wrong with the coming requests.
        rest: The REST side.
        gateway: The gateway side, with its connections and sessions.
        processes: The bots that ``bot_process`` started.
    """

    def __init__(
        self,
        *,
        shards: int = 1,
        heartbeat_interval: float = 41.25,
        approved_intents: discord.Intents | None = None,
    ) -> None:
        """A server that recommends ``shards`` shards and approves privileged intents, or all."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.world = World(shards=shards)
        backend = self.world.backend
        account = base64.b64encode(str(backend.bot_user.id).encode()).decode().rstrip("=")
        self.token = f"{account}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
        self.requests = Requests()
        self.faults = Faults()
        self.processes: list[BotProcess] = []
        approved = discord.Intents.all() if approved_intents is None else approved_intents
        self.rest = Rest(
            backend,
            url=self.url,
            token=self.token,
            shards=shards,
            approved=approved,
            faults=self.faults,
            requests=self.requests,
        )
        self.gateway = Gateway(
            backend,
            url=self.url,
            token=self.token,
            approved=approved,
            interval=heartbeat_interval,
            localised=self.rest.localised,
        )
        application = web.Application(client_max_size=LARGEST_UPLOAD)
        application.add_routes([*self.rest.routes(), *self.gateway.routes()])
        self._runner = web.AppRunner(application, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.gateway.drop(None)
        await self._runner.cleanup()
        if error is None:
            self._check_gaps()

    async def until(self, predicate: Callable[[], T | None], timeout: float = 20.0) -> T:
        """Wait until a predicate holds, and return what it returned.

        Raises:
            AssertionError: It did not hold in time, or simcord could not do what a bot asked;
                the message shows the last requests, the connections and the logs.
        """
        end = time.monotonic() + timeout
        while not (found := predicate()):
            self._check_gaps()
            if time.monotonic() > end:
                raise AssertionError(f"This did not come about in {timeout} s.\n{self.report()}")
            await asyncio.sleep(0.01)
        return found

    def report(self) -> str:
        """What happened of late, for a person to read."""
        lines = ["The last requests:", *(f"  {request}" for request in self.requests[-15:])]
        lines.append("The connections:")
        for number, connection in enumerate(self.gateway.connections, 1):
            state = (
                f"closed, client's code {connection.client_code}" if connection.closed else "open"
            )
            session = connection.session
            shard = f"shard {session.shard}" if session else "not identified"
            lines.append(f"  {number}: {state}, {shard}, {len(connection.heartbeats)} heartbeats")
        for process in self.processes:
            lines.append(f"The log of process {process.pid} (exit status {process.returncode}):")
            lines += [f"  {line}" for line in process.log[-40:]]
        return "\n".join(lines)

    def _check_gaps(self) -> None:
        if self.rest.gaps:
            gaps = "\n".join(self.rest.gaps)
            raise AssertionError(f"simcord cannot do what was asked: {gaps}\n{self.report()}")
