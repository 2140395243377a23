"""Discord's gateway: who is let in, and which session an event goes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from aiohttp import web
from simcord.backend import Backend, serializers
from simcord.intents import missing_privileged_intents

from tests.wire.discord_server.connection import CloseCode, Connection, Op
from tests.wire.discord_server.session import Payload, Session


class Gateway:
    """Lets clients in and passes the model's events to their sessions.

    Attributes:
        token: The bot token that is accepted.
        connections: Every connection there was, the latest last.
        sessions: The sessions that can be resumed, by their id.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        url: str,
        token: str,
        approved: discord.Intents,
        interval: float,
        localised: Callable[[str], str],
    ) -> None:
        self.token = token
        self.connections: list[Connection] = []
        self.sessions: dict[str, Session] = {}
        self._backend = backend
        self._url = f"{url.replace('http', 'ws', 1)}/gateway/"
        self._approved = approved
        self._interval = interval
        self._localised = localised
        backend.subscribers.append(self._announce)

    def routes(self) -> list[web.RouteDef]:
        """The path that this side serves."""
        return [web.get("/gateway/", self._connect)]

    @property
    def online(self) -> list[Session]:
        """The sessions of the bots that are listening now."""
        return [session for session in self.sessions.values() if session.online]

    @property
    def identifies(self) -> list[dict[str, Any]]:
        """The data of every IDENTIFY."""
        return self._received(Op.IDENTIFY)

    @property
    def resumes(self) -> list[dict[str, Any]]:
        """The data of every RESUME."""
        return self._received(Op.RESUME)

    @property
    def client_codes(self) -> list[int]:
        """The codes that clients closed their connections with."""
        return [c.client_code for c in self.connections if c.client_code is not None]

    async def drop(self, code: int | None = CloseCode.UNKNOWN_ERROR) -> None:
        """Close every connection with a code, or cut them off with None."""
        for connection in [c for c in self.connections if not c.closed]:
            if code is None:
                connection.cut()
            else:
                await connection.close(code)

    def request_heartbeats(self) -> None:
        """Ask every client for a heartbeat at once."""
        for session in self.online:
            if session.connection is not None:
                session.connection.send(Op.HEARTBEAT)

    def _received(self, op: Op) -> list[dict[str, Any]]:
        return [f["d"] for c in self.connections for f in c.received if f["op"] == op]

    def _announce(self, event: str, payload: Payload) -> None:
        for session in self.sessions.values():
            session.offer(event, payload)

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        connection = Connection(request, self._interval)
        self.connections.append(connection)
        try:
            return await connection.serve(self._receive)
        finally:
            if connection.client_code in {CloseCode.NORMAL, CloseCode.GOING_AWAY}:
                self.sessions = {
                    key: s for key, s in self.sessions.items() if s.connection is not connection
                }

    async def _receive(self, connection: Connection, frame: dict[str, Any]) -> None:
        data, session = frame["d"], connection.session
        match frame["op"]:
            case Op.IDENTIFY:
                await self._identify(connection, data)
            case Op.RESUME:
                await self._resume(connection, data)
            case Op.PRESENCE if session:
                pass
            case Op.REQUEST_MEMBERS if session:
                wanted = data | {"guild_id": int(data["guild_id"])}
                await session.members.request_chunks(**wanted)
            case _ if session:
                await connection.close(CloseCode.UNKNOWN_OPCODE)
            case _:
                await connection.close(CloseCode.NOT_AUTHENTICATED)

    async def _identify(self, connection: Connection, data: dict[str, Any]) -> None:
        index, count = data.get("shard", (0, 1))
        intents = discord.Intents._from_value(data["intents"])
        if data["token"] != self.token:
            await connection.close(CloseCode.AUTHENTICATION_FAILED)
        elif not 0 <= index < count:
            await connection.close(CloseCode.INVALID_SHARD)
        elif missing_privileged_intents(intents, self._approved):
            await connection.close(CloseCode.DISALLOWED_INTENTS)
        else:
            session = Session(
                self._backend, shard=(index, count), intents=intents, localised=self._localised
            )
            self.sessions[session.id] = session
            connection.session, session.connection = session, connection
            self._greet(session)

    def _greet(self, session: Session) -> None:
        backend = self._backend
        guilds = [serializers.guild_create_payload(backend, g) for g in backend.guilds.values()]
        guilds = [guild for guild in guilds if session.owns("GUILD_CREATE", guild)]
        ready = {
            "v": 10,
            "user": serializers.user_payload(backend.bot_user),
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self._url,
            "shard": session.shard,
            "application": {"id": str(backend.application_id), "flags": 0},
        }
        session.push("READY", ready)
        for guild in guilds:
            session.offer("GUILD_CREATE", guild)

    async def _resume(self, connection: Connection, data: dict[str, Any]) -> None:
        session = self.sessions.get(data["session_id"])
        if data["token"] != self.token:
            await connection.close(CloseCode.AUTHENTICATION_FAILED)
        elif session is None:
            connection.send(Op.INVALID_SESSION, False)
        else:
            connection.session, session.connection = session, connection
            if not session.replay(data["seq"]):
                await connection.close(CloseCode.INVALID_SEQUENCE)
