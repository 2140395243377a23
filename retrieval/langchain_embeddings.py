"""The embedding model as LangChain knows one; apart, as the vectors need no more of it."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings

from retrieval.embedding import Embedder, Vectors


class FootnoteEmbeddings(Embeddings):
    """The embedding model as LangChain's ``Embeddings``."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each text."""
        return self._embedder.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question."""
        return self._embedder.embed_query(text)


class Embedded(FootnoteEmbeddings):
    """The embedding model, for texts whose vectors are there already."""

    def __init__(self, embedder: Embedder, vectors: Vectors) -> None:
        super().__init__(embedder)
        self._vectors = vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors that were given, one for each text."""
        if len(texts) != len(self._vectors):
            raise ValueError(f"{len(texts)} texts and {len(self._vectors)} vectors")
        vectors: list[list[float]] = self._vectors.tolist()
        return vectors
