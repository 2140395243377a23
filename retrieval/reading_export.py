"""An extractive question-answering model of the Hugging Face kind becomes an ONNX file.

Its weights keep 32 bits.  The only module, with :mod:`retrieval.export` and
:mod:`retrieval.torch_encoder`, that imports torch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from retrieval.errors import ModelError
from retrieval.export import new_folder, trace
from retrieval.spans import FILES, LONGEST, digests

OUTPUTS = {"logits": {0: "text", 1: "piece"}, "odds": {0: "text"}}
"""What :class:`retrieval.spans.SpanModel` wants, with the axes that vary."""


def export(model: str, folder: Path) -> None:
    """Write ``reader.onnx``, ``tokenizer.json`` and ``reader.json`` to a new ``folder``.

    Raises:
        ModelError: if the model cannot be loaded, or the folder not be written.
    """
    network, tokenizer = _load(model)
    with new_folder(folder, "reader.json") as scratch:
        longest = min(LONGEST, network.config.max_position_embeddings, tokenizer.model_max_length)
        pieces = tokenizer.backend_tokenizer
        pieces.no_padding()
        pieces.enable_truncation(int(longest), strategy="longest_first")
        pieces.save(str(scratch / "tokenizer.json"))
        _trace(network, tokenizer, scratch / "reader.onnx")
        facts = {
            "model": model,
            "sha256": digests(*((scratch / name).read_bytes() for name in FILES)),
        }
        (scratch / "reader.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def _load(model: str) -> tuple[Any, Any]:
    """Return the network and its tokenizer; one whose head would be made up is refused."""
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    try:
        network, info = AutoModelForQuestionAnswering.from_pretrained(
            model, attn_implementation="eager", output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(model)
    except Exception as error:  # transformers raises no narrower class
        raise ModelError(
            f"The reading model {model} cannot be loaded ({str(error).splitlines()[0]}); set "
            "READER_MODEL to an extractive question-answering model, or leave it out."
        ) from error
    if any(name.startswith("qa_outputs") for name in info["missing_keys"]):
        raise ModelError(
            f"{model} was not trained to answer questions; set READER_MODEL to a model for "
            "extractive question answering, or leave it out."
        )
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(f"{model} has no fast tokenizer; set READER_MODEL to a model that has.")
    return network.eval(), tokenizer


def _trace(network: Any, tokenizer: Any, path: Path) -> None:
    import torch

    features = tokenizer("who came?", "Two came.", return_tensors="pt")
    names = [n for n in ("input_ids", "attention_mask", "token_type_ids") if n in features]

    class Whole(torch.nn.Module):
        """The network, with its outputs as :class:`retrieval.spans.SpanModel` wants them."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            found = self.network(**dict(zip(names, tensors, strict=True)))
            logits = torch.stack([found.start_logits, found.end_logits], dim=-1)
            return logits, logits[:, 0, 0] * 0  # such a model has no head for "it answers"

    trace(Whole(), {name: features[name] for name in names}, OUTPUTS, path)
