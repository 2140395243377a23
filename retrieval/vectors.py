"""Passages as vectors in Chroma: the dense half of search, and the only importer of chromadb.

A vector's id is its passage's key, which names the version of the article.  So
writing twice changes nothing, old and new versions live side by side until the
old one is swept, and a vector whose key the store does not know is not believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import chromadb
from chromadb.config import Settings
from langchain_chroma import Chroma

from retrieval.embedding import Embedder
from retrieval.errors import LibraryError
from retrieval.passages import embedded_text
from retrieval.types import Passage

T = TypeVar("T")

COLLECTION = "footnote"
_BATCH = 5_000


class VectorStore:
    """A Chroma collection on disk, by cosine.

    Raises:
        LibraryError: from any method, if the folder is damaged or cannot be used.
    """

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder
        with self._errors():
            self._client: Any = chromadb.PersistentClient(
                str(folder), Settings(anonymized_telemetry=False)
            )
            self._chroma = Chroma(
                COLLECTION,
                embedder,
                client=self._client,
                collection_configuration={"hnsw": {"space": "cosine"}},
            )

    def close(self) -> None:
        """Give back the files."""
        self._client.close()

    def upsert(self, passages: Sequence[Passage]) -> None:
        """Embed passages and keep their vectors."""
        with self._errors():
            for batch in _batches(passages):
                self._chroma.add_texts(
                    [embedded_text(passage) for passage in batch],
                    [
                        {"article": p.article.id, "start": p.start, "end": p.end}
                        for p in batch
                    ],
                    ids=[passage.key for passage in batch],
                )  # fmt: skip

    def delete(self, keys: Iterable[str]) -> None:
        """Forget vectors; keys that are not there are passed over."""
        with self._errors():
            for batch in _batches(sorted(keys)):
                self._chroma.delete(batch)

    def keys(self) -> set[str]:
        """Return the keys of all vectors."""
        with self._errors():
            return set(self._chroma.get(include=[])["ids"])

    def nearest(self, question: str, limit: int) -> list[tuple[str, float]]:
        """Return (key, cosine) of the vectors nearest to a question, best first."""
        vector = self._embedder.embed_query(question)
        with self._errors():
            found = self._chroma.similarity_search_by_vector_with_relevance_scores(vector, limit)
        pairs = [(document.id or "", 1 - distance) for document, distance in found]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            reason = str(error).strip().split("\n")[0][:200]
            raise LibraryError(
                f"The vectors in {self._folder} cannot be used ({reason}); run: footnote reindex"
            ) from error


def _batches(items: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), _BATCH):
        yield list(items[start : start + _BATCH])
