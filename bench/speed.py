"""Measures how long things take, beside what people would use instead, in one run.

    python -m bench.speed [--data FOLDER] [--questions N] [--documents N]

All systems index the same paragraphs, a share at a time in turn, and are asked the same
questions in turn.  A cold question is a whole process that opens the index and finds the
first passage; Footnote's also reads it and answers.  The figures go to
``bench/results/speed.json``, and the picture that is drawn from it to ``docs/img``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench import datasets, pictures, results
from bench.estimate import Bar, bar
from bench.peers import client
from bench.peers.client import (
    LABELS,
    PEERS,
    ROOT,
    SHARES,
    Worker,
    command,
    folder_bytes,
)  # fmt: skip
from bench.peers.system import Document
from bench.stages import STAGES

SETS = (
    "squad/squad2.0_dev_half_16articles.json.gz",
    "squad/squad_train_union_dedup.json.gz",
)
DOCUMENTS = 1_000
"""Paragraphs, of which Footnote makes about 1,600 passages; `bench.scale` has larger ones."""

FIRST = 8
"""Paragraphs that are indexed before the clock starts, beside those that are counted."""

SHARES_OF_INDEX = 4
QUESTIONS = 100
COLD_RUNS = 5
SYSTEMS = ("footnote", *PEERS, "reading")
DOCUMENT_SECONDS = {"footnote": 0.033, "quickstart": 0.036, "chroma": 0.041, "txtai": 0.035}
QUESTION_SECONDS = 0.9
COLD_SECONDS = 26.0


def main() -> None:
    """Print the tables, and write the figures and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=datasets.FOLDER)
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    arguments = parser.parse_args()
    gaps = datasets.missing(arguments.data, SETS) + client.missing()
    if gaps:
        parser.exit(2, "\n".join(gaps) + "\n")
    loaded = [datasets.squad(arguments.data / name) for name in SETS]
    documents = [
        Document(f"{number}-{one.id}", one.title, one.text)
        for number, (some, _) in enumerate(loaded)
        for one in some
    ][: FIRST + arguments.documents]
    asked = [question.text for question in loaded[0][1][: arguments.questions]]
    console = Console(highlight=False)
    seconds = (
        len(documents) * sum(DOCUMENT_SECONDS.values())
        + len(asked) * QUESTION_SECONDS
        + COLD_RUNS * COLD_SECONDS
    )
    with bar(console, seconds) as shown, tempfile.TemporaryDirectory() as place:
        figures = measure(documents, asked, Path(place), shown)
    for table in tables(figures):
        console.print(table)
    if (arguments.questions, arguments.documents) == (QUESTIONS, DOCUMENTS):
        results.save("speed", "make bench-speed", figures)
        pictures.draw("speed")


