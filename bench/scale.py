"""Measures how things grow with the library: 1,000, 10,000 and 100,000 passages.

    python -m bench.scale [--data FOLDER] [--sizes N ...] [--articles N] [--services]

The articles are 6,000 of Reuters-21578, each a file, again under other names beyond their
number.  A text that was embedded before is not embedded again: a library of 100,000
passages would be half an hour of one and the same model.  So the time of a sync is given in
two parts, that of everything else, which is measured, and that of the model, at the rate at
which it embedded what was new.  Each size is opened and asked in a process of its own.
The figures go to ``bench/results/scale.json``, and the picture drawn from it to ``docs/img``.

``--services`` measures the same on a PostgreSQL and a Chroma server: those that DATABASE_URL and
CHROMA_URL name, or some that it starts for that time.  Its figures go to ``services.json``.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from bench import datasets, memory, pictures, results
from bench.estimate import Bar, bar
from bench.homes import Home, Homes, in_folders, on_servers
from bench.peers.client import ROOT
from bench.peers.system import Document
from bench.stages import Staged
from bot import compose
from bot.settings import Settings
from retrieval.embedding import Embedder, Vectors
from retrieval.sync import sync
from retrieval.types import Article

SET = "reuters/reuters.jsonl.gz"
SIZES = (1_000, 10_000, 100_000)
STORIES = 6_000
ARTICLES = 10_000
"""Articles of the folder that is synced again, unchanged."""

QUESTIONS = 60
STARTS = 3
PASSAGE_SECONDS, MODEL_SECONDS, SIZE_SECONDS = 0.0025, 0.012, 45.0
GROWING = (
    "sync, s", "question, ms", "95 of 100, ms", "beside the models, ms", "memory, MB", "start, s",
    "disk, MB",
)  # fmt: skip
"""The measures whose growth is told."""


class Remembering:
    """The encoder of a model, which is asked for each text once; ``seconds`` is what that took."""

    def __init__(self, embedder: Embedder) -> None:
        self._encode = embedder.encode
        self._known: dict[str, Vectors] = {}
        self.seconds = 0.0

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of some texts."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            started = time.perf_counter()
            self._known.update(zip(new, self._encode(new), strict=True))
            self.seconds += time.perf_counter() - started
        return np.stack([self._known[text] for text in texts])

    @property
    def rate(self) -> float:
        """Texts a second, of those that were new."""
        return len(self._known) / self.seconds


def main() -> None:
    """Print the table, and write the figures and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=datasets.FOLDER)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--services", action="store_true")
    parser.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ask:
        ask(json.load(sys.stdin))
        return
    gaps = datasets.missing(arguments.data, (SET,))
    if gaps:
        parser.exit(2, "\n".join(gaps) + "\n")
    stories = datasets.reuters(arguments.data / SET)[:STORIES]
    console = Console(highlight=False)
    sizes = sorted(arguments.sizes)
    seconds = (
        sum(sizes) * PASSAGE_SECONDS
        + min(max(sizes), 10_000) * MODEL_SECONDS
        + len(sizes) * SIZE_SECONDS
    )
    kept = on_servers() if arguments.services else in_folders()
    with kept as homes, bar(console, seconds) as shown:
        figures = measure(stories, sizes, arguments.articles, shown, homes)
    console.print(table(figures))
    if (tuple(sizes), arguments.articles) != (SIZES, ARTICLES):
        return
    if arguments.services:
        results.save("services", "make bench-scale ARGS=--services", figures)
    else:
        results.save("scale", "make bench-scale", figures)
        pictures.draw("scale")


def measure(
    stories: Sequence[Document], sizes: Sequence[int], articles: int, shown: Bar, homes: Homes
) -> dict[str, Any]:
    """Return the figures of each size, how each grows, and the time of an unchanged sync."""
    embedder = compose.embedder(Settings(), print)
    remembering = Remembering(embedder)
    vars(embedder)["encode"] = remembering
    draw = random.Random(5)
    asked = [f"What about {one.title.lower()}?" for one in draw.sample(stories, QUESTIONS)]
    found: dict[str, dict[str, float]] = {}
    for size in sizes:
        shown.stage(f"{size:,} passages: files", 0)
        with tempfile.TemporaryDirectory() as place, homes() as home:
            folder = Path(place, "articles")
            _write_passages(stories, folder, size, embedder)
            shown.stage(f"{size:,} passages: sync", size * (PASSAGE_SECONDS + MODEL_SECONDS / 3))
            synced = _sync(folder, home, embedder, remembering)
            shown.stage(f"{size:,} passages: asking", SIZE_SECONDS)
            found[str(size)] = synced | _ask(home, asked)
    shown.stage(f"{articles:,} unchanged articles", articles * PASSAGE_SECONDS)
    with tempfile.TemporaryDirectory() as place, homes() as home:
        folder = Path(place, "articles")
        _write(_again(stories), folder, articles)
        _sync(folder, home, embedder, remembering)
        with home.open(embedder) as index:
            unchanged = [sync(index, folder).seconds for _ in range(STARTS)]
    return {
        "sizes": found,
        "passages a second, the model alone": round(remembering.rate, 1),
        "growth": {
            measure: growth(sizes, found, measure)
            for measure in GROWING
            if measure in found[str(sizes[0])]
        },
        "unchanged": {"articles": articles, "seconds": round(float(np.median(unchanged)), 3)},
    }


