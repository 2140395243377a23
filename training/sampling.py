"""Prepared questions become what a pass of the training reads, anew for each pass.

Every question is read with a passage that answers it; many also with one that does
not: the best wrong passages of our own search, the passage with the answer taken
out, or the question twisted (:mod:`training.twists`).
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training import corpora, pairs, twists

_SMALL = {
    "the", "a", "an", "did", "do", "does", "was", "were", "is", "are", "has", "have", "had",
    "of", "in", "to", "at", "on", "by",
}  # fmt: skip

_OWN = frozenset({corpora.OWN, corpora.REPORTS})
_UNANSWERABLE = _OWN | {corpora.OTHER_HALF, corpora.SQUAD}
"""Where a question without an answer was meant to have none; elsewhere the cutting lost it."""


@dataclass(frozen=True)
class Mix:
    """How often a question is read again with something that does not answer it.

    ``unanswerable`` is how often a question without an answer is read in a pass, 0.5 being
    every other one, and ``almost`` how often one of our own is; ``answerable`` the chance
    that one with an answer is, and ``paired`` that of one of :mod:`training.pairs`.
    """

    negative: float = 0.6
    taken_out: float = 0.2
    twisted: float = 0.15
    unanswerable: float = 2.0
    almost: float = 1.0
    untitled: float = 0.15
    no_mark: float = 0.3
    terse: float = 0.1
    paired: float = 1.0
    answerable: float = 1.0


@dataclass(frozen=True)
class Example:
    """A question and a passage; ``answer`` are offsets into the passage, None if there is none."""

    question: str
    title: str
    text: str
    answer: tuple[int, int] | None


@dataclass(frozen=True)
class Row:
    """A prepared question: ``own`` are its paragraph's passages by number, with the answers."""

    corpus: str
    question: str
    own: dict[int, list[tuple[int, int]]]
    negatives: tuple[int, ...]

    @property
    def is_answerable(self) -> bool:
        """Whether a passage holds a whole answer."""
        return any(self.own.values())


@dataclass(frozen=True)
class Prepared:
    """Questions, and the passages that they name by number, each a (title, text)."""

    passages: list[tuple[str, str]]
    rows: list[Row]


def load(path: Path) -> Prepared:
    """Return what :mod:`training.prepare` wrote."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        passages = [tuple(pair) for pair in json.loads(next(file))["passages"]]
        rows = [_row(json.loads(line)) for line in file]
    return Prepared(passages, rows)


def _row(row: dict[str, Any]) -> Row:
    own = {int(n): [(a, b) for a, b in spans] for n, spans in row["own"].items()}
    return Row(row["corpus"], row["question"], own, tuple(row["negatives"]))


def epoch(prepared: Prepared, seed: int, mix: Mix = Mix()) -> list[Example]:
    """Return the examples of one pass, in random order; the same for the same seed."""
    draw = random.Random(seed)
    examples = [
        example
        for row in prepared.rows
        if draw.random() < _chance(row, mix)
        for example in _examples(row, prepared.passages, draw, mix)
    ]
    draw.shuffle(examples)
    return examples


def _chance(row: Row, mix: Mix) -> float:
    """Return the chance that a question is read in a pass."""
    if row.corpus == pairs.PAIRS:
        return mix.paired
    return mix.answerable if row.is_answerable else 1.0


def _times(row: Row, draw: random.Random, mix: Mix) -> int:
    """Return how often a question without an answer is read in this pass."""
    times = mix.almost if row.corpus in _OWN else mix.unanswerable
    return int(times) + (draw.random() < times % 1)


def _examples(
    row: Row, passages: list[tuple[str, str]], draw: random.Random, mix: Mix
) -> Iterator[Example]:
    def example(
        number: int,
        text: str | None = None,
        answer: tuple[int, int] | None = None,
        question: str = row.question,
    ) -> Example:
        title, whole = passages[number]
        is_titled = draw.random() >= mix.untitled
        return Example(
            _typed(question, draw, mix),
            title if is_titled else "",
            whole if text is None else text,
            answer,
        )

    if row.is_answerable:
        number = draw.choice([n for n, spans in row.own.items() if spans])
        text, answers = passages[number][1], row.own[number]
        yield example(number, answer=draw.choice(answers))
        rest = twists.without(text, answers) if draw.random() < mix.taken_out else None
        if rest:
            yield example(number, rest)
        twisted = draw.random() < mix.twisted and twists.twist(row.question, text, draw)
        if twisted:
            yield example(number, question=twisted)
    elif row.corpus in _UNANSWERABLE:
        times = _times(row, draw, mix)
        if not times:
            return
        for _ in range(times):
            yield example(draw.choice(list(row.own)))
    else:
        return
    wrong = [n for n, spans in row.own.items() if not spans] if row.is_answerable else []
    wrong += row.negatives
    if wrong and draw.random() < mix.negative:
        yield example(wrong[min(int(draw.expovariate(0.7)), len(wrong) - 1)])


def _typed(question: str, draw: random.Random, mix: Mix) -> str:
    """Return a question as it might be typed: short of its mark, or of small words."""
    if draw.random() < mix.terse:
        words = question.split()
        question = " ".join(
            word
            for place, word in enumerate(words)
            if place == 0 or word.lower() not in _SMALL or draw.random() < 0.5
        )
    return question.rstrip("? ") if draw.random() < mix.no_mark else question
