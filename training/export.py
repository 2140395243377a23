"""Exports a trained reader to ONNX in 8 bits, and checks it against the original.

    python -m training.export [--model FILE] [--out FOLDER]

Writes ``reader.onnx``, ``tokenizer.json`` and, into ``reader.json``, the sha256 of the
former; refuses if fewer than 97 of 100 held-out questions get the same answer as from
the original in 32 bits.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

from retrieval.embedding import open_session
from retrieval.export import trace
from retrieval.reading_export import OUTPUTS
from retrieval.reading_model import FOLDER
from retrieval.spans import FILES, LONGEST, Reading, SpanModel, Titled, digests
from training import sampling
from training.model import MODEL, Network, tokenizer

SAME = 0.97
QUESTIONS = 1_000
BLOCK = 64
_INPUTS = {
    name: torch.ones((2, 8), dtype=torch.int64)
    for name in ("input_ids", "attention_mask", "token_type_ids")
}


def main(words: Sequence[str] | None = None) -> None:
    """Export, compare, and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=Path("training/work/run/model.pt"))
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--base", default=MODEL, help="the encoder that the training started from")
    arguments = parser.parse_args(words)
    network = Network(arguments.base)
    network.load_state_dict(torch.load(arguments.model, map_location="cpu"))
    with tempfile.TemporaryDirectory() as scratch:
        full, half, small = (Path(scratch) / f"{name}.onnx" for name in ("full", "half", "small"))
        trace(network, _INPUTS, OUTPUTS, full)
        embeddings = network.encoder.embeddings
        embeddings.word_embeddings = ByteEmbedding(embeddings.word_embeddings.weight.detach())
        trace(network, _INPUTS, OUTPUTS, half)
        quantise(half, small)
        held = sampling.load(arguments.work / "held-out.jsonl.gz")
        share = same(load(full), load(small), held)
        size = small.stat().st_size / 1e6
        print(f"{size:.1f} MB; the same answer to {share:.1%} of {QUESTIONS} questions")
        if share < SAME:
            raise SystemExit(f"That is less than {SAME:.0%}; nothing was written.")
        arguments.out.mkdir(parents=True, exist_ok=True)
        shutil.copy(small, arguments.out / "reader.onnx")
    tokenizer(LONGEST, "longest_first").save(str(arguments.out / "tokenizer.json"))
    facts_file = arguments.out / "reader.json"
    facts = json.loads(facts_file.read_text("utf-8")) if facts_file.exists() else {}
    facts["sha256"] = digests(*((arguments.out / name).read_bytes() for name in FILES))
    facts_file.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def quantise(full: Path, small: Path) -> None:
    """Write the network with the weights of its matrix products in 8 bits.

    Each block of :data:`BLOCK` weights has a scale of its own, and so has each block of
    what they are multiplied with; the heads stay in 32 bits.  Measured against the usual
    dynamic quantisation, with one scale for all that a layer is given: 98 of 100
    questions get the same answer, not 91, for half as much time again.
    """
    logging.getLogger("onnxruntime.quantization").setLevel(logging.WARNING)
    model = onnx.load(full)
    heads = [node.name for node in model.graph.node if node.name.startswith(("/span", "/answers"))]
    quantiser = MatMulNBitsQuantizer(
        model, bits=8, block_size=BLOCK, is_symmetric=True, accuracy_level=4, nodes_to_exclude=heads
    )
    quantiser.process()
    quantiser.model.save_model_to_file(str(small))


class ByteEmbedding(torch.nn.Module):
    """Word embeddings in 8 bits, with a scale for each word piece."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(1).clamp(min=1e-8) / 127
        self.register_buffer("bytes", torch.round(weight / scale[:, None]).to(torch.int8))
        self.register_buffer("scale", scale)
        self.bytes: torch.Tensor
        self.scale: torch.Tensor

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of some word pieces."""
        return self.bytes[ids].float() * self.scale[ids].unsqueeze(-1)


def load(path: Path) -> SpanModel:
    """Return an exported model, run on one thread."""
    return SpanModel(
        open_session(path.read_bytes()), tokenizer(LONGEST, "longest_first"), threads=2
    )


def same(one: SpanModel, other: SpanModel, held: sampling.Prepared) -> float:
    """Return for how many held-out questions two models give the same answer.

    The same span where a passage is thought to answer by the one, and by both or none.
    """

    def answer(reading: Reading) -> tuple[int, int] | None:
        best = reading.spans[0] if reading.spans else None
        is_there = best and best.margin + reading.odds > 0
        return (best.start, best.end) if best and is_there else None

    agreed = 0
    rows = held.rows[:: max(1, len(held.rows) // QUESTIONS)][:QUESTIONS]
    for row in rows:
        numbers = [n for n, spans in row.own.items() if spans] or list(row.own)
        passage = [Titled(*held.passages[numbers[0]])]
        agreed += answer(next(one(row.question, passage))) == answer(
            next(other(row.question, passage))
        )
    return agreed / len(rows)


if __name__ == "__main__":
    main()
