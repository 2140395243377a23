"""What a search system is to the benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Document:
    """An article as it is handed to every system."""

    id: str
    title: str
    text: str

    @property
    def heading(self) -> str:
        """What stands before the text where a system knows no titles."""
        return f"{self.title}\n\n"


@dataclass(frozen=True)
class Found:
    """A stretch of a document's text that was found; ``end`` is exclusive.

    ``score`` compares between questions, where a system has such a thing; greater is better.
    """

    document: str
    start: int
    end: int
    score: float | None = None


@dataclass(frozen=True)
class Said:
    """An answer; no ``citations``: the system says that its sources don't tell.

    ``probability`` is that of the answer thought best, said or not.
    """

    short: str
    citations: tuple[Found, ...]
    probability: float


class System(Protocol):
    """An index in a folder, which may hold one from an earlier process."""

    def index(self, documents: Sequence[Document]) -> int:
        """Index documents, and return how many passages they became."""

    def search(self, question: str, limit: int) -> list[Found]:
        """Return the best passages, best first."""


def within(document: str, heading: int, start: int, end: int, score: float | None) -> Found:
    """Return a stretch of heading and text as one of the text alone.

    ``heading`` is the length of the heading, in characters.
    """
    return Found(document, max(0, start - heading), max(0, end - heading), score)
