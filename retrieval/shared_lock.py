"""A lock that many threads share, and now and then one has alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SharedLock:
    """Many threads may hold it at a time, or one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holders = 0
        self._is_taken = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it beside others, as soon as nobody has it alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_taken)
            self._holders += 1
        try:
            yield
        finally:
            with self._changed:
                self._holders -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold it alone: let nobody else begin, and wait until all others have ended."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_taken)
            self._is_taken = True
            self._changed.wait_for(lambda: not self._holders)
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()
