"""Questions with answers in SQuAD's form, for the benchmarks.

Reads any file of that form (SQuAD 1.1 and 2.0, SQuADShifts), gzipped or not.
"""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.types import Article


@dataclass(frozen=True)
class Question:
    """A question, the article (one paragraph) that belongs to it, and the accepted answers.

    No answers: the paragraph does not answer the question.
    """

    text: str
    article: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]


def load(path: Path, paragraphs: int, seed: int = 7) -> tuple[list[Article], list[Question]]:
    """Return up to ``paragraphs`` paragraphs as articles, drawn at random, and their questions."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        data: list[dict[str, Any]] = json.load(file)["data"]
    found = [
        (group.get("title") or "Untitled", paragraph)
        for group in data
        for paragraph in group["paragraphs"]
    ]
    random.Random(seed).shuffle(found)
    articles, questions = [], []
    for number, (title, paragraph) in enumerate(found[:paragraphs]):
        article = Article(
            id=f"p{number:05}", title=title.replace("_", " "), text=paragraph["context"]
        )
        articles.append(article)
        for item in paragraph["qas"]:
            answers = [] if item.get("is_impossible") else item["answers"]
            questions.append(
                Question(
                    item["question"].strip(),
                    article.id,
                    tuple(answer["text"] for answer in answers),
                    tuple(answer["answer_start"] for answer in answers),
                )
            )
    return articles, questions
