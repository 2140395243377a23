"""Passages as vectors in Chroma: the dense half of search, and the only importer of chromadb.

A collection lies in a folder of this machine, or on a Chroma server.

A vector's id is its passage's key, which names the version of the article.  So
writing twice changes nothing, old and new versions live side by side until the
old one is swept, and a vector whose key the store does not know is not believed.

Writing goes through langchain-chroma.  Reading asks the collection itself: a
question need not wait until all of LangChain is imported.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import chromadb
import numpy as np
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from chromadb.config import Settings

from retrieval.embedding import Embedder, Vectors
from retrieval.errors import LibraryError
from retrieval.passages import embedded_text
from retrieval.shared_lock import SharedLock
from retrieval.types import Passage

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

T = TypeVar("T")

_CONFIGURATION: CreateCollectionConfiguration = {
    "hnsw": {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 400}
}
"""Finds 99.9% of the 50 nearest among 96,000 vectors; Chroma's own values find 93%, and of some
questions not the same when the collection is opened again."""

_BATCH = 1_000


@dataclass(frozen=True)
class Place:
    """Where the vectors of a library are kept.

    ``url`` is that of a Chroma server; without one they lie in ``folder``.
    """

    folder: Path
    url: str | None = None
    collection: str = "footnote"

    def __str__(self) -> str:
        """Name it without a password that may be in the address."""
        address = urlsplit(self.url or "")
        host = address.netloc.rpartition("@")[2]
        return f"{address.scheme}://{host} ({self.collection})" if self.url else str(self.folder)

    def exists(self) -> bool:
        """Return whether vectors were ever kept here.

        Raises:
            LibraryError: if the server cannot be asked.
        """
        if self.url is None:
            return self.folder.exists()
        with _errors(self), _client(self) as client:
            return self.collection in {found.name for found in client.list_collections()}

    def clear(self) -> None:
        """Forget all that is kept here.

        Raises:
            LibraryError: if the server cannot be asked.
        """
        if self.url is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        elif self.exists():
            with _errors(self), _client(self) as client:
                client.delete_collection(self.collection)


@dataclass(frozen=True)
class Kept:
    """What is kept under the key of a passage; ``where`` is its (article, start, end)."""

    key: str
    vector: Vectors
    where: tuple[object, object, object]


class VectorStore:
    """A Chroma collection, by cosine.

    Raises:
        LibraryError: from any method, if the folder is damaged or cannot be used, or
            the server cannot be reached.
    """

    def __init__(self, place: Place, embedder: Embedder) -> None:
        self._place = place
        self._embedder = embedder
        self._lock = SharedLock()
        with _errors(place):
            self._open()

    def reopen(self) -> None:
        """See what another process has written, which an open collection does not."""
        with self._lock.alone(), _errors(self._place):
            self._client.close()
            self._open()

    def _open(self) -> None:
        self._client = _connect(self._place)
        self._collection = self._client.get_or_create_collection(
            self._place.collection, configuration=_CONFIGURATION, embedding_function=None
        )
        self.__dict__.pop("langchain", None)

    @contextmanager
    def _using(self) -> Iterator[None]:
        with self._lock.shared(), _errors(self._place):
            yield

    def close(self) -> None:
        """Give back the files."""
        self._client.close()

    @cached_property
    def langchain(self) -> Chroma:
        """The collection as LangChain's vector store, for anyone's chain."""
        from retrieval.langchain_embeddings import FootnoteEmbeddings

        return self._langchain(FootnoteEmbeddings(self._embedder))

    def _langchain(self, embeddings: Embeddings) -> Chroma:
        from langchain_chroma import Chroma

        return Chroma(
            self._place.collection,
            embeddings,
            client=self._client,
            client_settings=self._client.get_settings(),
            collection_configuration=_CONFIGURATION,
        )

    def embed(self, passages: Sequence[Passage]) -> Vectors:
        """Return the vectors of passages, one row each."""
        texts = [embedded_text(passage) for passage in passages]
        return np.array(self._embedder.embed_documents(texts), dtype=np.float32)

    def upsert(self, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Keep passages with their vectors, one row each."""
        from retrieval.langchain_embeddings import Embedded

        with self._using():
            for start in range(0, len(passages), _BATCH):
                batch = passages[start : start + _BATCH]
                embedded = Embedded(self._embedder, vectors[start : start + _BATCH])
                self._langchain(embedded).add_texts(
                    [embedded_text(passage) for passage in batch],
                    [
                        {"article": p.article.id, "start": p.start, "end": p.end}
                        for p in batch
                    ],
                    ids=[passage.key for passage in batch],
                )  # fmt: skip

    def delete(self, keys: Iterable[str]) -> None:
        """Forget vectors; keys that are not there are passed over."""
        with self._using():
            for batch in _batches(sorted(keys)):
                self._collection.delete(batch)

    def keys(self) -> set[str]:
        """Return the keys of all vectors."""
        with self._using():
            return set(self._collection.get(include=[])["ids"])

    def kept(self, keys: Iterable[str]) -> Iterator[Kept]:
        """Yield what is kept of passages, some at a time; keys that are not there yield nothing."""
        for batch in _batches(sorted(keys)):
            with self._using():
                found = self._collection.get(batch, include=["embeddings", "metadatas"])
            for key, vector, metadata in zip(
                found["ids"], found["embeddings"], found["metadatas"], strict=True
            ):
                where = metadata or {}
                place = where.get("article"), where.get("start"), where.get("end")
                yield Kept(key, np.asarray(vector, dtype=np.float32), place)

    def nearest(
        self, vector: Sequence[float], limit: int, article: str | None = None
    ) -> list[tuple[str, float]]:
        """Return (key, cosine) of the vectors nearest to a unit vector, best first.

        ``article`` is the id of the only article to look in.
        """
        with self._using():
            found = self._collection.query(
                np.array([vector], dtype=np.float32),
                n_results=limit,
                where={"article": article} if article else None,
                include=["distances"],
            )
        distances = found["distances"] or [[]]
        pairs = [
            (key, 1 - distance) for key, distance in zip(found["ids"][0], distances[0], strict=True)
        ]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _connect(place: Place) -> Any:
    settings = Settings(anonymized_telemetry=False)
    if place.url is None:
        return chromadb.PersistentClient(str(place.folder), settings)
    parts = urlsplit(place.url)
    is_safe = parts.scheme == "https"
    port = parts.port or (443 if is_safe else 8000)
    return chromadb.HttpClient(parts.hostname or "", port, is_safe, settings=settings)


@contextmanager
def _client(place: Place) -> Iterator[Any]:
    client = _connect(place)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _errors(place: Place) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic of Chroma's Rust is no Exception
        reason = str(error).strip().split("\n")[0][:200]
        remedy = (
            "see that the server runs and that CHROMA_URL names it" if place.url
            else "run: footnote reindex"
        )  # fmt: skip
        raise LibraryError(f"The vectors in {place} cannot be used ({reason}); {remedy}") from error


def _batches(items: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), _BATCH):
        yield list(items[start : start + _BATCH])
