"""Turns a reader that was exported back into weights, to train it further.

    python -m training.restore [--model FOLDER] [--out FILE]

Checkpoints are large and are not kept; the 8 bits of ``reader.onnx`` are near enough to the
weights they were made of to go on from.  Then: ``python -m training.train --start FILE``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from retrieval.reading_model import FOLDER
from training.model import MODEL, Network

RESTORED = Path("training/work/restored.pt")
_ZERO = 128
"""What stands for 0 in the bytes of a weight."""


def main(words: Sequence[str] | None = None) -> None:
    """Write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=FOLDER)
    parser.add_argument("--out", type=Path, default=RESTORED)
    parser.add_argument("--base", default=MODEL, help="the encoder that the training started from")
    arguments = parser.parse_args(words)
    network = Network(arguments.base)
    network.load_state_dict(weights(arguments.model / "reader.onnx"))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), arguments.out)


def weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the weights of a network that :mod:`training.export` wrote, by name."""
    graph = onnx.load(path).graph
    known = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    parts = ("encoder.", "span.", "answers.")
    found = {name: array for name, array in known.items() if name.startswith(parts)}
    for node in graph.node:
        name = node.name.strip("/").replace("/", ".").rsplit(".", 1)[0]
        if node.op_type == "MatMulNBits":
            found[f"{name}.weight"] = _plain(node, known)
        elif node.op_type == "MatMul" and node.input[1] in known:
            found[f"{name}.weight"] = known[node.input[1]].T
        elif node.op_type == "Identity" and node.input[0] in known:  # equal ones are kept once
            found[node.output[0]] = known[node.input[0]]
    embedding = "encoder.embeddings.word_embeddings"
    bytes_, scale = found.pop(f"{embedding}.bytes"), found.pop(f"{embedding}.scale")
    found[f"{embedding}.weight"] = bytes_.astype(np.float32) * scale[:, None]
    return {name: torch.from_numpy(np.array(array)) for name, array in found.items()}


def _plain(node: Any, known: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Return the weights of a matrix product, of shape (out, in)."""
    sizes = {one.name: one.i for one in node.attribute}
    blocks = known[node.input[1]]
    scales = known[node.input[2]].reshape(blocks.shape[:2])
    plain: NDArray[np.float32] = (blocks.astype(np.float32) - _ZERO) * scales[..., None]
    return plain.reshape(sizes["N"], -1)[:, : sizes["K"]]


if __name__ == "__main__":
    main()
