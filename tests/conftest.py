"""Real parts for the tests: the embedding model, and libraries on disk or on servers."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import seeds
from bot import compose
from bot.settings import Settings
from retrieval import sync
from retrieval.embedding import Embedder
from retrieval.index import Index
from tests.keeping import Keeping, collect
from tests.services import INSTALL, ChromaServer, PostgresServer, programs
from tests.sites import Internet, Site, serving

ON_SERVERS = {
    "tests.test_chain",
    "tests.test_index",
    "tests.test_libraries",
    "tests.test_records",
    "tests.test_search",
    "tests.test_sync",
    "tests.wire.test_kill",
    "tests.wire.test_two_processes",
}
"""The tests of these are done in files, and again on servers (``make test-services``)."""

ONLY_ON_SERVERS = {"tests.test_server_upkeep", "tests.wire.test_postgres"}

# Chroma's client leaves its connections to the collector when it is closed.
ON_SERVERS_MARKS = (
    pytest.mark.services,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
)

OUTSIDE = ("DATA_DIR", "DATABASE_URL", "CHROMA_URL", "EMBEDDING_MODEL", "CHAT_MODEL")
"""Settings of the developer's own."""

settings.register_profile(
    "footnote", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("footnote")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let every test that keeps a library know where."""
    if "keeping" in metafunc.fixturenames:
        name, where = metafunc.module.__name__, []
        if name not in ONLY_ON_SERVERS:
            where.append(pytest.param("files", id=pytest.HIDDEN_PARAM))
        if name in ON_SERVERS | ONLY_ON_SERVERS:
            where.append(pytest.param("servers", marks=ON_SERVERS_MARKS))
        metafunc.parametrize("keeping", where, indirect=True, scope="session")


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[PostgresServer, ChromaServer]]:
    """A PostgreSQL and a Chroma server, for all tests that want them."""
    if programs() is None and os.environ.get("FOOTNOTE_SERVICES") != "1":
        pytest.skip(f"{INSTALL}; and then: make test-services")
    with PostgresServer() as postgres, ChromaServer() as chroma:
        yield postgres, chroma


@pytest.fixture(scope="session")
def keeping(request: pytest.FixtureRequest) -> Iterator[Keeping]:
    """Where libraries are kept: the parameter that :func:`pytest_generate_tests` gives."""
    if request.param == "files":
        yield Keeping()
    else:
        yield Keeping(request.getfixturevalue("servers"))
        collect()


@pytest.fixture(autouse=True)
def _no_connections_left_to_others(request: pytest.FixtureRequest) -> Iterator[None]:
    """No later test is told of the connections that Chroma's client left open in this one."""
    yield
    if request.node.get_closest_marker("services"):
        collect()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return compose.embedder(Settings(_env_file=None), lambda _: None)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the developer's own library or settings; the model's cache is shared."""
    for name in (*OUTSIDE, "FOOTNOTE_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def open_index(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> Iterator[Callable[[], Index]]:
    """Open the test's library; each call opens it again, and all are closed at the end."""
    opened: list[Index] = []

    def opener() -> Index:
        folder = tmp_path / "library"
        opened.append(Index(folder, embedder, **keeping.places(folder)))
        return opened[-1]

    yield opener
    for index in opened:
        index.close()


@pytest.fixture
def index(open_index: Callable[[], Index]) -> Index:
    """An empty library."""
    return open_index()


@pytest.fixture(scope="session")
def seeded(
    tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, keeping: Keeping
) -> Iterator[Index]:
    """A library of the seed articles, to be read only."""
    folder = tmp_path_factory.mktemp("seeded")
    with Index(folder, embedder, **keeping.places(folder)) as index:
        sync.seed(index, seeds.FOLDER)
        yield index


@pytest.fixture(scope="session")
def seeded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the seed articles are indexed."""
    folder = tmp_path_factory.mktemp("seeded-folder")
    libraries = compose.libraries(Settings(_env_file=None, data_dir=folder), lambda _: None)
    libraries.load()
    libraries.close()
    return folder


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    """Names and addresses of the test's own, and no others but those of this machine."""
    internet = Internet()
    monkeypatch.setattr(socket, "getaddrinfo", internet.getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", internet.create_connection)
    return internet


@pytest.fixture
def site() -> Iterator[Site]:
    """A server of this machine."""
    yield from serving(Site())


@pytest.fixture
def inner_site() -> Iterator[Site]:
    """A server that only this machine may see."""
    yield from serving(Site())


@pytest.fixture
def environment(tmp_path: Path, keeping: Keeping) -> dict[str, str]:
    """The environment of a process of its own, with the test's library."""
    kept = {k: v for k, v in os.environ.items() if k not in {*OUTSIDE, "NO_COLOR"}}
    return kept | keeping.environment(tmp_path / "library") | {"COLUMNS": "100"}
