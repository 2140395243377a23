"""Questions with their articles and answers, for the benchmarks.

Reads gzipped files of SQuAD's form (SQuAD 1.1 and 2.0, SQuADShifts: ``.json.gz``)
and of NQ-open with its gold paragraphs (``.jsonl.gz``).
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retrieval.types import Article, Span


@dataclass(frozen=True)
class Question:
    """A question, the article (one paragraph) that belongs to it, and the accepted answers.

    No answers: the paragraph does not answer the question.  ``starts`` are the
    answers' offsets, or None where only their words are known.
    """

    text: str
    article: str
    answers: tuple[str, ...]
    starts: tuple[int, ...] | None = None

    def is_answered_by(self, span: Span) -> bool:
        """Tell whether a span of the question's article holds one of its answers."""
        if self.starts is None:
            words = span.text.casefold()
            return any(answer.casefold() in words for answer in self.answers)
        places = zip(self.starts, self.answers, strict=True)
        return any(span.start <= at and at + len(words) <= span.end for at, words in places)


def load(path: Path, paragraphs: int, seed: int = 7) -> tuple[list[Article], list[Question]]:
    """Return up to ``paragraphs`` paragraphs as articles, drawn at random, and their questions."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        found = list(_squad(json.load(file)) if path.name.endswith(".json.gz") else _nq(file))
    random.Random(seed).shuffle(found)
    articles: list[Article] = []
    questions: list[Question] = []
    for number, (title, text, asked) in enumerate(found[:paragraphs]):
        articles.append(Article(id=f"p{number:05}", title=title.replace("_", " "), text=text))
        questions.extend(replace(question, article=articles[-1].id) for question in asked)
    return articles, questions


_Paragraph = tuple[str, str, list[Question]]


def _squad(file: dict[str, Any]) -> Iterator[_Paragraph]:
    for group in file["data"]:
        for paragraph in group["paragraphs"]:
            asked = []
            for item in paragraph["qas"]:
                answers = [] if item.get("is_impossible") else item["answers"]
                words = tuple(answer["text"] for answer in answers)
                starts = tuple(answer["answer_start"] for answer in answers)
                asked.append(Question(item["question"].strip(), "", words, starts))
            yield group.get("title") or "Untitled", paragraph["context"], asked


def _nq(lines: Iterable[str]) -> Iterator[_Paragraph]:
    for line in lines:
        row = json.loads(line)
        gold = row["nq_annotated_gold"]
        yield (
            gold["title"],
            gold["long_answer"],
            [Question(row["question"], "", tuple(row["answers"]))],
        )
