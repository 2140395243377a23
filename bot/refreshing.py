"""What came from the web is brought up to date in the background, every so many hours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.records import Records
from bot.service import Service
from retrieval.errors import FootnoteError
from retrieval.writer import Report

log = logging.getLogger(__name__)

_LAST = "refreshed"
_PAUSE = 60.0
"""Seconds until another try, where even the time of the last one cannot be read."""


async def keep_fresh(service: Service, hours: float) -> None:
    """Refresh all libraries every so many hours, until the task is cancelled.

    When that was last done is kept, so a restart neither forgets it nor repeats it.
    """
    while not service.desk.is_closed:
        try:
            await asyncio.sleep(await service.desk.look_up(_wait, service.records, hours))
            await refresh_all(service)
        except Exception:
            if service.desk.is_closed:
                return
            log.exception("refreshing failed")
            await asyncio.sleep(_PAUSE)


async def refresh_all(service: Service) -> None:
    """Refresh the shared library and then each server's own; what fails keeps no other from it."""
    desk, libraries = service.desk, service.libraries
    now = datetime.now(UTC).isoformat()
    await desk.look_up(service.records.note, _LAST, now)
    servers: Sequence[str | None] = (None, *await desk.look_up(libraries.servers))
    for server in servers:
        if desk.is_closed:
            return
        try:
            report = await desk.refresh(libraries.refresh, server, lambda: desk.is_closed)
        except FootnoteError as error:
            log.warning("not refreshed", extra={"server": server, "why": str(error)})
        else:
            _log(report, server)


def _wait(records: Records, hours: float) -> float:
    """Return the seconds until libraries are to be refreshed; a clock set back makes it no more."""
    last = records.fact(_LAST)
    if last is None:
        return 0.0
    due = datetime.fromisoformat(last) + timedelta(hours=hours)
    return min(max(0.0, (due - datetime.now(UTC)).total_seconds()), hours * 3_600)


def _log(report: Report, server: str | None) -> None:
    for problem in report.problems:
        log.info("passed over", extra={"server": server, "why": problem})
    log.info(
        "refreshed",
        extra={
            "server": server,
            "added": report.added,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "problems": len(report.problems),
            "seconds": round(report.seconds, 3),
        },
    )
