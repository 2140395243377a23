"""Backups of what is kept in PostgreSQL.

They are the same files as those of a folder, so that either can be restored to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from bot import schema
from bot.records import Records
from bot.restoring import answers, databases
from bot.swapping import LIBRARY, RECORDS, SERVERS
from retrieval import backup, transfer
from retrieval.backup import Manifest
from retrieval.database import Home
from retrieval.embedding import Embedder, Notify
from retrieval.errors import LibraryError
from retrieval.index import expect_reindex
from retrieval.postgres import Schema, exchange
from retrieval.schema import articles
from retrieval.shelf import Shelf
from retrieval.sqlite import File
from retrieval.writer import Progress

_STAGED = "_restored"


Shelves = Callable[[str | None], Shelf[Schema]]
"""Gives where the shared library is kept (None), or that of a Discord server."""


def export(shelves: Shelves, servers: Iterable[str], records: Home, folder: Path) -> None:
    """Write what is kept to files, as they lie in a data folder; others may write meanwhile.

    Raises:
        LibraryError: if something cannot be read, or the files cannot be written.
    """
    for server in (None, *servers):
        transfer.library(shelves(server).articles, File(folder / _library(server)))
    if records.exists():
        transfer_records(records, File(folder / RECORDS))


def restore(
    file: Path,
    shelves: Shelves,
    servers: Iterable[str],
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
        LibraryError: if the file is no sound backup, or there is something and no ``force``.
    """
    before = set(servers)
    shared = shelves(None).articles
    kept = {server: shelves(server).articles for server in (None, *before)}
    with shared.locked(notify), TemporaryDirectory() as folder:
        is_empty = not _has_rows(records, schema.answers, schema.servers)
        if not force and not (is_empty and not any(_has_rows(a, articles) for a in kept.values())):
            raise LibraryError(
                f"The library in {shared} is not empty; make a backup of it, and add --force to "
                "put this one in its place."
            )
        manifest = backup.unpack(file, Path(folder))
        found = databases(Path(folder))
        if LIBRARY not in found:
            raise LibraryError(f"{file} has no library; name another file.")
        after = [None, *(name.split("/")[1] for name in found if name.startswith(SERVERS))]
        new = {_staged(shelves(server).articles): shelves(server).articles for server in after}
        try:
            for server, stage in zip(after, new, strict=True):
                stage.clear()
                transfer.library(File(found[_library(server)]), stage)
                expect_reindex(stage)
            if RECORDS in found:
                stage = _staged(records)
                stage.clear()
                transfer_records(File(found[RECORDS]), stage)
                new[stage] = records
            exchange(
                shared.url,
                {stage.name: live.name for stage, live in new.items()},
                {*(live.name for live in kept.values()), *(live.name for live in new.values()),
                 records.name},
            )  # fmt: skip
        except BaseException:
            for stage in new:
                with suppress(LibraryError):
                    stage.clear()
            raise
    for server in after:
        _make_vectors(shelves(server), embedder, notify, progress)
    for server in before - set(after):
        shelves(server).vectors.clear()
    return manifest


def transfer_records(source: Home, target: Home) -> None:
    """Copy what the bot itself keeps."""
    Records(target).close()  # which makes the tables
    transfer.rows(source, target, schema.tables)


def _make_vectors(
    shelf: Shelf[Schema], embedder: Embedder, notify: Notify, progress: Progress
) -> None:
    shelf.reindex(embedder, notify, progress)
    with shelf.open(embedder, notify) as index:
        if not answers(index):
            raise LibraryError(
                f"What was restored to {shelf.articles} finds nothing; run: footnote doctor"
            )


def _library(server: str | None) -> str:
    return f"{SERVERS}/{server}/{LIBRARY}" if server else LIBRARY


def _staged(live: Schema) -> Schema:
    return Schema(live.url, live.name + _STAGED)


def _has_rows(home: Home, *tables: sa.Table) -> bool:
    if not home.exists():
        return False
    with (
        closing(home.open("it", "run: footnote doctor")) as database,
        database.reading() as connection,
    ):
        return any(connection.execute(sa.select(table).limit(1)).first() for table in tables)
