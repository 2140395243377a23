"""``GET /healthz`` and ``/readyz``, for whatever watches over the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from retrieval.errors import ConfigError

Readiness = Callable[[], Mapping[str, bool]]
"""Tells of each thing that is needed whether it is there."""


@asynccontextmanager
async def serve_health(host: str, port: int | None, readiness: Readiness) -> AsyncIterator[None]:
    """Serve for as long as the block lasts; without a port, do nothing.

    ``/healthz`` answers 200 while the event loop turns; ``/readyz`` answers 200 when
    all is there that questions need, else 503; its body says what is.

    Raises:
        ConfigError: if the port cannot be had.
    """
    if port is None:
        yield
        return

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        state = dict(readiness())
        return web.json_response(state, status=200 if all(state.values()) else 503)

    application = web.Application()
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigError(
                f"Health cannot be served on {host}:{port} ({error.strerror}); set HEALTH_PORT "
                "and HEALTH_HOST to what is free."
            ) from error
        yield
    finally:
        await runner.cleanup()
