"""Footnote itself, as a system among the others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from bench.peers.system import Document, Found, Said
from bench.stages import Staged
from bot import compose
from bot.settings import Settings
from retrieval.chain import Pipeline
from retrieval.index import Index
from retrieval.passages import embedded_text
from retrieval.reader import PASSAGES_READ, Reader
from retrieval.reading_model import shipped
from retrieval.search import Search
from retrieval.spans import Reading as Marks
from retrieval.spans import Titled
from retrieval.types import Article, Hit, Span
from retrieval.writer import GROUP


class Footnote:
    """The search alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = Index(folder, compose.embedder(Settings(), print))
        self.find = Search(self._index)

    def index(self, documents: Sequence[Document]) -> int:
        """Cut, embed and store documents."""
        return self._index.put(
            Article(id=one.id, title=one.title, text=one.text) for one in documents
        ).passages

    def bare(self, documents: Sequence[Document]) -> float:
        """Return the seconds that the embedding model alone takes for what is indexed of these."""
        texts = [
            embedded_text(passage)
            for one in documents
            for passage in self._index.cut(Article(id=one.id, title=one.title, text=one.text))
        ]
        started = time.perf_counter()
        for start in range(0, len(texts), GROUP):
            self._index.embedder.encode(texts[start : start + GROUP])
        return time.perf_counter() - started

    def search(self, question: str, limit: int) -> list[Found]:
        """Return the passages that the search finds."""
        return [_hit(hit) for hit in self.find(question, limit)]


class Reading(Footnote):
    """The search and the reader behind it: what a user is answered from."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        model = shipped()

        @lru_cache(maxsize=1)  # the account of an answer reads again
        def remembered(question: str, passages: tuple[Titled, ...]) -> tuple[Marks, ...]:
            return tuple(model.read(question, passages))

        self._reader = Reader(
            lambda question, passages: iter(remembered(question, tuple(passages))),
            self._index.embedder.encode,
            self.find.frequencies,
            model.calibration,
        )
        self._pipeline = Pipeline(self.find, self._reader)

    def search(self, question: str, limit: int) -> list[Found]:
        """Return the passages in order of their best sentence, and then those not read."""
        hits = self.find(question, max(limit, PASSAGES_READ))
        best: dict[int, float] = {}
        for one in self._reader.considered(question, hits):
            for place, hit in enumerate(hits):
                if _holds(hit, one.span):
                    best.setdefault(place, one.probability)
        order = [*best, *(place for place in range(len(hits)) if place not in best)]
        return [_hit(hits[place], best.get(place, 0.0)) for place in order][:limit]

    @cached_property
    def staged(self) -> Staged:
        """The same library, asked with a watch beside each stage."""
        return Staged(self._folder)

    def ask(self, question: str) -> str:
        """Return the answer as it is said."""
        return self._pipeline(question).text

    def answer(self, question: str) -> Said:
        """Return what a user is told, and how probable it was thought."""
        explained = self._pipeline.explain(question)
        answer = explained.answer
        said = answer.short or (answer.statements[0].text if answer.statements else "")
        return Said(
            said,
            tuple(Found(one.article.id, one.start, one.end) for one in answer.citations),
            explained.considered[0].probability if explained.considered else 0.0,
        )


def _hit(hit: Hit, score: float | None = None) -> Found:
    passage = hit.passage
    return Found(
        passage.article.id, passage.start, passage.end, hit.score if score is None else score
    )


def _holds(hit: Hit, span: Span) -> bool:
    passage = hit.passage
    return (
        passage.article.id == span.article.id
        and passage.start <= span.start
        and span.end <= passage.end
    )
