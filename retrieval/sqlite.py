"""A SQLite file: how it is set up, and what is said when it fails."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from retrieval import locking, sqlite_words
from retrieval.database import Words
from retrieval.embedding import Notify
from retrieval.errors import LibraryError
from retrieval.locking import folder_errors


@dataclass(frozen=True)
class File:
    """The place of a library, or of what the bot keeps: a file, with its lock beside it."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.parent)

    def exists(self) -> bool:
        """Return whether there is such a file."""
        return self.path.exists()

    def open(self, away: str, then: str) -> SQLite:
        """Open the file, which is made if there is none."""
        self._make_folder()
        return SQLite(self.path, f"move {away} away and {then}")

    @contextmanager
    def locked(self, notify: Notify) -> Iterator[None]:
        """Hold the right to write, by a lock file."""
        self._make_folder()
        with locking.locked(self.path.parent, notify):
            yield

    def clear(self) -> None:
        """Remove the folder of the file, and all that is in it."""
        shutil.rmtree(self.path.parent, ignore_errors=True)

    def _make_folder(self) -> None:
        with folder_errors(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)


class SQLite:
    """A SQLite file that many may read while one writes.

    ``remedy`` says what to do when it is damaged.

    Raises:
        LibraryError: from any method, if the file is damaged, locked for long, or
            cannot be written.
    """

    words: Words = sqlite_words

    def __init__(self, path: Path, remedy: str) -> None:
        self.path = path
        self.remedy = remedy
        # Errors go to logs, and parameters have what people ask.
        self._engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)), hide_parameters=True
        )
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)

    def __str__(self) -> str:
        return str(self.path)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Read; all of a block sees one state."""
        with self.errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Write, in one transaction, which an error takes back."""
        with self.errors(), self._engine.begin() as connection:
            yield connection

    def damage(self) -> str | None:
        """Return what SQLite finds wrong with the file, but for the words: they are made anew."""
        with self.reading() as connection:
            lines = connection.scalars(sa.text("PRAGMA integrity_check")).all()
        return next((line for line in lines if line != "ok" and "fts5" not in line.lower()), None)

    def mend(self) -> None:
        """Make the indexes of the tables anew; what the tables have lost stays lost."""
        with self.writing() as connection:
            connection.execute(sa.text("REINDEX"))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what SQLite says into a sentence."""
        try:
            yield
        except exc.DatabaseError as error:
            raise LibraryError(_explain(str(error.orig), self.path, self.remedy)) from error


def _explain(reason: str, path: Path, remedy: str) -> str:
    if "locked" in reason or "busy" in reason:
        return f"The library {path} is in use by another process; try again in a moment."
    if "readonly" in reason or "unable to open" in reason:
        return (
            f"The library {path} cannot be written; change its permissions or set DATA_DIR to "
            "another folder."
        )
    if "full" in reason:
        return f"The disk that holds {path} is full; make room and try again."
    return f"The library {path} is damaged ({reason}); {remedy}"


def _configure(connection: Any, _: Any) -> None:
    """Set up a connection: readers beside one writer, and each commit on the disk."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout = 20000", "journal_mode = WAL", "synchronous = FULL",
                   "foreign_keys = ON"):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    """Begin for reads too, which the driver does not: all reads of a block see one state."""
    connection.exec_driver_sql("BEGIN")
