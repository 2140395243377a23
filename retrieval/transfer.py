"""The rows of one database in another, whichever kind both are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import sqlalchemy as sa

from retrieval import schema
from retrieval.database import Database, Home
from retrieval.store import Store

_SOME = 1_000


def library(source: Home, target: Home) -> None:
    """Put the articles and passages of a library in the place of another's.

    Their words are indexed anew, as the other kind of database has them.  What is copied is the
    library as it is at one moment, and it is there altogether or not at all.

    Raises:
        LibraryError: if one of them cannot be used.
    """
    for home in (source, target):
        Store(home).close()  # which brings both to the present format
    with _both(source, target) as (old, new), old.reading() as reader, new.writing() as writer:
        _copy(reader, writer, schema.tables)
        new.words.rebuild(writer)


def rows(source: Home, target: Home, tables: sa.MetaData) -> None:
    """Put the rows of some tables in the place of another database's, which has them too.

    Raises:
        LibraryError: if one of them cannot be used.
    """
    with _both(source, target) as (old, new), old.reading() as reader, new.writing() as writer:
        _copy(reader, writer, tables)


def _copy(reader: sa.Connection, writer: sa.Connection, tables: sa.MetaData) -> None:
    for table in reversed(tables.sorted_tables):
        writer.execute(table.delete())
    for table in tables.sorted_tables:
        query = sa.select(table).order_by(*table.primary_key)
        found = reader.execute(query, execution_options={"yield_per": _SOME})
        for some in found.mappings().partitions():
            writer.execute(table.insert(), [dict(row) for row in some])


@contextmanager
def _both(source: Home, target: Home) -> Iterator[tuple[Database, Database]]:
    remedy = ("it", "run: footnote doctor")
    with closing(source.open(*remedy)) as old, closing(target.open(*remedy)) as new:
        yield old, new
