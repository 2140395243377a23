"""Passages as vectors in Chroma: the dense half of search, and the only importer of chromadb.

A vector's id is its passage's key, which names the version of the article.  So
writing twice changes nothing, old and new versions live side by side until the
old one is swept, and a vector whose key the store does not know is not believed.

Writing goes through langchain-chroma.  Reading asks the collection itself: a
question need not wait until all of LangChain is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import chromadb
import numpy as np
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from chromadb.config import Settings

from retrieval.embedding import Embedder
from retrieval.errors import LibraryError
from retrieval.passages import embedded_text
from retrieval.types import Passage

if TYPE_CHECKING:
    from langchain_chroma import Chroma

T = TypeVar("T")

COLLECTION = "footnote"
_CONFIGURATION: CreateCollectionConfiguration = {"hnsw": {"space": "cosine"}}
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
            self._collection = self._client.get_or_create_collection(
                COLLECTION, configuration=_CONFIGURATION, embedding_function=None
            )

    def close(self) -> None:
        """Give back the files."""
        self._client.close()

    @cached_property
    def langchain(self) -> Chroma:
        """The collection as LangChain's vector store, for writing and for anyone's chain."""
        from langchain_chroma import Chroma

        from retrieval.langchain import FootnoteEmbeddings

        return Chroma(
            COLLECTION,
            FootnoteEmbeddings(self._embedder),
            client=self._client,
            collection_configuration=_CONFIGURATION,
        )

    def upsert(self, passages: Sequence[Passage]) -> None:
        """Embed passages and keep their vectors."""
        with self._errors():
            for batch in _batches(passages):
                self.langchain.add_texts(
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
                self._collection.delete(batch)

    def keys(self) -> set[str]:
        """Return the keys of all vectors."""
        with self._errors():
            return set(self._collection.get(include=[])["ids"])

    def nearest(self, question: str, limit: int) -> list[tuple[str, float]]:
        """Return (key, cosine) of the vectors nearest to a question, best first."""
        vector = self._embedder.embed_query(question)
        with self._errors():
            found = self._collection.query(
                np.array([vector], dtype=np.float32), n_results=limit, include=["distances"]
            )
        distances = found["distances"] or [[]]
        pairs = [
            (key, 1 - distance) for key, distance in zip(found["ids"][0], distances[0], strict=True)
        ]
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
