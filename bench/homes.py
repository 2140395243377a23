"""Where a library that is measured is kept: in a folder, or on a PostgreSQL and a Chroma server."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench.peers.client import folder_bytes
from bot import compose
from bot.settings import Settings
from retrieval.embedding import Embedder
from retrieval.index import Index

_SERVERS = ("DATABASE_URL", "CHROMA_URL")


class Home:
    """A library for the time of a measurement; ``environment`` is that of whoever is to open it."""

    def __init__(self, folder: Path, servers: Mapping[str, str]) -> None:
        others = {name: value for name, value in os.environ.items() if name not in _SERVERS}
        self._folder = folder
        self._is_remote = bool(servers)
        self.environment = {**others, "DATA_DIR": str(folder), **servers}
        self._settings = Settings.model_validate(
            {"data_dir": folder} | {name.lower(): value for name, value in servers.items()}
        )

    def open(self, embedder: Embedder) -> Index:
        """Open the library."""
        return Index(
            self._folder,
            embedder,
            articles=compose.articles(self._settings),
            vectors=compose.place(self._settings),
        )

    def exists(self) -> bool:
        """Return whether there is a library already."""
        return compose.articles(self._settings).exists()

    def clear(self) -> None:
        """Remove the library."""
        compose.place(self._settings).clear()
        compose.articles(self._settings).clear()

    def bytes(self) -> int | None:
        """Return how large it is, or None where that is the servers' affair."""
        return None if self._is_remote else folder_bytes(self._folder)


Homes = Callable[[], AbstractContextManager[Home]]
"""Gives an empty library, which goes with the block."""


@contextmanager
def in_folders() -> Iterator[Homes]:
    """Keep each library in a folder of its own."""

    @contextmanager
    def home() -> Iterator[Home]:
        with tempfile.TemporaryDirectory() as folder:
            yield Home(Path(folder, "library"), {})

    yield home


@contextmanager
def on_servers() -> Iterator[Homes]:
    """Keep them on the servers that DATABASE_URL and CHROMA_URL name, or on some of our own.

    Raises:
        SystemExit: if there is a library already, which would be lost.
    """
    named = {name: os.environ[name] for name in _SERVERS if os.environ.get(name)}
    if len(named) == len(_SERVERS):
        yield lambda: _emptied(named)
        return
    from tests.services import ChromaServer, PostgresServer

    with PostgresServer() as postgres, ChromaServer() as chroma:
        yield lambda: _emptied({"DATABASE_URL": postgres.create(), "CHROMA_URL": chroma.url})


@contextmanager
def _emptied(servers: Mapping[str, str]) -> Iterator[Home]:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "library"), servers)
        if home.exists():
            raise SystemExit("DATABASE_URL has a library already; name an empty database.")
        yield home
        home.clear()
