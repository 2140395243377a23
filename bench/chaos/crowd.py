"""Many write and many ask at once: nothing is lost, and no answer is of two versions or too old."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.chaos import ground
from bench.chaos.ground import quiet
from bot import compose
from retrieval.types import Article

_OWN = 4
"""Articles that a writer writes, again and again."""


@dataclass(frozen=True)
class Gathering:
    """What came of it."""

    writes: int
    answers: int
    complaints: list[str]

    def __str__(self) -> str:
        return (
            f"crowd         {self.writes} writes and {self.answers} answers; "
            f"{len(self.complaints)} wrong or lost"
        )


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def gather(home: Path, writers: int, readers: int, minutes: float) -> Gathering:
    """Let processes of their own write and ask for some time, and look at what is there then."""
    notes = home.with_name("notes")
    notes.mkdir()
    with compose.library(ground.settings(home), quiet) as index:
        index.put([_article(one, 0) for one in range(writers * _OWN)])
    for one in range(writers * _OWN):
        _note(notes, one, 0)
    until = time.time() + 60 * minutes
    tasks = ["write"] * writers + ["ask"] * readers
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.chaos.crowd", task, str(number), str(home), str(until),
             str(writers)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number, task in enumerate(tasks)
    ]  # fmt: skip
    counts = {"write": 0, "ask": 0}
    complaints = []
    for task, process in zip(tasks, processes, strict=True):
        out, error = process.communicate()
        if process.returncode:
            complaints.append(f"to {task} failed: {error[-500:]}")
            continue
        told = json.loads(out)
        counts[task] += told["count"]
        complaints += told["complaints"]
    expected = {
        _name(one): _article(one, version).text
        for one in range(writers * _OWN)
        if (version := _noted(notes, one)) is not None
    }
    if ground.contents(home) != expected:
        complaints.append("what is there is not what was written last")
    complaints += ground.wounds(home)
    return Gathering(counts["write"], counts["ask"], complaints)


def _name(one: int) -> str:
    return f"gauge-{one}"


def _article(one: int, version: int) -> Article:
    level = 1000 * version + 7 * one
    return Article(
        id=_name(one),
        title=f"Gauge {one}",
        text=f"Gauge {one} stood at {level} centimetres. The keeper wrote {level} in the book.",
    )


def _note(notes: Path, one: int, version: int | None) -> None:
    """Note what is surely there: the version, or that it is away, or nothing for sure."""
    partial = notes / f".{one}"
    partial.write_text(json.dumps(version))
    partial.replace(notes / str(one))


def _noted(notes: Path, one: int) -> int | None:
    noted: int | None = json.loads((notes / str(one)).read_text())
    return noted


def _write(number: int, home: Path, until: float) -> dict[str, object]:
    """Renew, remove and put back the articles of one writer."""
    lots, version, count = random.Random(number), 0, 0
    notes = home.with_name("notes")
    with compose.library(ground.settings(home), quiet) as index:
        while not count or time.time() < until:
            version += 1
            one = number * _OWN + lots.randrange(_OWN)
            if lots.random() < 0.2 and _noted(notes, one) is not None:
                _note(notes, one, None)  # before it goes: nobody may count on it
                index.remove([_name(one)])
            else:
                index.put([_article(one, version)])
                _note(notes, one, version)
            count += 1
    return {"count": count, "complaints": []}


def _ask(number: int, home: Path, until: float, writers: int) -> dict[str, object]:
    """Ask for articles of all writers; an answer is never older than what was surely there."""
    lots, count = random.Random(number), 0
    complaints: list[str] = []
    notes = home.with_name("notes")
    with compose.library(ground.settings(home), quiet) as index:
        ask = compose.pipeline(index)
        while not count or time.time() < until:
            one = lots.randrange(max(1, writers * _OWN))
            before = _noted(notes, one)
            answer = ask(f"How many centimetres did gauge {one} stand at?")
            complaints += ground.consistency(answer.text)
            for citation in answer.citations:
                text = citation.article.text
                complaints += ground.consistency(text)
                if citation.quote != text[citation.start : citation.end]:
                    complaints.append(f"{citation.quote!r} is not what is cited")
                if citation.article.id == _name(one) and before is not None:
                    level = int(text.split(" stood at ")[1].split()[0])
                    if (level - 7 * one) // 1000 < before:
                        complaints.append(f"{_name(one)} was answered from an older version")
            count += 1
    return {"count": count, "complaints": complaints}


def main() -> None:
    """Write or ask, and print what came of it as JSON."""
    task, number, home, until, writers = sys.argv[1:]
    told = (
        _write(int(number), Path(home), float(until)) if task == "write"
        else _ask(int(number), Path(home), float(until), int(writers))
    )  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main()
