"""A library of articles for the time of a measurement."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from retrieval.embedding import Embedder
from retrieval.index import Index
from retrieval.types import Article


@contextmanager
def library(articles: Sequence[Article], embedder: Embedder) -> Iterator[Index]:
    """Index some articles in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), embedder) as index:
        index.put(articles)
        yield index
