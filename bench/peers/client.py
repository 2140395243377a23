"""The systems as the benchmarks use them: each a process that obeys."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.peers.system import Document, Found, Said

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-peers" / "bin" / "python"

LABELS = {
    "footnote": "Footnote, search",
    "reading": "Footnote, as read",
    "quickstart": "LangChain quickstart",
    "ensemble": "LangChain ensemble, BM25",
    "chroma": "Chroma default",
    "txtai": "txtai hybrid",
}
OWN = ("footnote", "reading")
PEERS = tuple(name for name in LABELS if name not in OWN)
SHARES = {"reading": "footnote", "ensemble": "quickstart"}
"""Systems that search the index of another."""


class BrokenWorkerError(Exception):
    """A system's process ended before its time."""


@dataclass(frozen=True)
class Timed:
    """What a system did, and how many seconds it took within its process."""

    result: Any
    seconds: float


class Worker:
    """A system, in a process that lives until it is closed."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen(
            command(name, folder),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
        self._log.close()

    def index(self, documents: Sequence[Document]) -> Timed:
        """Index documents; the result is the number of passages."""
        return self._hand("index", documents)

    def bare(self, documents: Sequence[Document]) -> float:
        """Return the seconds that the embedding model alone takes for what is indexed of these."""
        return float(self._hand("bare", documents).result)

    def _hand(self, do: str, documents: Sequence[Document]) -> Timed:
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(one)) + "\n" for one in documents)
            file.flush()
            return self._obey(do=do, file=file.name)

    def search(self, question: str, limit: int) -> Timed:
        """Search; the result is a list of :class:`Found`."""
        reply = self._obey(do="search", question=question, limit=limit)
        return Timed([Found(**one) for one in reply.result], reply.seconds)

    def answer(self, question: str) -> Timed:
        """Answer a question; the result is a :class:`Said`."""
        reply = self._obey(do="answer", question=question)
        cited = tuple(Found(**one) for one in reply.result.pop("citations"))
        return Timed(Said(**reply.result, citations=cited), reply.seconds)

    def ask(self, question: str) -> Timed:
        """Ask a question as a user does; the result is what is said."""
        return self._obey(do="ask", question=question)

    def staged(self, question: str) -> dict[str, float]:
        """Return the seconds of each stage of a question: see :mod:`bench.stages`."""
        found: dict[str, float] = self._obey(do="staged", question=question).result
        return found

    def peak_bytes(self) -> int:
        """Return the most memory that the process had so far."""
        return int(self._obey(do="size").result)

    def _obey(self, **given: object) -> Timed:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(given) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            self._log.seek(0)
            raise BrokenWorkerError(f"{self.name} ended:\n{self._log.read()[-2000:]}")
        return Timed(**json.loads(line))


def missing() -> list[str]:
    """Return a sentence that says how to install the peers, unless they are there."""
    return [] if PYTHON.exists() else ["The peers are not installed; run: make peers"]


def command(name: str, folder: Path, *more: str) -> list[str]:
    """Return the command that runs a system on the index in a folder."""
    python = sys.executable if name in OWN else str(PYTHON)
    return [python, "-m", "bench.peers.worker", name, str(folder), *more]


@contextmanager
def indexed(
    names: Sequence[str], documents: Sequence[Document], tell: Callable[[str], None]
) -> Iterator[tuple[Mapping[str, Worker], Mapping[str, Timed]]]:
    """Give systems that have indexed some documents, one after another, and how long it took.

    A system that shares the index of another has no such time.  ``tell`` is told the name of
    each before it indexes.
    """
    with tempfile.TemporaryDirectory() as place:
        workers: dict[str, Worker] = {}
        times: dict[str, Timed] = {}
        try:
            for name in sorted(names, key=lambda name: name in SHARES):
                worker = Worker(name, Path(place, SHARES.get(name, name)))
                workers[name] = worker
                if name not in SHARES:
                    tell(name)
                    times[name] = worker.index(documents)
            yield workers, times
        finally:
            for worker in workers.values():
                worker.close()


def folder_bytes(folder: Path) -> int:
    """Return what a folder takes on disk."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
