"""What is asked of a database, whichever it is, and of the place where it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import sqlalchemy as sa

from retrieval.embedding import Notify

WordRow = Mapping[str, Any]
"""A passage whose words are to be found: its ``id``, the ``title`` and its own text, ``body``."""


class Words(Protocol):
    """The full-text index of a database: the lexical half of search."""

    def create(self, connection: sa.Connection) -> None:
        """Make the index, beside tables that were just made."""

    def insert(self, connection: sa.Connection, rows: Sequence[WordRow]) -> None:
        """Let passages be found by their words."""

    def delete(self, connection: sa.Connection, articles: Sequence[str]) -> None:
        """Let the passages of some articles, which are still there, not be found any more."""

    def ranked(
        self, connection: sa.Connection, words: Sequence[str], limit: int, article: str | None
    ) -> list[tuple[str, float]]:
        """Return (key, score) of the passages that have some of the words, best first.

        ``article`` is the id of the only article to look in.
        """

    def frequencies(
        self, connection: sa.Connection, stems: Iterable[str]
    ) -> tuple[dict[str, int], int]:
        """Return in how many passages each stem occurs, and how many passages there are."""

    def wrong(self, connection: sa.Connection) -> int:
        """Return how many entries of the index are not those of the passages that are there.

        For a block of :meth:`Database.writing`, though nothing is changed.
        """

    def rebuild(self, connection: sa.Connection) -> None:
        """Make the index anew from the passages that are there."""


class Database(Protocol):
    """Tables that many may read while one writes.

    Raises:
        LibraryError: from any method, if the database is damaged, cannot be reached or
            written, or another process holds it for long.
    """

    @property
    def words(self) -> Words:
        """The full-text index that this kind of database has."""

    @property
    def remedy(self) -> str:
        """What to do when what is in it cannot be used: a clause."""

    def close(self) -> None:
        """Close all connections."""

    def damage(self) -> str | None:
        """Return what is wrong with the files themselves, or None if nothing is.

        Those of a server are its own affair.
        """

    def mend(self) -> None:
        """Make anew what can be made from the rest of the files."""

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """Read; all of a block sees one state."""

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """Write, in one transaction, which an error takes back; nobody else writes meanwhile."""

    def errors(self) -> AbstractContextManager[None]:
        """Turn what the database says into a sentence, as ``reading`` and ``writing`` do."""


class Home(Protocol):
    """Where the tables of a library, or of the bot itself, are kept.

    Raises:
        LibraryError: from any method, if that place cannot be used.
    """

    def exists(self) -> bool:
        """Return whether anything was ever kept here."""

    def open(self, away: str, then: str) -> Database:
        """Open the tables; if they are damaged, ``away`` is to be moved away, and ``then`` done."""

    def locked(self, notify: Notify) -> AbstractContextManager[None]:
        """Hold the right to write to a library, for which others wait.

        A thread that has it may ask for it again; ``notify`` is told of a wait.
        """

    def clear(self) -> None:
        """Forget all that is kept here."""


def upsert(
    connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Write a row in place of an earlier one with the same key.

    For a block of :meth:`Database.writing`, in which nobody else writes.
    """
    is_it = sa.and_(*(table.c[name] == value for name, value in key.items()))
    if not connection.execute(table.update().where(is_it).values(**values)).rowcount:
        connection.execute(table.insert().values(**key, **values))
