"""Question sets become paragraphs with questions, each answer a pair of offsets.

The files are in the forms of SQuAD 2.0 and of NQ-open with its gold paragraphs;
``training/README.md`` says where they come from.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from retrieval import sentences, terms
from retrieval.types import fold_space

SQUAD = "squad_train_union_dedup"
WIKI = "squadshifts_new_wiki"
REDDIT = "squadshifts_reddit"
AMAZON = "squadshifts_amazon_reviews"
OTHER_HALF = "squad2.0_dev_otherhalf_RECONSTRUCTED"
NQ = "nq-open-oracle"
EVALUATION = "squad2.0_dev_half_16articles"

REPORTS = "own_reports"
"""Reports of our own, invented, with questions that they answer and others that they do not."""

OWN = "own_questions"
"""Questions of our own on paragraphs of :data:`SQUAD`; most are only almost answered."""

TRAINING = (SQUAD, WIKI, REDDIT, AMAZON, OTHER_HALF, NQ, REPORTS)
_REATTACHED = frozenset({SQUAD, OTHER_HALF})
_UNTITLED = frozenset({REDDIT, AMAZON})

OWN_QUESTIONS = Path(__file__).parent / f"{OWN}.jsonl"
"""A question of :data:`OWN` in each line, with the digest of its paragraph."""

OWN_REPORTS = Path(__file__).parent / f"{REPORTS}.jsonl"
"""An article of :data:`REPORTS` in each line."""

_DIGEST = 12

Offsets = tuple[int, int]


@dataclass(frozen=True)
class Question:
    """A question, with every reference answer as offsets into its paragraph, if it has any."""

    id: str
    text: str
    answers: tuple[Offsets, ...]

    @property
    def is_own(self) -> bool:
        """Whether it is one of :data:`OWN_QUESTIONS`."""
        return self.id.startswith(f"{OWN}/")


@dataclass(frozen=True)
class Paragraph:
    """A paragraph with its questions; ``group`` is shared by paragraphs of the same article."""

    corpus: str
    group: str
    title: str
    text: str
    questions: tuple[Question, ...]


def load(data: Path, corpus: str) -> list[Paragraph]:
    """Return the paragraphs of a set.

    Raises:
        FileNotFoundError: if its file is not under ``data``.
    """
    folder = data / ("nq" if corpus == NQ else "squad")
    if corpus == NQ:
        return list(_nq(folder / f"{corpus}.jsonl.gz"))
    if corpus == REPORTS:
        lines = OWN_REPORTS.read_text("utf-8").splitlines()
        return list(_squad([json.loads(line) for line in lines], corpus))
    with gzip.open(folder / f"{corpus}.json.gz", "rt", encoding="utf-8") as file:
        return list(_squad(json.load(file)["data"], corpus))


def _squad(articles: Iterable[dict[str, Any]], corpus: str) -> Iterator[Paragraph]:
    for number, article in enumerate(articles):
        title = "" if corpus in _UNTITLED else article.get("title", "").replace("_", " ")
        for place, paragraph in enumerate(article["paragraphs"]):
            text = paragraph["context"]
            group = f"{corpus}/{number}"
            if corpus == REDDIT:  # all of it is one "article"
                group = f"{group}/{place}"
            asked = [_question(row, text, corpus) for row in paragraph["qas"]]
            questions = tuple(question for question in asked if question)
            if corpus == SQUAD:
                questions += own_questions(text)
            yield Paragraph(corpus, group, title, text, questions)


def own_questions(text: str) -> tuple[Question, ...]:
    """Return the questions of :data:`OWN_QUESTIONS` on a paragraph."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
    return tuple(
        Question(f"{OWN}/{digest}/{number}", asked, answers)
        for number, (asked, answers) in enumerate(known_own_questions().get(digest, ()))
    )


@cache
def known_own_questions() -> dict[str, list[tuple[str, tuple[Offsets, ...]]]]:
    """Return :data:`OWN_QUESTIONS` by the digest of the paragraph, each with its answers."""
    found: dict[str, list[tuple[str, tuple[Offsets, ...]]]] = defaultdict(list)
    for line in OWN_QUESTIONS.read_text("utf-8").splitlines():
        row = json.loads(line)
        answers = ((row["answer"][0], row["answer"][1]),) if "answer" in row else ()
        found[row["paragraph"]].append((row["question"], answers))
    return dict(found)


def _question(row: dict[str, Any], text: str, corpus: str) -> Question | None:
    """Return a question, or None if its answers are not where they are said to be."""
    asked = fold_space(row["question"])
    if row.get("is_impossible") or not row["answers"]:
        return Question(str(row["id"]), asked, ())
    found = []
    for answer in row["answers"]:
        start, words = answer["answer_start"], answer["text"]
        words = words.strip()
        if not words or text[start : start + len(words)] != words:
            start = text.find(words) if words else -1
        if start < 0:
            continue
        if corpus in _REATTACHED:
            start = _likeliest(asked, text, words, start)
        found.append((start, start + len(words)))
    return Question(str(row["id"]), asked, tuple(dict.fromkeys(found))) if found else None


def _likeliest(asked: str, text: str, words: str, start: int) -> int:
    """Return where an answer that occurs more than once is meant: beside the question's words.

    These sets were put together from parts without offsets, which were taken to be
    those of the first occurrence.
    """
    places = list(_occurrences(text, words))
    if len(places) < 2:
        return start
    wanted = set(terms.stems(asked))
    spans = sentences.split(text)

    def shared(place: int) -> int:
        around = [text[a:b] for a, b in spans if a <= place < b]
        return len(wanted & set(terms.stems(" ".join(around))))

    return max(places, key=lambda place: (shared(place), -place))


def _occurrences(text: str, words: str) -> Iterable[int]:
    place = text.find(words)
    while place >= 0:
        before, after = text[place - 1 : place], text[place + len(words) : place + len(words) + 1]
        if not (before.isalnum() or after.isalnum()):
            yield place
        place = text.find(words, place + 1)


def _nq(path: Path) -> Iterator[Paragraph]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            row = json.loads(line)
            gold = [context for context in row["ctxs"] if context["isgold"]]
            for context in gold[:1]:
                text, asked = fold_space(context["text"]), row["question"]
                found = []
                for words in row["answers"]:
                    places = list(_occurrences(text, words))
                    if places:
                        start = _likeliest(asked, text, words, places[0])
                        found.append((start, start + len(words)))
                if found:
                    question = Question(str(number), asked, tuple(dict.fromkeys(found)))
                    yield Paragraph(NQ, f"{NQ}/{number}", context["title"], text, (question,))
