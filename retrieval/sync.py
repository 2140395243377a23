"""Folders and files into a library: only what changed is read, cut and embedded again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retrieval import articles, intake
from retrieval.archives import SUFFIX, Archives
from retrieval.errors import SourceError
from retrieval.index import Index
from retrieval.store import Entry, Origin, Source
from retrieval.writer import Progress, Report, ignore


def seed(index: Index, folder: Path, progress: Progress = ignore) -> Report | None:
    """Sync a library that nothing was ever written to; return None if something was.

    Raises:
        LibraryError: if the library cannot be written.
    """
    if not index.wants_seeds:
        return None
    with index.locked():  # another process may have written while this one waited
        if not index.wants_seeds:
            return None
        return _write(index, intake.files(folder), "synced", progress, seeding=True)


def sync(index: Index, folder: Path, progress: Progress = ignore) -> Report:
    """Make the library hold what a folder holds.

    Articles that came from a folder and are not in this one are removed; those
    that were added by themselves stay.  A file that cannot be read is passed over
    and reported, and an earlier version of it stays.

    Raises:
        SourceError: if there is no such folder, or no article in it.
        LibraryError: if the library cannot be written.
    """
    return _write(index, intake.files(folder), "synced", progress)


def add(index: Index, path: Path, progress: Progress = ignore) -> Report:
    """Add an article, or those of a folder or a zip archive, or renew them; others stay.

    Raises:
        SourceError: if there is nothing to add, or a single file cannot be read.
        LibraryError: if the library cannot be written.
    """
    if intake.is_folder(path):
        found = intake.files(path)
    elif path.suffix.lower() == SUFFIX:
        found = intake.archived(path)
    else:
        intake.read(path, path.name)  # a single file that cannot be read changes nothing
        found = [(path.absolute(), path.name)]
    return _write(index, found, "added", progress)


@dataclass
class _Changes:
    """What a folder asks of a library, gathered while its files are read."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    passages: int = 0
    moved: dict[str, tuple[str, Origin]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)


def _write(
    index: Index,
    found: Sequence[tuple[Path, str]],
    origin: Origin,
    progress: Progress,
    *,
    seeding: bool = False,
) -> Report:
    started = time.monotonic()
    changes = _Changes()
    with index.writing(seeding=seeding) as writer, Archives() as archives:
        known = {source.id: source for source in index.store.sources()}
        named = intake.assign_ids(found, origin, known)
        for done, (path, article_id) in enumerate(named):
            progress(done, len(named))
            before = known.get(article_id)
            entry = _read(index, archives, (path, article_id, origin), before, changes)
            if entry:
                changes.passages += len(entry.passages)
                writer.put(entry)
        writer.flush()
        index.store.relocate(changes.moved)
        kept = {article_id for _, article_id in named}
        kept |= _within(changes.unreadable, found, known.values())
        gone = [s.id for s in known.values() if origin == s.origin == "synced" and s.id not in kept]
        writer.drop(gone)
        progress(len(named), len(named))
    return Report(
        added=changes.new,
        updated=changes.changed,
        unchanged=changes.unchanged,
        removed=len(gone),
        passages=changes.passages,
        seconds=time.monotonic() - started,
        problems=tuple(changes.problems),
    )


def _within(
    unreadable: Iterable[Path], found: Iterable[tuple[Path, str]], sources: Iterable[Source]
) -> set[str]:
    """Return the ids of articles in archives that cannot be opened now, which stay."""
    places = [f"{path}{os.sep}" for path in unreadable if path.suffix.lower() == SUFFIX]
    names = [str(path) for path, _ in found] if places else []
    closed = tuple(one for one in places if not any(name.startswith(one) for name in names))
    return {source.id for source in sources if (source.path or "").startswith(closed)}


def _read(
    index: Index,
    archives: Archives,
    file: tuple[Path, str, Origin],
    before: Source | None,
    changes: _Changes,
) -> Entry | None:
    """Return what has to be written for a file, if anything, and count it."""
    path, article_id, origin = file
    try:
        data = intake.load(path, archives)
        digest = intake.digest(path, data)
        if before and before.digest == digest:
            changes.unchanged += 1
            if (before.path, before.origin) != (str(path), origin):
                changes.moved[article_id] = (str(path), origin)
            return None
        article = articles.parse(data, path, article_id)
    except SourceError as error:
        changes.problems.append(str(error))
        changes.unreadable.append(path)
        return None
    if before:
        changes.changed += 1
    else:
        changes.new += 1
    return Entry(article, index.cut(article), origin, digest)
