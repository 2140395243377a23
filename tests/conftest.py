"""Real parts for the tests: the embedding model, and libraries on disk."""

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
from tests.sites import Internet, Site, serving

settings.register_profile(
    "footnote", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("footnote")


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return compose.embedder(Settings(_env_file=None), lambda _: None)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the developer's own library or settings; the model's cache is shared."""
    for name in ("DATA_DIR", "EMBEDDING_MODEL", "CHAT_MODEL", "FOOTNOTE_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def open_index(tmp_path: Path, embedder: Embedder) -> Iterator[Callable[[], Index]]:
    """Open the test's library; each call opens it again, and all are closed at the end."""
    opened: list[Index] = []

    def opener() -> Index:
        opened.append(Index(tmp_path / "library", embedder))
        return opened[-1]

    yield opener
    for index in opened:
        index.close()


@pytest.fixture
def index(open_index: Callable[[], Index]) -> Index:
    """An empty library."""
    return open_index()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Index]:
    """A library of the seed articles, to be read only."""
    with Index(tmp_path_factory.mktemp("seeded"), embedder) as index:
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
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a process of its own, with the test's library."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in {"EMBEDDING_MODEL", "CHAT_MODEL", "NO_COLOR"}
    }
    return kept | {"DATA_DIR": str(tmp_path / "library"), "COLUMNS": "100"}
