"""Measures the reader on questions that it was not trained on.

    python -m bench.reader [--data FOLDER] [--model FOLDER] [--questions N] [--part PART]

``reading``: the paragraph is given.  ``whole``: the paragraphs are a library, of which
a third is left out.  ``near``: questions that the seed articles almost answer.
``speed``: a warm question, and what is imported for it.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import ArrayLike
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

import seeds
from bench import squad
from bench.library import library
from bench.questions import Question, load
from bot import compose
from bot.settings import Settings
from retrieval import passages
from retrieval.embedding import Embedder
from retrieval.index import Index
from retrieval.reader import PASSAGES_READ, Considered, Frequencies, Reader, piece
from retrieval.reading_model import ReadingModel, load_reading_model
from retrieval.search import Search
from retrieval.sync import seed
from retrieval.types import Article, Hit, Passage

SET = "squad/squad2.0_dev_half_16articles.json.gz"
PARTS = ("reading", "whole", "near", "speed")
NEAR_MISSES = Path(__file__).parent / "near_misses.yaml"


@dataclass(frozen=True)
class Asked:
    """Questions on articles, and the model that is to answer them."""

    articles: Sequence[Article]
    questions: Sequence[Question]
    embedder: Embedder
    model: ReadingModel

    def reader(self, frequencies: Frequencies) -> Reader:
        """Return the answerer that is measured."""
        return Reader(self.model.read, self.embedder.encode, frequencies, self.model.calibration)


def main() -> None:
    """Print a table for each part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--model", help="a folder; else the model that is shipped")
    parser.add_argument("--questions", type=int, help="so many, drawn at random; else all")
    parser.add_argument("--part", choices=PARTS)
    arguments = parser.parse_args()
    path = arguments.data / SET
    if not path.exists():
        parser.error(f"{path} is missing: half of the SQuAD 2.0 dev set, gzipped; see --data")
    articles, questions = load(path, sys.maxsize)
    if arguments.questions:
        questions = random.Random(3).sample(questions, arguments.questions)
    embedder = compose.embedder(Settings(), print)
    model = load_reading_model(arguments.model, Path())
    asked = Asked(articles, questions, embedder, model)
    console = Console()
    for part in PARTS:
        if arguments.part not in {None, part}:
            continue
        table = Table("measure", "figure", title=part)
        measure = {"reading": reading, "whole": whole, "near": near, "speed": speed}[part]
        for label, figure in measure(asked).items():
            table.add_row(label, figure)
        console.print(table)


def reading(asked: Asked) -> dict[str, str]:
    """Read each question's own paragraph, cut as the index cuts it."""
    cut = {article.id: _cut(article, asked.embedder) for article in asked.articles}
    reader = asked.reader(lambda _: ({}, 0))
    questions = asked.questions
    marked: list[str] = []
    mended: list[str] = []
    scores: list[float] = []
    for question in questions:
        own = [Hit(passage, 0) for passage in cut[question.article]]
        readings = list(reader.read(question.text, own))
        found = [
            (spot.margin + reading.odds, hit.passage.text[spot.start : spot.end])
            for hit, reading in zip(own, readings, strict=True)
            for spot in reading.spans
        ]
        score, words = max(found, default=(-99.0, ""))
        marked.append(words)
        scores.append(score)
        best = max(
            reader.weighed(question.text, own, readings),
            key=lambda one: one.signs.margin,
            default=None,
        )
        short = piece(question.text, best.span, best.marked) if best else None
        mended.append(short or best.span.text if best else "")
    answerable = [bool(question.answers) for question in questions]
    figures: dict[str, str] = {}
    for label, said in {"as marked": marked, "as said": mended}.items():
        pairs = [(a, q.answers) for a, q in zip(said, questions, strict=True) if q.answers]
        forced = [
            squad.f1(a, q.answers) if q.answers else 0.0
            for a, q in zip(said, questions, strict=True)
        ]
        figures |= {
            f"exact match, answerable, {label}": _percent([squad.exact(*pair) for pair in pairs]),
            f"F1, answerable, {label}": _percent([squad.f1(*pair) for pair in pairs]),
            f"best F1, all, {label}": f"{100 * squad.best_f1(forced, scores, answerable):.1f}",
        }
    figures["questions"] = f"{len(questions):,}, {sum(answerable):,} of them answerable"
    return figures | {"area, answerable or not": f"{roc_auc_score(answerable, scores):.3f}"}


