"""Where a library is kept, and how it is opened there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from retrieval import index
from retrieval.database import Home
from retrieval.embedding import Embedder, Notify
from retrieval.index import Index
from retrieval.vectors import Place
from retrieval.writer import Progress, Report, ignore

Kind_co = TypeVar("Kind_co", bound=Home, covariant=True)


@dataclass(frozen=True)
class Shelf(Generic[Kind_co]):
    """The places of a library: see :class:`retrieval.index.Index`."""

    folder: Path
    articles: Kind_co
    vectors: Place

    def open(self, embedder: Embedder, notify: Notify = ignore) -> Index:
        """Open the library; see :class:`retrieval.index.Index`."""
        return Index(self.folder, embedder, notify, articles=self.articles, vectors=self.vectors)

    def reindex(
        self, embedder: Embedder, notify: Notify = ignore, progress: Progress = ignore
    ) -> Report:
        """Make all passages and vectors anew; see :func:`retrieval.index.reindex`."""
        return index.reindex(
            self.folder, embedder, notify, progress, articles=self.articles, vectors=self.vectors
        )
