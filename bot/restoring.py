"""A backup in the place of what is there: all of it or nothing.

What is unpacked is made ready beside it first.  The old comes back where the new does not answer.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bot.swapping import LIBRARY, RECORDS, SERVERS, complete, discard, swap, swap_back
from retrieval import backup, locking
from retrieval.backup import Manifest
from retrieval.embedding import Embedder, Notify
from retrieval.errors import LibraryError
from retrieval.index import Index, expect_reindex, reindex
from retrieval.search import Search
from retrieval.sqlite import File
from retrieval.vectors import Place
from retrieval.writer import Progress

_STAGE = ".restoring"
_ROWS = {LIBRARY: ("articles",), RECORDS: ("answers", "servers")}

Places = Callable[[str | None], Place]
"""Gives where the vectors of the shared library are kept (None), or those of a server."""


def databases(folder: Path) -> dict[str, Path]:
    """Return what a backup of a data folder has, by name."""
    found = [folder / LIBRARY, folder / RECORDS, *sorted(folder.glob(f"{SERVERS}/*/{LIBRARY}"))]
    return {path.relative_to(folder).as_posix(): path for path in found if path.exists()}


def restore(
    file: Path,
    folder: Path,
    embedder: Embedder,
    places: Places,
    *,
    notify: Notify,
    progress: Progress,
    force: bool,
) -> Manifest:
    """Put what is in a backup in the place of what a data folder has; nobody else may use it.

    Raises:
        LibraryError: if the file is no sound backup, the folder has something and there is no
            ``force``, or what was restored does not answer.  Then all is as it was.
    """
    with locking.folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with locking.locked(folder, notify), locking.folder_errors(folder):
        complete(folder, notify)
        stage = folder / _STAGE
        shutil.rmtree(stage, ignore_errors=True)
        if not force and not _is_empty(folder):
            raise not_empty(folder)
        try:
            stage.mkdir()
            manifest = unpacked(file, stage)
            _prepare(stage, embedder, places, notify, progress)
            before = servers_in(folder)
            swap(folder, stage, notify)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        try:
            _try(folder, embedder, places, notify, progress)
        except BaseException:
            swap_back(folder, notify)
            raise
        discard(folder)
        for server in set(before) - set(servers_in(folder)):
            places(server).clear()
    return manifest


def not_empty(place: object) -> LibraryError:
    """Return what is said where a restore would take the place of something."""
    return LibraryError(
        f"The library in {place} is not empty; make a backup of it, and add --force to put this "
        "one in its place."
    )


def unpacked(file: Path, folder: Path) -> Manifest:
    """Write what is in a backup to a folder, as it lies in a data folder.

    Raises:
        LibraryError: if it is no sound backup, or has no library.
    """
    manifest = backup.unpack(file, folder)
    if LIBRARY not in databases(folder):
        raise LibraryError(f"{file} has no library; name another file.")
    return manifest


def _prepare(
    stage: Path, embedder: Embedder, places: Places, notify: Notify, progress: Progress
) -> None:
    """Make the vectors that lie in folders; note that those on a server are to be made."""
    for server in (None, *servers_in(stage)):
        library, place = folder_of(stage, server), places(server)
        if place.url:
            place.exists()  # or an error, before anything is moved
            expect_reindex(File(library / LIBRARY))
        else:
            own = replace(place, folder=library / place.folder.name)
            reindex(library, embedder, notify, progress, vectors=own)


def _try(
    folder: Path, embedder: Embedder, places: Places, notify: Notify, progress: Progress
) -> None:
    """Open all that was restored, and see that each library finds what it has."""
    for server in (None, *servers_in(folder)):
        library, place = folder_of(folder, server), places(server)
        if place.url:
            reindex(library, embedder, notify, progress, vectors=place)
        with Index(library, embedder, notify, vectors=place) as index:
            if not answers(index):
                raise LibraryError(
                    f"What was restored to {library} finds nothing; all is as it was. Run: "
                    "footnote doctor"
                )


def answers(index: Index) -> bool:
    """Tell whether a library finds something of what it has, if it has anything."""
    some = sorted(index.store.keys())[:1]
    return all(Search(index)(passage.text) for passage in index.store.passages(some).values())


def servers_in(folder: Path) -> list[str]:
    """Return the ids of the Discord servers that have a library in a data folder."""
    return sorted(path.parent.name for path in folder.glob(f"{SERVERS}/*/{LIBRARY}"))


def folder_of(root: Path, server: str | None) -> Path:
    """Return the folder of the shared library in a data folder, or that of a server."""
    return root / SERVERS / server if server else root


def _is_empty(folder: Path) -> bool:
    """Tell whether a data folder has no article and no record; who knows what damage hides?"""
    return not any(_has_rows(path) for path in databases(folder).values())


def _has_rows(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as connection:
            return any(
                connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608
                for table in _ROWS[path.name]
            )
    except sqlite3.Error:
        return True
