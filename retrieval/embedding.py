"""Text becomes vectors, without torch after the first use.

`sentence-transformers` loads the model once; it is exported to ONNX
(:mod:`retrieval.export`) into the cache folder, and from then on only
onnxruntime and tokenizers are imported.

Each text is run by itself, several at a time: there is no padding, so a batch
costs no more than its words, and the dynamic quantisation of one text cannot
depend on its neighbours, so a vector is a pure function of its text.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelError
from retrieval.passages import Offsets

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported

Vectors = NDArray[np.float32]
Feed = dict[str, NDArray[np.int64]]
"""A tokenised text, as a session wants it."""
Notify = Callable[[str], None]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of the published ``model.safetensors`` of sentence-transformers/all-MiniLM-L6-v2."""

EXPORT_FORMAT = "1"
"""Raised when the export is made in another way, so that all are made again."""


@dataclass(frozen=True)
class ModelCard:
    """What is known of a model: the same for its export as for its weights.

    ``fingerprint`` names the weights; vectors of different fingerprints do not
    compare.  ``max_pieces`` counts the word pieces of a text without the
    special tokens around them.  ``query_prompt`` and ``document_prompt`` are put
    before a text, where the model was trained so.
    """

    name: str
    fingerprint: str
    max_pieces: int
    query_prompt: str = ""
    document_prompt: str = ""


class Encoder(Protocol):
    """What runs the network: texts to unit vectors, one row a text."""

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return an array of shape (texts, dimensions)."""


class Embedder:
    """A model, with the tokenizer that belongs to it."""

    def __init__(self, card: ModelCard, tokenizer: Tokenizer, encode: Encoder) -> None:
        self.card = card
        self._tokenizer = tokenizer
        self.encode = encode

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector for each text."""
        vectors: list[list[float]] = self.encode(
            [self.card.document_prompt + text for text in texts]
        ).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question."""
        vector: list[float] = self.encode([self.card.query_prompt + text])[0].tolist()
        return vector

    def pieces(self, text: str) -> Offsets:
        """Return the (start, end) of each word piece of ``text``, special tokens left out."""
        offsets: Offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return offsets


def load_embedder(
    model: str | None, cache: Path, notify: Notify = lambda _: None, threads: int | None = None
) -> Embedder:
    """Return the embedding model, exported to ONNX on first use.

    Args:
        model: a folder, a name on the Hugging Face hub, or None for the model
            that comes with the install.
        cache: the folder that keeps the exports, one folder a model.
        notify: told what takes long, while it does.
        threads: texts encoded at a time; as many as there are processors if None.

    Raises:
        ModelError: if the model cannot be loaded, or is not what it should be.
    """
    exported = export_folder(model, cache)
    if not (exported / "model.json").exists():
        from retrieval.export import NotExportableError, export

        notify(f"Preparing the embedding model {model or DEFAULT_MODEL} (only the first time)")
        try:
            export(model, exported)
        except NotExportableError:
            from retrieval.torch_encoder import load_with_torch

            return load_with_torch(model)
    return _load_export(exported, threads or processors())


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def export_folder(model: str | None, cache: Path, kind: str = "") -> Path:
    """Name the folder of a model's export; it changes when a model's files on disk do.

    ``kind`` tells apart what may be exported of one model.
    """
    if model is None:
        return cache / f"{DEFAULT_MODEL}-{DEFAULT_WEIGHTS[:12]}-{EXPORT_FORMAT}"
    source = Path(model)
    identity = model
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.is_file())
        stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        identity = json.dumps([str(source.resolve()), stats])
    digest = hashlib.sha256(f"{kind}{identity}".encode()).hexdigest()
    return cache / f"{source.name}-{digest[:12]}-{EXPORT_FORMAT}"


def open_session(network: bytes) -> Any:
    """Return an onnxruntime session that runs one text at a time, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def feeds(encoding: Encoding, names: Iterable[str]) -> Feed:
    """Return a tokenised text as the arrays that a session wants, by the names of its inputs."""
    known = {
        "input_ids": encoding.ids,
        "attention_mask": encoding.attention_mask,
        "token_type_ids": encoding.type_ids,
    }
    return {name: np.array([known[name]], dtype=np.int64) for name in names}


def _load_export(folder: Path, threads: int) -> Embedder:
    from tokenizers import Tokenizer

    try:
        facts: dict[str, Any] = json.loads((folder / "model.json").read_text("utf-8"))
        network = (folder / "model.onnx").read_bytes()
        is_whole = hashlib.sha256(network).hexdigest() == facts["sha256"]
        card = ModelCard(**facts["card"])
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except (OSError, ValueError, KeyError, TypeError):
        is_whole = False
    except Exception as error:  # tokenizers raises no narrower class
        raise _damaged(folder) from error
    if not is_whole:
        raise _damaged(folder)
    return Embedder(
        card, tokenizer, OnnxEncoder(open_session(network), tokenizer, card.max_pieces, threads)
    )


def _damaged(folder: Path) -> ModelError:
    return ModelError(
        f"The exported model in {folder} is damaged; delete that folder, and it is made again."
    )


class OnnxEncoder:
    """Runs an exported model on the processor, ``threads`` texts at a time."""

    def __init__(self, session: Any, tokenizer: Tokenizer, max_pieces: int, threads: int) -> None:
        self._session = session
        self._inputs = [node.name for node in session.get_inputs()]
        self._tokenizer = tokenizer
        self._max_pieces = max_pieces
        self._threads = threads

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text; a text beyond the model's length is cut."""
        if len(texts) <= 1 or self._threads == 1:
            rows = [self._encode(text) for text in texts]
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                rows = list(pool.map(self._encode, texts))
        return np.stack(rows)

    def _encode(self, text: str) -> Vectors:
        encoding = self._tokenizer.encode(text)
        extra = encoding.special_tokens_mask.count(1)
        encoding.truncate(self._max_pieces + extra)
        row: Vectors = self._session.run(None, feeds(encoding, self._inputs))[0][0]
        return row