def whole(asked: Asked) -> dict[str, str]:
    """Ask a library of all paragraphs, and one that lacks a third of them."""
    draw = random.Random(11)
    kept = [article for article in asked.articles if draw.random() > 1 / 3]
    present = {article.id for article in kept}
    questions = [question for question in asked.questions if question.answers]
    first: list[tuple[bool, bool]] = []
    with library(asked.articles, asked.embedder) as index:
        search = Search(index)
        reader = asked.reader(search.frequencies)
        for question in questions:
            hits = search(question.text, PASSAGES_READ)
            ranked = reader.considered(question.text, hits)
            first.append(
                (_answers(question, hits[0].passage), _answers(question, _cited(hits, ranked)))
            )
    right, scores, there = [], [], []
    with library(kept, asked.embedder) as index:
        search = Search(index)
        reader = asked.reader(search.frequencies)
        for question in questions:
            ranked = reader.considered(question.text, search(question.text, PASSAGES_READ))
            scores.append(max((one.probability for one in ranked), default=0.0))
            there.append(question.article in present)
            right.append(
                bool(ranked)
                and ranked[0].span.article.id == question.article
                and question.is_answered_by(ranked[0].span)
            )
    declined = np.array(scores) < asked.model.calibration.threshold
    absent = ~np.array(there)
    return {
        "answerable questions": f"{len(questions):,}",
        "answer in the first passage, search alone": _percent([one for one, _ in first]),
        "answer in the first passage, as read": _percent([two for _, two in first]),
        "area, article there or not": f"{roc_auc_score(there, scores):.3f}",
        "abstention precision": _percent(absent[declined]),
        "abstention recall": _percent(declined[absent]),
        "answered where the article is there": _percent(~declined[~absent]),
        "right where answered and there": _percent(np.array(right)[~declined & ~absent]),
        "right of all that is answered": _percent(np.array(right)[~declined]),
    }


def near(asked: Asked) -> dict[str, str]:
    """Ask what the seed articles almost answer; the only right answer is none."""
    kinds: dict[str, list[str]] = yaml.safe_load(NEAR_MISSES.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), asked.embedder) as index:
        seed(index, seeds.FOLDER)
        answer_to = compose.pipeline(index, reader=asked.model)
        declined = {
            kind: [not answer_to(question).answered for question in questions]
            for kind, questions in kinds.items()
        }
    rows = {f"{kind}, declined": _share(some) for kind, some in declined.items()}
    return rows | {"all, declined": _share([one for some in declined.values() for one in some])}


def speed(asked: Asked) -> dict[str, str]:
    """Time warm questions, one after another, over all paragraphs."""
    with library(asked.articles, asked.embedder) as index:
        search = Search(index)
        reader = asked.reader(search.frequencies)
        seconds = []
        for question in asked.questions[:210]:
            started = time.perf_counter()
            reader(question.text, search(question.text, PASSAGES_READ))
            seconds.append(time.perf_counter() - started)
    warm = sorted(seconds[10:])
    return {
        "question, median": f"{1000 * warm[len(warm) // 2]:.0f} ms",
        "question, 95 of 100": f"{1000 * warm[int(0.95 * len(warm))]:.0f} ms",
        "torch imported": "yes" if "torch" in sys.modules else "no",
    }


def _cut(article: Article, embedder: Embedder) -> list[Passage]:
    return passages.split(article, embedder.pieces, embedder.card.max_pieces)


def _cited(hits: Sequence[Hit], ranked: Sequence[Considered]) -> Passage | None:
    """Return the passage that holds the sentence that is thought to answer."""
    spans = [(one.span.article.id, one.span.start, one.span.end) for one in ranked[:1]]
    within = (
        hit.passage
        for hit in hits
        for article, start, end in spans
        if hit.passage.article.id == article
        and hit.passage.start <= start
        and end <= hit.passage.end
    )
    return next(within, None)


def _answers(question: Question, passage: Passage | None) -> bool:
    return (
        passage is not None
        and passage.article.id == question.article
        and question.is_answered_by(passage)
    )


def _share(some: Sequence[bool]) -> str:
    return f"{sum(some)} of {len(some)}"


def _percent(values: ArrayLike) -> str:
    return f"{100 * np.mean(np.asarray(values, dtype=float)):.1f}"


if __name__ == "__main__":
    main()