def growth(sizes: Sequence[int], found: Mapping[str, Mapping[str, float]], measure: str) -> float:
    """Return the exponent b of the power law a·nᵇ that fits best: 0 stays, 1 grows as n does."""
    values = [found[str(size)][measure] for size in sizes]
    return round(float(np.polyfit(np.log(sizes), np.log(values), 1)[0]), 2)


def ask(asked: Sequence[str]) -> None:
    """Ask the library that is set one question after another, and print the seconds and the memory.

    Then again with a watch beside each stage, which is of the same parts.
    """
    settings = Settings()
    with compose.library(settings, print) as index:
        pipeline = compose.pipeline(index)
        seconds = []
        for question in (asked[-1], *asked):
            started = time.perf_counter()
            pipeline(question)
            seconds.append(time.perf_counter() - started)
    peak = memory.peak()
    staged = Staged(
        compose.library_dir(settings), compose.articles(settings), compose.place(settings)
    )
    staged(asked[-1])
    stages = [staged(question) for question in asked]
    print(json.dumps({"seconds": seconds[1:], "peak": peak, "stages": stages}))


def table(figures: Mapping[str, Any]) -> Table:
    """Return the figures as a table for the terminal."""
    sizes = figures["sizes"]
    shown = Table("measure", *(f"{int(size):,} passages" for size in sizes), "growth: n to the")
    for measure in next(iter(sizes.values())):
        exponent = figures["growth"].get(measure)
        shown.add_row(
            measure,
            *(f"{one[measure]:,.5g}" for one in sizes.values()),
            "" if exponent is None else f"{exponent:.2f}",
        )
    unchanged = figures["unchanged"]
    shown.caption = (
        f"{unchanged['articles']:,} unchanged articles are synced in {unchanged['seconds']:.2f} s; "
        f"the model alone: {figures['passages a second, the model alone']:.1f} passages a second"
    )
    return shown


def _again(stories: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    """Yield the stories with a name for each, without end."""
    for turn in count():
        for story in stories:
            yield f"{turn:03}-{story.id}", story


def _write_passages(
    stories: Sequence[Document], folder: Path, size: int, embedder: Embedder
) -> None:
    """Write files that make as many passages, or the few more of the last one."""
    from retrieval import passages

    known: dict[str, int] = {}
    total = articles = 0
    for _, story in _again(stories):
        if story.id not in known:
            article = Article(story.id, story.title, story.text)
            cut = passages.split(article, embedder.pieces, embedder.card.max_pieces)
            known[story.id] = len(cut)
        total += known[story.id]
        articles += 1
        if total >= size:
            break
    _write(_again(stories), folder, articles)


def _write(named: Iterator[tuple[str, Document]], folder: Path, number: int) -> None:
    folder.mkdir()
    for name, story in (next(named) for _ in range(number)):
        head = yaml.safe_dump({"title": story.title}, allow_unicode=True)
        (folder / f"{name}.md").write_text(f"---\n{head}---\n\n{story.text}\n", "utf-8")


def _sync(
    folder: Path, home: Home, embedder: Embedder, remembering: Remembering
) -> dict[str, float]:
    before = remembering.seconds
    with home.open(embedder) as index:
        report = sync(index, folder)
    own = report.seconds - (remembering.seconds - before)
    size = home.bytes()
    return {
        "articles": report.added,
        "sync, s": round(own + report.passages / remembering.rate, 1),
        "of it the model, s": round(report.passages / remembering.rate, 1),
        **({} if size is None else {"disk, MB": round(size / 1e6, 1)}),
    }


def _ask(home: Home, asked: Sequence[str]) -> dict[str, float]:
    line = [sys.executable, "-m", "bench.scale", "--ask"]
    told = json.loads(_run(line, json.dumps(asked), home))
    starts = [
        _seconds(lambda: _run([sys.executable, "-m", "bot", "ask", asked[0]], "", home))
        for _ in range(STARTS)
    ]
    own = [one["whole"] - one["models"] for one in told["stages"]]
    stages = {
        f"{stage}, ms": round(1000 * float(np.median([one[stage] for one in told["stages"]])), 1)
        for stage in ("dense", "lexical")
    }
    return {
        "question, ms": round(1000 * float(np.median(told["seconds"])), 1),
        "95 of 100, ms": round(1000 * float(np.percentile(told["seconds"], 95)), 1),
        "beside the models, ms": round(1000 * float(np.median(own)), 1),
        **stages,
        "memory, MB": round(told["peak"] / 1e6, 1),
        "start, s": round(float(np.median(starts)), 2),
    }


def _run(line: Sequence[str], given: str, home: Home) -> str:
    done = subprocess.run(
        line,
        input=given,
        env=home.environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