def measure(
    documents: Sequence[Document], asked: Sequence[str], place: Path, shown: Bar
) -> dict[str, Any]:
    """Return all figures: seconds and bytes, by system."""
    folders = {name: place / SHARES.get(name, name) for name in SYSTEMS}
    workers = {name: Worker(name, folders[name]) for name in SYSTEMS if name not in SHARES}
    try:
        indexing = _index(workers, documents, shown)
        for name in SHARES:
            workers[name] = Worker(name, folders[name])
        warm, stages = _ask(workers, asked, shown)
        memory = {name: worker.peak_bytes() for name, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.close()
    cold = _cold(folders, asked[0], shown)
    stored = indexing["stored passages"]
    return {
        "documents": len(documents) - FIRST,
        "questions": len(asked),
        "indexing": indexing,
        "warm": {name: _spread(seconds) for name, seconds in warm.items()},
        "stages": {name: _spread(seconds) for name, seconds in stages.items()},
        "cold": {name: _spread(seconds) for name, seconds in cold.items()},
        "peak bytes": memory,
        "bytes a passage": {
            name: round(folder_bytes(folders[name]) / count) for name, count in stored.items()
        },
    }


def _index(
    workers: Mapping[str, Worker], documents: Sequence[Document], shown: Bar
) -> dict[str, Any]:
    """Index a share with each system in turn, and run the bare model on the same share."""
    seconds = dict.fromkeys(workers, 0.0)
    passages = dict.fromkeys(workers, 0)
    first, counted = documents[:FIRST], documents[FIRST:]
    # What is loaded with the first document counts as cold.
    already = {name: worker.index(first).result for name, worker in workers.items()}
    workers["footnote"].bare(first)
    ratios = []
    bare = 0.0
    for part in range(SHARES_OF_INDEX):
        some = counted[part::SHARES_OF_INDEX]
        for name, worker in workers.items():
            step = shown.step(f"indexing, {LABELS[name]}", len(some) * DOCUMENT_SECONDS[name])
            done = worker.index(some)
            seconds[name] += done.seconds
            passages[name] += done.result
            if name == "footnote":
                model = worker.bare(some)
                bare += model
                ratios.append(model / done.seconds)
            step()
    return {
        "passages": passages,
        "stored passages": {name: passages[name] + already[name] for name in workers},
        "seconds": {name: round(spent, 2) for name, spent in seconds.items()},
        "bare model, seconds": round(bare, 2),
        "share of the bare model's rate": round(float(np.median(ratios)), 3),
    }


def _ask(
    workers: Mapping[str, Worker], asked: Sequence[str], shown: Bar
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Ask each question of each system in turn; return the seconds, and those of our stages."""
    names = list(workers)
    warm: dict[str, list[float]] = {name: [] for name in names}
    stages: dict[str, list[float]] = {}
    step = shown.step("asking", QUESTION_SECONDS)
    for worker in workers.values():
        worker.search(asked[-1], 4)  # what is loaded at the first question counts as cold
    workers["reading"].staged(asked[-1])
    for number, question in enumerate(asked):
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            worker = workers[name]
            told = worker.ask(question) if name == "reading" else worker.search(question, 4)
            warm[name].append(told.seconds)
        spent = workers["reading"].staged(question)
        for stage in (*STAGES, "whole", "models"):
            stages.setdefault(stage, []).append(spent.get(stage, 0.0))
        stages.setdefault("overhead", []).append(spent["whole"] - spent["models"])
        step()
    return warm, stages


def _cold(folders: Mapping[str, Path], question: str, shown: Bar) -> dict[str, list[float]]:
    """Time whole processes, each system in turn; of ours, the command that people type."""
    step = shown.step("cold starts", COLD_SECONDS)
    seconds: dict[str, list[float]] = {}
    for _ in range(COLD_RUNS):
        for name in ("reading", *PEERS):
            environment = dict(os.environ)
            line = command(name, folders[name], "--ask", question)
            if name == "reading":
                environment["DATA_DIR"] = str(folders[name])
                line = [sys.executable, "-m", "bot", "ask", question]
            started = time.perf_counter()
            subprocess.run(line, env=environment, cwd=ROOT, check=True, capture_output=True)
            seconds.setdefault(name, []).append(time.perf_counter() - started)
        step()
    return seconds


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median, and the value that 95 of 100 do not exceed."""
    return {
        "median": round(float(np.median(seconds)), 5),
        "p95": round(float(np.percentile(seconds, 95)), 5),
    }


def tables(figures: Mapping[str, Any]) -> list[Table]:
    """Return the figures as tables for the terminal."""
    indexing = figures["indexing"]
    main_table = Table(
        "system", "cold question, s", "warm, ms", "95 of 100, ms", "documents/s", "passages/s",
        "peak memory, MB", "KB a passage",
        title=f"{figures['documents']:,} documents, {figures['questions']:,} questions",
    )  # fmt: skip
    for name in LABELS:
        spent = indexing["seconds"].get(name)
        passages = indexing["passages"].get(name)
        cold = figures["cold"].get(name)
        warm = figures["warm"][name]
        main_table.add_row(
            LABELS[name],
            f"{cold['median']:.2f}" if cold else "–",
            f"{1000 * warm['median']:.1f}",
            f"{1000 * warm['p95']:.1f}",
            f"{figures['documents'] / spent:.1f}" if spent else "–",
            f"{passages / spent:.1f}" if spent else "–",
            f"{figures['peak bytes'][name] / 1e6:.0f}",
            f"{figures['bytes a passage'][name] / 1e3:.1f}" if spent else "–",
        )
    main_table.caption = "as read: with the answer; the others only find passages"
    stages = Table("stage", "median, ms", "95 of 100, ms", title="Footnote, a warm question")
    for name, spread in figures["stages"].items():
        stages.add_row(name, f"{1000 * spread['median']:.1f}", f"{1000 * spread['p95']:.1f}")
    share = indexing["share of the bare model's rate"]
    stages.caption = (
        "overhead: the whole less both models alone; "
        f"indexing runs at {share:.0%} of the rate of the bare embedding model"
    )
    return [main_table, stages]


if __name__ == "__main__":
    main()
