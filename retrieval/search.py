"""A question finds passages: by its words and by its meaning, fused into one score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.types import Hit

if TYPE_CHECKING:
    from retrieval.index import Index

DEPTH = 50
"""How many passages each of the two searches gives to the fusion."""

LEXICAL_WEIGHT = 0.4
"""The lexical share of the fused score; chosen by ``bench/search.py``."""

Ranking = Sequence[tuple[str, float]]
"""(key, score) of passages, best first."""


@dataclass(frozen=True)
class Search:
    """Searches one library."""

    index: Index

    def __call__(self, question: str, limit: int = 10) -> list[Hit]:
        """Return the best passages for a question, best first; scores lie between -1 and 1."""
        scores = fuse(
            self.index.store.lexical(question, DEPTH), self.index.vectors.nearest(question, DEPTH)
        )
        live = self.index.store.passages(scores)
        ranked = sorted(live, key=lambda key: (-scores[key], key))
        return [Hit(live[key], scores[key]) for key in ranked[:limit]]


def fuse(lexical: Ranking, dense: Ranking, weight: float = LEXICAL_WEIGHT) -> dict[str, float]:
    """Return a score for each key: a weighted mean of its BM25, as a share of the best, and cosine.

    ``weight`` is the lexical share.  A passage that only one search found gets the
    last score of the other where that went to its full :data:`DEPTH`, as it can have
    no more there.  Source: Bruch, Gai and Ingber, "An Analysis of Fusion Functions
    for Hybrid Retrieval", ACM TOIS 2023.  ``bench/search.py`` measures it beside
    reciprocal rank.
    """
    best = max((score for _, score in lexical), default=1.0)
    words = {key: score / best for key, score in lexical}
    cosines = dict(dense)
    no_word = words[lexical[-1][0]] if len(lexical) >= DEPTH else 0.0
    no_cosine = cosines[dense[-1][0]] if len(dense) >= DEPTH else 0.0
    return {
        key: weight * words.get(key, no_word) + (1 - weight) * cosines.get(key, no_cosine)
        for key in words | cosines
    }
