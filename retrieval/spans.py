"""The reading model: finds in a passage the words that answer a question, or that none do.

A BERT with two heads (``training/``), run by onnxruntime without torch.  Each passage
is run by itself, several at a time: there is no padding, and the dynamic quantisation
of one passage cannot depend on its neighbours, so what is found in a passage is a pure
function of the question and the passage.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from retrieval.embedding import Feed, feeds, open_session, processors
from retrieval.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer


FILES = ("reader.onnx", "tokenizer.json")
"""The files of a model, beside ``reader.json``."""

LONGEST_SPAN = 24
"""Word pieces of an answer, at most."""

LONGEST = 512
"""Word pieces that the model reads: the question, the title and the passage."""

SPANS = 4
"""How many spans of a passage are given, none of which overlaps another."""


_REACHING = np.arange(LONGEST_SPAN) >= np.arange(LONGEST_SPAN - 1, 0, -1)[:, None]
"""Which spans reach a place: by how far before it they start, nearest last, and by length."""


@dataclass(frozen=True)
class Titled:
    """A passage as it is read: under its article's title, which may be empty."""

    title: str
    text: str


@dataclass(frozen=True)
class Found:
    """A stretch of a passage, and by how much an answer there beats "not here".

    ``margin`` is a difference of log-sums of odds (in logits): all that the model might mark
    which shares a word piece with the stretch, against nothing.
    """

    start: int
    end: int
    margin: float


@dataclass(frozen=True)
class Reading:
    """What the model makes of a passage.

    ``spans`` are the best ones, best first; ``odds`` the log-odds that it answers at all.
    """

    spans: tuple[Found, ...]
    odds: float


class Read(Protocol):
    """Whoever reads passages for a question."""

    def __call__(self, question: str, passages: Sequence[Titled]) -> Iterator[Reading]:
        """Yield a reading for each passage, in order, each as soon as it is there."""


def load(folder: Path, threads: int | None = None) -> SpanModel:
    """Return the model in a folder: ``reader.onnx``, ``tokenizer.json`` and ``reader.json``.

    ``threads``: passages read at a time; as many as there are processors if None.

    Raises:
        ModelError: if a file is missing, or is not what ``reader.json`` says.
    """
    from tokenizers import Tokenizer

    try:
        known = json.loads((folder / "reader.json").read_text("utf-8"))["sha256"]
        network, tokenizer = ((folder / name).read_bytes() for name in FILES)
        is_whole = digests(network, tokenizer) == known
    except (OSError, ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise ModelError(
            f"The reading model in {folder} is damaged or missing; install Footnote again, or "
            "set READER_MODEL to another one."
        )
    return SpanModel(
        open_session(network), Tokenizer.from_str(tokenizer.decode()), threads or processors()
    )


def digests(*files: bytes) -> dict[str, str]:
    """Return the sha256 of the contents of :data:`FILES`, as ``reader.json`` keeps them."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in zip(FILES, files, strict=True)}


class SpanModel:
    """Runs an exported model on the processor, ``threads`` passages at a time.

    ``session`` gives an array of shape (1, pieces, 2), the logits of start and end, where
    place 0 stands for "not here", and one of shape (1,), the log-odds of answering.
    """

    def __init__(self, session: Any, tokenizer: Tokenizer, threads: int) -> None:
        self._session = session
        self._inputs = [node.name for node in session.get_inputs()]
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()  # of texts that are tokenised together, too
        self._threads = threads

    def __call__(self, question: str, passages: Sequence[Titled]) -> Iterator[Reading]:
        """Yield a reading for each passage, in order; one beyond the model's length is cut.

        The work begins at once, and goes on while the first ones are looked at.
        """
        headings = [f"{passage.title}\n" if passage.title else "" for passage in passages]
        encodings = self._tokenizer.encode_batch(
            [
                (question, heading + passage.text)
                for heading, passage in zip(headings, passages, strict=True)
            ]
        )
        outputs = self._run([feeds(encoding, self._inputs) for encoding in encodings])
        return (
            _reading(encoding, len(heading), *output)
            for encoding, heading, output in zip(encodings, headings, outputs, strict=True)
        )

    def _run(self, inputs: Sequence[Feed]) -> Iterator[Any]:
        run = partial(self._session.run, None)
        if len(inputs) <= 1 or self._threads == 1:
            return map(run, inputs)
        pool = ThreadPoolExecutor(self._threads)
        running = [pool.submit(run, one) for one in inputs]
        pool.shutdown(wait=False)  # what was submitted is still done
        return (one.result() for one in running)


def _reading(
    encoding: Encoding, heading: int, logits: NDArray[np.float32], odds: NDArray[np.float32]
) -> Reading:
    """Return what the outputs say of a passage, whose text begins behind its heading."""
    offsets = np.array(encoding.offsets) - heading
    is_text = np.array([place == 1 for place in encoding.sequence_ids]) & (offsets[:, 0] >= 0)
    pieces = offsets[is_text].tolist()
    none = float(logits[0, 0].sum())
    return Reading(
        tuple(
            Found(pieces[first][0], pieces[last][1], score - none)
            for first, last, score in best_spans(logits[0, is_text])
        ),
        float(odds[0]),
    )


def best_spans(logits: NDArray[np.float32], count: int = SPANS) -> list[tuple[int, int, float]]:
    """Return (first, last, score) of the best spans that do not overlap, the likeliest place first.

    ``logits`` has the shape (pieces, 2).  Of spans that overlap the best by the sum of its
    start and its end is found; its score is the log-sum of theirs and its own, as a model
    that hesitates between "10,000" and "nearly 10,000" does not doubt that the answer is there.
    """
    size = len(logits)
    ends = np.full(size + LONGEST_SPAN, -np.inf, dtype=logits.dtype)
    ends[:size] = logits[:, 1]
    sums = logits[:, :1] + sliding_window_view(ends, LONGEST_SPAN)[:size]  # by start and length
    found: list[tuple[int, int, float]] = []
    while len(found) < count and size:
        first, more = divmod(int(sums.argmax()), LONGEST_SPAN)
        if sums[first, more] == -np.inf:
            break
        last = first + more
        before = min(first, len(_REACHING))
        reaching = _REACHING[len(_REACHING) - before :]
        overlapping = sums[first : last + 1].ravel(), sums[first - before : first][reaching]
        found.append((first, last, float(np.logaddexp.reduce(np.concatenate(overlapping)))))
        sums[first : last + 1] = -np.inf
        np.copyto(sums[first - before : first], -np.inf, where=reaching)
    return sorted(found, key=lambda one: one[2], reverse=True)
