"""What a teacher made of examples: is there an answer, and where does it begin and end.

A smaller reader learns more from these probabilities than from the right answer alone: how
doubtful an example is, and what else it might have been taken for (Hinton et al., 2015).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.model import Encoded, Marked

KEPT = 4
"""How many places are kept of the beginning, and of the end."""
_WHOLE = 255


def key(one: Encoded) -> int:
    """Return what an example is known by: a digest of its word pieces."""
    pieces = np.array(one.ids, dtype=np.uint16).tobytes()
    return int.from_bytes(hashlib.blake2b(pieces, digest_size=8).digest())


@dataclass(frozen=True)
class Marks:
    """The marks of some examples, by :func:`key`; probabilities are bytes, 255 being certain.

    ``answers`` has the shape (examples,), ``places`` and ``shares`` (examples, 2, places):
    the likeliest beginnings and ends, place 0 standing for "not here".
    """

    keys: NDArray[np.uint64]
    answers: NDArray[np.uint8]
    places: NDArray[np.uint16]
    shares: NDArray[np.uint8]

    @classmethod
    def made(cls, marks: Mapping[int, tuple[float, NDArray[Any]]]) -> Marks:
        """Return the marks of some keys, each a probability and an array of shape (2, pieces)."""
        places = np.zeros((len(marks), 2, KEPT), dtype=np.uint16)
        shares = np.zeros((len(marks), 2, KEPT), dtype=np.uint8)
        for row, (_, ends) in enumerate(marks.values()):
            likeliest = np.argsort(-ends, axis=1, kind="stable")[:, :KEPT]
            size = likeliest.shape[1]
            places[row, :, :size] = likeliest
            shares[row, :, :size] = _bytes(np.take_along_axis(ends, likeliest, 1))
        answers = _bytes(np.array([answers for answers, _ in marks.values()]))
        return cls(np.array(list(marks), dtype=np.uint64), answers, places, shares)

    def save(self, path: Path) -> None:
        """Write them to a file, whole or not at all."""
        scratch = path.with_suffix(".part")
        with scratch.open("wb") as file:
            np.savez_compressed(file, **vars(self))
        scratch.replace(path)

    @classmethod
    def load(cls, path: Path) -> Marks:
        """Return what :meth:`save` wrote."""
        with np.load(path) as arrays:
            return cls(**arrays)

    def joined(self, other: Marks) -> Marks:
        """Return these marks and those of another teaching."""
        both = ((getattr(self, name), getattr(other, name)) for name in vars(self))
        return Marks(*(np.concatenate(pair) for pair in both))

    def by_key(self) -> dict[int, Marked]:
        """Return what is known of each example."""
        answers = self.answers / _WHOLE
        shares = self.shares / np.maximum(self.shares.sum(2, keepdims=True), 1)
        return {
            int(name): Marked(float(answers[row]), self.places[row], shares[row])
            for row, name in enumerate(self.keys)
        }


def _bytes(probabilities: NDArray[Any]) -> NDArray[np.uint8]:
    return np.round(probabilities * _WHOLE).astype(np.uint8)
