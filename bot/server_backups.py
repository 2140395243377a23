"""Backups of what is kept in PostgreSQL.

They are the same files as those of a folder, so that either can be restored to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from bot import record_checks, schema
from bot.records import Records
from bot.restoring import answers, folder_of, not_empty, servers_in, unpacked
from bot.swapping import LIBRARY, RECORDS
from retrieval import doctor, transfer
from retrieval.backup import Manifest
from retrieval.database import Home
from retrieval.embedding import Embedder, Notify
from retrieval.errors import LibraryError
from retrieval.index import expect_reindex
from retrieval.postgres import Schema, clear_leftovers, exchange
from retrieval.schema import articles
from retrieval.shelf import Shelf
from retrieval.sqlite import File
from retrieval.writer import Progress

Shelves = Callable[[str | None], Shelf[Schema]]
"""Gives where the shared library is kept (None), or that of a Discord server."""


def export(shelves: Shelves, servers: Iterable[str], records: Home, folder: Path) -> None:
    """Write what is kept to files, as they lie in a data folder; others may write meanwhile.

    Raises:
        LibraryError: if something cannot be read, or the files cannot be written.
    """
    for server in (None, *servers):
        kept = shelves(server).articles
        if kept.exists():  # or it was forgotten a moment ago
            transfer.library(kept, File(folder_of(folder, server) / LIBRARY))
    if records.exists():
        transfer_records(records, File(folder / RECORDS))


def restore(
    file: Path,
    shelves: Shelves,
    servers: Callable[[], Iterable[str]],
    records: Schema,
    embedder: Embedder,
    *,
    notify: Notify,
    progress: Progress,
    force: bool,
) -> Manifest:
    """Put what is in a backup in the place of what is kept; nobody else may use it.

    The articles are there altogether, or all is as it was.  Vectors are made anew after that:
    until then a library is refused.

    Raises:
        LibraryError: if the file is no sound backup, there is something and no ``force``, or
            the vectors cannot be made.
    """
    shared = shelves(None).articles
    with shared.locked(notify), TemporaryDirectory() as folder:
        before = {server: shelves(server).articles for server in (None, *servers())}
        if not force and not _is_empty(before.values(), records):
            raise not_empty(shared)
        manifest, stage = unpacked(file, Path(folder)), Path(folder)
        after = [None, *servers_in(stage)]
        for server in {*before, *after}:
            shelves(server).vectors.exists()  # or an error, before anything is moved
        new = [shelves(server).articles for server in after]
        try:
            clear_leftovers(shared.url, shared.name)
            for server, live in zip(after, new, strict=True):
                _stage(File(folder_of(stage, server) / LIBRARY), live, embedder)
            kept = File(stage / RECORDS)
            if kept.exists():
                new.append(records)
                record_checks.examine(kept, lambda _: None, repair=True)
                transfer_records(kept, records.staged)
            exchange(shared, new, [*before.values(), records])
        except BaseException:
            with suppress(LibraryError):
                clear_leftovers(shared.url, shared.name)
            raise
        for server in set(before) - set(after):
            shelves(server).vectors.clear()
        for server in after:
            _make_vectors(shelves(server), embedder, notify, progress)
    return manifest


def _stage(source: File, live: Schema, embedder: Embedder) -> None:
    """Make a library ready beside the one whose place it is to take; what is amiss is mended."""
    doctor.make_sound(source, embedder)
    transfer.library(source, live.staged)
    expect_reindex(live.staged)


def transfer_records(source: Home, target: Home) -> None:
    """Copy what the bot itself keeps."""
    Records(target).close()  # which makes the tables
    transfer.rows(source, target, schema.tables)


def _make_vectors(
    shelf: Shelf[Schema], embedder: Embedder, notify: Notify, progress: Progress
) -> None:
    try:
        shelf.reindex(embedder, notify, progress)
        with shelf.open(embedder, notify) as index:
            is_answering = answers(index)
    except LibraryError as error:
        raise LibraryError(
            f"The articles are restored, and their vectors are not ({error}); when that is "
            "mended, run: footnote doctor --repair"
        ) from error
    if not is_answering:
        raise LibraryError(
            f"What was restored to {shelf.articles} finds nothing; run: footnote doctor --repair"
        )


def _is_empty(libraries: Iterable[Schema], records: Schema) -> bool:
    """Tell whether no article and no record is kept; who knows what damage hides?"""
    return not (
        any(_has_rows(library, articles) for library in libraries)
        or _has_rows(records, schema.answers, schema.servers)
    )


def _has_rows(home: Schema, *tables: sa.Table) -> bool:
    if not home.exists():
        return False
    try:
        with (
            closing(home.open("it", "run: footnote doctor")) as database,
            database.reading() as connection,
        ):
            return any(connection.execute(sa.select(table).limit(1)).first() for table in tables)
    except LibraryError:
        return True
