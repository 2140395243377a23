"""The embedding model as LangChain knows one; apart, as the vectors need no more of it."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings

from retrieval.embedding import Embedder


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
