"""The bot reads again, in the background, what came from the web."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import compose, refreshing
from bot.desk import Desk
from bot.service import Service
from bot.settings import Settings
from retrieval import network, refresh
from retrieval.embedding import Embedder
from retrieval.visits import Visitor
from tests.sites import Reply, Site

FERRY = "The ferry of Lund carried {} passengers in May, the harbour office said."
QUESTION = "How many passengers did the ferry of Lund carry?"


@pytest.fixture
async def service(
    tmp_path: Path, seeded_folder: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Service]:
    """What the bot offers, over a copy of the seeded library."""
    folder = tmp_path / "data"
    shutil.copytree(seeded_folder, folder)
    monkeypatch.setattr(compose, "embedder", lambda *_: embedder)  # to load it takes its time
    settings = Settings(_env_file=None, data_dir=folder, allow_private_urls=True)
    libraries, records = compose.libraries(settings, lambda _: None), compose.records(settings)
    service = Service(libraries, records, Desk(workers=1, queue=1), cooldown=0)
    libraries.load()
    yield service
    await service.close(10)


def put(site: Site, path: str, count: str) -> str:
    site.routes[path] = Reply(FERRY.format(count).encode())
    return site.url + path


def texts(service: Service, server: str) -> set[str]:
    libraries = service.libraries
    found = (libraries.article(one.id, server) for one in libraries.own_sources(server))
    return {article.text for article in found if article}


async def test_shared_pages_and_those_of_each_server_are_renewed_and_that_is_logged(
    service: Service, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    shared = put(site, "/shared", "4,812")
    index = service.libraries.load()
    refresh.add(index, shared, Visitor(allow_private=True))
    for server in ("77", "78"):
        service.libraries.add_url(server, put(site, f"/{server}", "4,812"))
    service.libraries.add_file("78", "ferry.md", FERRY.format("7").encode())
    for path in ("/shared", "/77"):
        put(site, path, "5,001")
    site.routes["/78"] = Reply(status=404)
    await refreshing.refresh_all(service)
    assert index.store.articles([shared])[shared].text == FERRY.format("5,001")
    assert texts(service, "77") == {FERRY.format("5,001")}
    assert texts(service, "78") == {FERRY.format("4,812"), FERRY.format("7")}
    logged = [record for record in caplog.records if record.message == "refreshed"]
    counts = [(vars(one)["server"], vars(one)["updated"], vars(one)["unchanged"]) for one in logged]
    assert counts == [(None, 1, 0), ("77", 1, 0), ("78", 0, 1)]
    (why,) = [str(vars(one)["why"]) for one in caplog.records if one.message == "passed over"]
    assert "was not found (status 404)" in why


async def test_a_library_that_cannot_be_opened_keeps_no_other_from_being_refreshed(
    service: Service, site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = tmp_path / "data" / "servers" / "70" / "library.db"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"no database" * 99)
    service.libraries.add_url("77", put(site, "/77", "4,812"))
    put(site, "/77", "5,001")
    await refreshing.refresh_all(service)
    assert texts(service, "77") == {FERRY.format("5,001")}
    assert [vars(one)["server"] for one in caplog.records if one.message == "not refreshed"] == [
        "70"
    ]


async def test_it_is_done_at_the_first_start_and_then_when_it_is_due(service: Service) -> None:
    task = asyncio.create_task(refreshing.keep_fresh(service, 6))
    async with asyncio.timeout(60):
        while service.records.fact("refreshed") is None:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert 5.9 * 3600 < refreshing._wait(service.records, 6) <= 6 * 3600
    five_hours_ago = datetime.now(UTC) - timedelta(hours=5)
    service.records.note("refreshed", five_hours_ago.isoformat())
    assert 3500 < refreshing._wait(service.records, 6) <= 3600
    assert refreshing._wait(service.records, 4) == 0
    service.records.note("refreshed", (datetime.now(UTC) + timedelta(days=99)).isoformat())
    assert refreshing._wait(service.records, 6) == 6 * 3600


async def test_questions_are_answered_meanwhile_and_the_end_is_not_held_up(
    service: Service, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in ("read", "all"):
        monkeypatch.setitem(network.SECONDS, step, 120.0)
    index = service.libraries.load()
    for name in "abc":
        refresh.add(index, put(site, f"/{name}", "4,812"), Visitor(True, sleep=lambda _: None))
    del site.requests[:]
    go_on = threading.Event()
    site.routes["/a"] = lambda _: go_on.wait(120)
    running = asyncio.create_task(refreshing.refresh_all(service))
    try:
        async with asyncio.timeout(120):
            while "/a" not in site.visited:
                await asyncio.sleep(0.01)
        reply = await service.ask("how many were arrested?", None)
        assert reply.answer.short == "nearly 10,000"
        assert not running.done()
        closing = asyncio.create_task(service.close(120))
        await asyncio.sleep(0)
    finally:
        go_on.set()
    assert await closing
    await running
    assert [path for path in site.visited if path != "/robots.txt"] == ["/a"]


def test_it_is_off_unless_hours_are_set() -> None:
    assert Settings(_env_file=None).refresh_hours == 0
