"""A ``footnote`` in a process of its own that has everything loaded, and waits for a word to begin.

So a moment at which it is killed lies in its work, and not in seconds of imports.  It is forked
from a process that has imported all of it, and opened nothing.
"""

from __future__ import annotations

import datetime
import itertools
import os
import signal
import sys
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import alembic.command  # noqa: F401
import langchain_chroma  # noqa: F401,TID251 - it would take seconds

import bot.__main__
import retrieval.langchain_embeddings
import retrieval.sync  # noqa: F401
from bot import cli, compose, records, restoring  # noqa: F401
from bot.settings import load_settings
from retrieval import visits

_BACK = 86_400
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])
_LONGEST = 300


class Victim:
    """A command that is ready to begin."""

    def __init__(
        self,
        home: Path,
        *arguments: str,
        is_clock_back: bool = False,
        **variables: str,
    ) -> None:
        self._said = tempfile.NamedTemporaryFile()  # noqa: SIM115 - read when it has ended
        self._word, other = _FORKS.Pipe()
        environment = {
            "DATA_DIR": str(home), "CHAT_MODEL": "", "ALLOW_PRIVATE_URLS": "1", **variables,
        }  # fmt: skip
        self._process = _FORKS.Process(
            target=_begin, args=(other, environment, arguments, self._said.name, is_clock_back)
        )
        self._process.start()
        other.close()
        try:
            self._word.recv()
        except EOFError:
            raise RuntimeError(f"the victim did not start: {self._read()}") from None

    @property
    def pid(self) -> int:
        """The number of its process."""
        return cast(int, self._process.pid)

    @property
    def code(self) -> int:
        """Its exit code, when it has ended."""
        return cast(int, self._process.exitcode)

    def go(self) -> None:
        """Let it begin."""
        self._word.send(None)

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.join()

    def end(self) -> list[str]:
        """Wait for its end, and complain unless it went well or failed in one sentence."""
        self._process.join(_LONGEST)
        if self._process.exitcode is None:
            self.kill()
            return [f"it went on for more than {_LONGEST} s"]
        said = self._read()
        lines = [line for line in said.splitlines() if line.startswith("footnote: ")]
        is_told = self.code == 0 or (self.code == 2 and len(lines) == 1 and "Trace" not in said)
        return [] if is_told else [f"ended with {self.code} and said {said[-500:]!r}"]

    def _read(self) -> str:
        return Path(self._said.name).read_text("utf-8", "replace")


def _begin(
    word: Connection,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    said: str,
    is_clock_back: bool,
) -> None:
    """Be the command: everything said goes to a file."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.update(environment)
    with Path(said).open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    if is_clock_back:
        _set_clock_back()
    model = compose.embedder(load_settings(), print)
    vars(compose)["embedder"] = lambda *_: model
    vars(visits)["SECONDS_BETWEEN"] = 0.0  # the site is ours
    model.embed_query("warm")
    word.send("ready")
    word.recv()
    sys.argv = ["footnote", *arguments]
    bot.__main__.main()


def _set_clock_back() -> None:
    """Let the clock run backwards by a day, again and again, for all that asks Python for it."""
    true, asked = time.time, itertools.count()

    def wrong() -> float:
        return true() - _BACK * (next(asked) % 7)

    class Wrong(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return cls.fromtimestamp(wrong(), tz)

    time.time = wrong
    vars(records)["datetime"] = Wrong
