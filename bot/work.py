"""Work in a thread, while the terminal says what is being done and Ctrl-C drops it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from rich.console import Console

from bot.terminal import spinner
from retrieval.chain import Step

T = TypeVar("T")

_TICK = 0.05
"""Seconds between two looks at whether Ctrl-C was pressed."""

_FAREWELL = 5.0
"""Seconds that the end waits for what was dropped; the library survives its being cut off."""


class CancelledError(Exception):
    """A person pressed Ctrl-C while something was under way; the message says what that did."""


def at_once(job: Callable[[Step], T]) -> T:
    """Do a job without a word, where nobody looks on."""
    return job(lambda _: None)


class _Task(Generic[T]):
    """A job in a thread of its own."""

    def __init__(self, job: Callable[[Step], T]) -> None:
        self.doing = ""
        self.future: Future[T] = Future()
        self._job = job
        self._is_dropped = False
        # A daemon, as what hangs (a server that does not answer) must not keep the process.
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def drop(self) -> None:
        """Let the job end at its next step."""
        self._is_dropped = True

    def _run(self) -> None:
        try:
            self.future.set_result(self._job(self._step))
        except BaseException as error:  # it is raised again where the result is awaited
            self.future.set_exception(error)

    def _step(self, name: str) -> None:
        if self._is_dropped:
            raise CancelledError("Cancelled.")
        self.doing = name


class Worker:
    """Does one job after another, each in a thread, and says on a terminal which step it is at.

    Ctrl-C drops a job at once: nobody waits for it, and it ends by itself at its
    next step.  The job that follows runs beside it if need be, as a library may be
    read by many while one writes.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_interrupted = threading.Event()
        self._dropped: list[threading.Thread] = []

    def __call__(self, job: Callable[[Step], T]) -> T:
        """Do a job, which tells each of its steps as it begins, and return what comes of it.

        Raises:
            CancelledError: if Ctrl-C was pressed meanwhile.
        """
        self._is_interrupted.clear()
        task = _Task(job)
        with _echo_off(), spinner(self._console) as say:
            while not wait([task.future], _TICK).done:
                say(task.doing)
                if self._is_interrupted.is_set():
                    task.drop()
                    self._dropped.append(task.thread)
                    raise CancelledError("Cancelled.")
        return task.future.result()

    @contextmanager
    def heeding_interrupts(self) -> Iterator[None]:
        """Take Ctrl-C, while the block runs, as a wish to cancel what is under way.

        At the end, what was dropped gets a moment to finish what it is writing.
        """

        def interrupt(*_: Any) -> None:
            self._is_interrupted.set()

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
            self._finish()
        finally:
            signal.signal(signal.SIGINT, before)

    def _finish(self) -> None:
        self._is_interrupted.clear()
        last = time.monotonic() + _FAREWELL
        with spinner(self._console) as say:
            while any(thread.is_alive() for thread in self._dropped):
                say("Finishing what was cancelled")
                if self._is_interrupted.wait(_TICK) or time.monotonic() > last:
                    return


@contextmanager
def _echo_off() -> Iterator[None]:
    """Keep what is typed ahead, and ``^C``, from being written into the answer."""
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    import termios

    before = termios.tcgetattr(sys.stdin)
    changed = [*before]
    changed[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSANOW, changed)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
