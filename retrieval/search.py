"""A question finds passages: by its words and by its meaning, fused into one score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from retrieval import terms
from retrieval.question import Query
from retrieval.subjects import hits_on_subject
from retrieval.types import Hit

if TYPE_CHECKING:
    from retrieval.index import Index

DEPTH = 50
"""How many passages each of the two searches gives to the fusion."""

LEXICAL_WEIGHT = 0.4
"""The lexical share of the fused score; chosen by ``bench/search.py``."""

Ranking = Sequence[tuple[str, float]]
"""(key, score) of passages, best first."""


class Search:
    """Searches a library, or several as if they were one.

    The ids of articles must differ between libraries, as citations go by them.
    """

    def __init__(self, *libraries: Index) -> None:
        self._libraries = libraries

    def __call__(self, question: str, limit: int = 10, source: str | None = None) -> list[Hit]:
        """Return the best passages for a question, best first; scores lie between -1 and 1.

        ``source`` is the id of the only article to look in.
        """
        for library in self._libraries:
            library.refresh()
        with ThreadPoolExecutor(1) as beside:
            lexical = beside.submit(self._lexical, question, source)
            dense = self._dense(question, source)
            scores = fuse(_best(lexical.result()), _best(dense))
        ranked = sorted(scores, key=lambda key: (-scores[key], key))
        live = {
            key: passage
            for library in self._libraries
            for key, passage in library.store.passages(ranked, limit).items()
        }
        return [Hit(live[key], scores[key]) for key in ranked if key in live][:limit]

    def _lexical(self, question: str, source: str | None) -> Ranking:
        found = (one.store.lexical(question, DEPTH, source) for one in self._libraries)
        return [pair for ranking in found for pair in ranking]

    def _dense(self, question: str, source: str | None) -> Ranking:
        vector = self._libraries[0].embedder.embed_query(question)
        found = (one.vectors.nearest(vector, DEPTH, source) for one in self._libraries)
        return [pair for ranking in found for pair in ranking]

    def follow(self, query: Query, limit: int = 10, source: str | None = None) -> list[Hit]:
        """Return the best passages for a query that are on its topic and have its focus.

        Without that, a follow-up would be answered from whatever else holds its few
        words, or by what answered the question before it.
        """
        topic = None if source else query.topic
        hits = self(str(query), DEPTH if topic or query.focus else limit, source)
        if topic:
            hits = hits_on_subject(self._libraries[0].embedder.encode, topic, hits)
        return [hit for hit in hits if _has(hit, query.focus)][:limit]

    def frequencies(self, stems: Iterable[str]) -> tuple[dict[str, int], int]:
        """Return in how many passages each stem occurs, and how many passages there are."""
        wanted = list(stems)
        counts: Counter[str] = Counter()
        total = 0
        for library in self._libraries:
            some, passages = library.store.frequencies(wanted)
            counts.update(some)
            total += passages
        return counts, total


def _has(hit: Hit, focus: frozenset[str]) -> bool:
    """Tell whether a passage has, with its title, at least half of some stems."""
    if not focus:
        return True
    stems = set(terms.stems(f"{hit.passage.article.title}\n{hit.passage.text}"))
    return 2 * len(focus & stems) >= len(focus)


def _best(ranking: Ranking) -> Ranking:
    return sorted(ranking, key=lambda pair: (-pair[1], pair[0]))[:DEPTH]


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
