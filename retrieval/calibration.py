"""What speaks for a sentence as an answer, and how probable that makes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Signs:
    """What speaks for a sentence as the answer to a question.

    ``margin``: by how much the words marked in it beat "not here", for the model;
    ``says``: share of the question's content words, weighted by rarity, that is in
    the sentence or the title; ``context``: that share for its passage and the title;
    ``missing``: the share of the names and numbers in the question that its article
    nowhere has.

    Two more were tried and changed nothing: the head that says whether a passage answers
    (it goes with the margin), and whether the sentence holds the kind of thing that is
    asked for.

    The score of the search is not among them: it compares passages of one
    library, and says little of whether any of them answers.
    """

    margin: float
    says: float
    context: float
    missing: float


@dataclass(frozen=True)
class Calibration:
    """A logistic regression over :class:`Signs`, and the probability from which one answers.

    Fitted by ``training/calibrate.py``.
    """

    weights: Mapping[str, float]
    intercept: float
    threshold: float

    def probability(self, signs: Signs) -> float:
        """Return the probability that a sentence with these signs answers."""
        total = self.intercept + sum(w * getattr(signs, name) for name, w in self.weights.items())
        return 1 / (1 + math.exp(min(-total, 700.0)))
