"""One set of files takes the place of another: all of it, whenever it is interrupted.

What is to come is renamed to ``.restored`` when it is whole.  From then on whoever comes next
completes it: what was there goes to ``.replaced``, and what was restored takes its place.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from retrieval import locking
from retrieval.embedding import Notify

LIBRARY, RECORDS, SERVERS = "library.db", "bot.db", "servers"
_INCOMING, _OUTGOING, _ASIDE = ".restored", ".replacing", ".replaced"
_ENTRIES = [name + end for name in (LIBRARY, RECORDS) for end in ("", "-wal", "-shm")] + [
    "chroma",
    SERVERS,
]


def swap(folder: Path, new: Path, notify: Notify) -> None:
    """Put what is in ``new`` in the place of what a data folder has, and that aside."""
    discard(folder)
    new.replace(folder / _INCOMING)
    complete(folder, notify)


def swap_back(folder: Path, notify: Notify) -> None:
    """Put back what was put aside, and discard what took its place."""
    (folder / _ASIDE).replace(folder / _INCOMING)
    complete(folder, notify)
    discard(folder)


def discard(folder: Path) -> None:
    """Discard what was put aside."""
    shutil.rmtree(folder / _ASIDE, ignore_errors=True)


def complete(folder: Path, notify: Notify) -> None:
    """Do what is left of a swap that was cut short; nothing, if none was."""
    incoming, outgoing, aside = folder / _INCOMING, folder / _OUTGOING, folder / _ASIDE
    if not incoming.exists():
        return
    with locking.locked(folder, notify), locking.folder_errors(folder):
        if not incoming.exists():  # another process did it meanwhile
            return
        if not aside.exists():
            outgoing.mkdir(exist_ok=True)
            _move(folder, outgoing)
            outgoing.replace(aside)
        _move(incoming, folder)
        shutil.rmtree(incoming)


def _move(source: Path, target: Path) -> None:
    for name in _ENTRIES:
        if (source / name).exists():
            (source / name).replace(target / name)
