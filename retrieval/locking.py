"""The right to write to a library's folder, which one process has at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from retrieval.embedding import Notify
from retrieval.errors import LibraryError

WAITING = "The library is being written to; waiting for that to finish"
_SECONDS = 600


@contextmanager
def locked(folder: Path, notify: Notify) -> Iterator[None]:
    """Hold the lock of a folder, for which others wait; one may ask for it again while one has it.

    Raises:
        LibraryError: if another process has it for very long, or the folder cannot be used.
    """
    lock = filelock.FileLock(folder / "lock", is_singleton=True)
    with folder_errors(folder):
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            notify(WAITING)
            _wait(lock)
    try:
        yield
    finally:
        lock.release()


def _wait(lock: filelock.BaseFileLock) -> None:
    try:
        lock.acquire(timeout=_SECONDS)
    except filelock.Timeout:
        raise LibraryError(
            f"Another process has been writing to this library for {_SECONDS // 60} "
            "minutes; wait for it or stop it, and try again."
        ) from None


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Turn what the system says of a folder into a sentence.

    Raises:
        LibraryError: if the block raises OSError.
    """
    try:
        yield
    except OSError as error:
        raise LibraryError(
            f"The folder {folder} cannot be written ({error.strerror}); change its permissions or "
            "set DATA_DIR to another folder."
        ) from error
