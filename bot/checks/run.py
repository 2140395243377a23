"""Asks the questions of a file, and opens what to ask them of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.checks.judge import judge
from bot.checks.questions import Row
from retrieval.types import Answer

if TYPE_CHECKING:
    from retrieval.embedding import Embedder, Notify
    from retrieval.index import Index
    from retrieval.reading_model import ReadingModel
    from retrieval.writer import Progress, Report

KEPT_IN = "checks"
"""The part of a data directory in which indexes of folders are kept."""


@dataclass(frozen=True)
class Result:
    """A row, the answer that was given, and why it fails; no reasons means that it passes."""

    row: Row
    answer: Answer
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the answer is as expected, and its citations are in order."""
        return not self.reasons

    @property
    def failed(self) -> bool:
        """Whether the row fails and was not marked as one that does."""
        return not self.passed and self.row.xfail is None

    def to_dict(self) -> Mapping[str, Any]:
        """Return the result as JSON-ready data."""
        row = self.row
        return {
            "question": row.question,
            "file": str(row.path),
            "line": row.line,
            "passed": self.passed,
            "reasons": list(self.reasons),
            "xfail": row.xfail,
            "expected": {
                "answer": list(row.answers),
                "source": list(row.sources),
                "quote": list(row.quotes),
                "unanswerable": row.unanswerable,
            },
            "got": self.answer.to_dict(),
        }


def checker(index: Index, reader: ReadingModel | None = None) -> Callable[[Row], Result]:
    """Return the function that asks a row's question of a library and judges the answer.

    The citations are held against the articles as the store has them then.
    """
    from bot import compose

    answer_to = compose.pipeline(index, reader=reader)

    def check(row: Row) -> Result:
        answer = answer_to(row.question)
        cited = {citation.article.id for citation in (*answer.citations, *answer.closest)}
        return Result(row, answer, judge(row, answer, index.store.articles(cited)))

    return check


def folder_library(folder: Path, within: Path, embedder: Embedder) -> Path:
    """Return where, within a cache, the index of a folder is kept: one for each model."""
    name = f"{folder.resolve()}\0{embedder.card.fingerprint}"
    return within / hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def open_folder(
    folder: Path, within: Path, embedder: Embedder, notify: Notify, progress: Progress
) -> tuple[Index, Report]:
    """Open an index of exactly what a folder holds; only what changed is read and embedded again.

    It is kept in ``within`` for the next time; several processes may open it at once.

    Raises:
        SourceError: if there is no such folder, or no article in it.
        LibraryError: if the index cannot be used.
    """
    from retrieval import intake
    from retrieval.index import Index
    from retrieval.sync import sync

    intake.files(folder)  # where there is none, nothing is made for it
    index = Index(folder_library(folder, within, embedder), embedder, notify)
    try:
        return index, sync(index, folder, progress)
    except BaseException:
        index.close()
        raise
