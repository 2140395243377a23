"""The rows of one database in another, whichever kind both are."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager

import sqlalchemy as sa

from retrieval import schema
from retrieval.database import Database, Home
from retrieval.errors import LibraryError
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
    with _both(source, target) as (old, new), new.writing() as writer:
        _copy(old, writer, schema.tables)
        new.words.rebuild(writer)


def rows(source: Home, target: Home, tables: sa.MetaData) -> None:
    """Put the rows of some tables in the place of another database's, which has them too.

    Raises:
        LibraryError: if one of them cannot be used.
    """
    with _both(source, target) as (old, new), new.writing() as writer:
        _copy(old, writer, tables)


def _copy(old: Database, writer: sa.Connection, tables: sa.MetaData) -> None:
    for table in reversed(tables.sorted_tables):
        writer.execute(table.delete())
    with closing(_rows(old, tables)) as rows:
        for table, some in rows:
            writer.execute(table.insert(), some)


def _rows(
    old: Database, tables: sa.MetaData
) -> Generator[tuple[sa.Table, list[dict[str, object]]]]:
    """Yield all rows, some at a time; an error is one of this database, not of who takes them."""
    with old.reading() as reader:
        for table in tables.sorted_tables:
            query = sa.select(table).order_by(*table.primary_key)
            with _readable(old, table):
                found = reader.execute(query, execution_options={"yield_per": _SOME}).mappings()
            while True:
                with _readable(old, table):
                    some = [{**row} for row in found.fetchmany(_SOME)]
                if not some:
                    break
                yield table, some


@contextmanager
def _readable(old: Database, table: sa.Table) -> Iterator[None]:
    try:
        with old.errors():
            yield
    except (LookupError, TypeError, ValueError) as error:
        raise LibraryError(
            f"The table {table.name} of {old} has a row that cannot be read ({error}); run: "
            "footnote doctor --repair"
        ) from error


@contextmanager
def _both(source: Home, target: Home) -> Iterator[tuple[Database, Database]]:
    remedy = ("it", "run: footnote doctor")
    with closing(source.open(*remedy)) as old, closing(target.open(*remedy)) as new:
        yield old, new
