"""What many threads do at a time, and now and then one alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Many threads may pass at a time; while it is closed, none is within."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._within = 0
        self._is_closed = False

    @contextmanager
    def open(self) -> Iterator[None]:
        """Pass, as soon as the gate is not closed."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_closed)
            self._within += 1
        try:
            yield
        finally:
            with self._changed:
                self._within -= 1
                self._changed.notify_all()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Let nobody in, and begin when all have left."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_closed)
            self._is_closed = True
            self._changed.wait_for(lambda: not self._within)
        try:
            yield
        finally:
            with self._changed:
                self._is_closed = False
                self._changed.notify_all()
