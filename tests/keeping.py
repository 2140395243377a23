"""Where tests keep their libraries: in files, or on servers of PostgreSQL and of Chroma."""

from __future__ import annotations

import gc
import hashlib
import warnings
from pathlib import Path
from typing import Any

from bot.settings import Settings
from retrieval.database import Home
from retrieval.postgres import Schema
from retrieval.sqlite import File
from retrieval.vectors import Place
from tests.services import ChromaServer, PostgresServer


class Keeping:
    """Gives each folder of a test a library of its own, there or on the servers."""

    def __init__(self, servers: tuple[PostgresServer, ChromaServer] | None = None) -> None:
        self._servers = servers
        self._databases: dict[Path, str] = {}
        self._url = servers[0].create() if servers else ""

    @property
    def is_remote(self) -> bool:
        """Whether libraries are kept on servers."""
        return self._servers is not None

    def articles(self, folder: Path) -> Home:
        """Return where the articles of the library of a folder are kept."""
        return Schema(self._url, _name(folder)) if self._servers else File(folder / "library.db")

    def vectors(self, folder: Path) -> Place:
        """Return where the vectors of the library of a folder are kept."""
        if self._servers is None:
            return Place(folder / "chroma")
        return Place(folder / "chroma", self._servers[1].url, _name(folder))

    def places(self, folder: Path) -> dict[str, Any]:
        """Return what :class:`retrieval.index.Index` is to be given beside the folder."""
        return {"articles": self.articles(folder), "vectors": self.vectors(folder)}

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the variables of a data folder: on the servers, an empty database for each."""
        if self._servers is None:
            return {"DATA_DIR": str(folder)}
        postgres, chroma = self._servers
        if folder not in self._databases:
            self._databases[folder] = postgres.create()
            forget_collections(chroma.url)
        return {
            "DATA_DIR": str(folder),
            "DATABASE_URL": self._databases[folder],
            "CHROMA_URL": chroma.url,
        }

    def settings(self, folder: Path, **others: Any) -> Settings:
        """Return the settings of a data folder."""
        own: dict[str, Any] = {
            name.lower(): value for name, value in self.environment(folder).items()
        }
        return Settings(_env_file=None, **own, **others)

    def records(self, folder: Path) -> Home:
        """Return where the bot keeps its records."""
        if self._servers is None:
            return File(folder / "bot.db")
        return Schema(self._url, f"{_name(folder)}_bot")


def forget_collections(url: str) -> None:
    """Remove from a Chroma server the collections that the settings name."""
    for name in ("footnote", *(f"footnote-{server}" for server in range(70, 80))):
        Place(Path(), url, name).clear()


def collect() -> None:
    """Collect the connections that Chroma's client leaves open when it is closed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _name(folder: Path) -> str:
    return f"t{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
