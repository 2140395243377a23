"""One websocket of the gateway: its frames, its compression, its heartbeats and its end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
import zlib
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from tests.wire.discord_server.session import Session


class Op(IntEnum):
    """The kinds of frames."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    RESUME = 6
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    """Why a connection was closed."""

    NORMAL = 1000
    GOING_AWAY = 1001
    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    INVALID_SEQUENCE = 4007
    INVALID_SHARD = 4010
    DISALLOWED_INTENTS = 4014


def compressor(kind: str | None) -> Callable[[bytes], bytes] | None:
    """The compression that a connection's address asks for; one stream for the whole connection."""
    if kind is None:
        return None
    if kind == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda data: deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
    if kind == "zstd-stream":  # discord.py asks for it where this package is installed
        import zstandard

        zstd = zstandard.ZstdCompressor().compressobj()
        flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return lambda data: zstd.compress(data) + zstd.flush(flush)
    raise web.HTTPBadRequest(text=f"unknown compression {kind}")


class Connection:
    """One websocket.

    Attributes:
        session: What was identified or resumed on it.
        received: The frames that the client sent, but for heartbeats.
        heartbeats: When each heartbeat arrived, on the clock of ``time.monotonic``.
        closed: Whether it has ended.
        client_code: The code that the client closed it with; 1006 where it just vanished, and
            None while it is open and where the server closed it.
    """

    def __init__(self, request: web.Request, interval: float) -> None:
        self.session: Session | None = None
        self.received: list[dict[str, Any]] = []
        self.heartbeats: list[float] = []
        self.closed = False
        self.client_code: int | None = None
        self._request = request
        self._interval = interval
        self._compress = compressor(request.query.get("compress"))
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._socket = web.WebSocketResponse(timeout=2.0, compress=False)
        self._server_closes = False

    @property
    def lateness(self) -> list[float]:
        """Seconds by which each heartbeat came later than the interval allows (or earlier, < 0)."""
        pairs = itertools.pairwise(self.heartbeats)
        return [later - earlier - self._interval for earlier, later in pairs]

    def send(self, op: Op, data: Any = None) -> None:
        """Put a frame that belongs to no session on the wire."""
        self.send_text(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def send_text(self, frame: str) -> None:
        """Put an encoded frame on the wire."""
        self._outbox.put_nowait(frame)

    async def close(self, code: int) -> None:
        """Close the connection as the server does."""
        self._server_closes = True
        await self._socket.close(code=code)

    def cut(self) -> None:
        """End the connection as a broken network does, without a word."""
        self._server_closes = True
        if self._request.transport is not None:
            self._request.transport.abort()

    async def serve(
        self, receive: Callable[[Connection, dict[str, Any]], Awaitable[None]]
    ) -> web.StreamResponse:
        """Greet the client and hand on what it sends until the connection ends."""
        await self._socket.prepare(self._request)
        self.send(Op.HELLO, {"heartbeat_interval": int(self._interval * 1000)})
        writer = asyncio.create_task(self._write())
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    frame = json.loads(message.data)
                    if frame["op"] == Op.HEARTBEAT:
                        self.heartbeats.append(time.monotonic())
                        self.send(Op.HEARTBEAT_ACK)
                    else:
                        self.received.append(frame)
                        await receive(self, frame)
        finally:
            writer.cancel()
            self.closed = True
            if not self._server_closes:
                self.client_code = self._socket.close_code
        return self._socket

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                frame = await self._outbox.get()
                if self._compress:
                    await self._socket.send_bytes(self._compress(frame.encode()))
                else:
                    await self._socket.send_str(frame)
