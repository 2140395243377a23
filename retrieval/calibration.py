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
    nowhere has; ``lead``: by how much the search scores the best passage above the
    others (:func:`retrieval.reader.lead`), the same for all candidates of a question.

    Two more were tried and changed little: the head that says whether a passage answers
    (it goes with the margin), and whether the sentence holds the kind of thing that is
    asked for.

    The score itself that the search gives is not among them: it compares passages of one
    library, and says little of whether any of them answers.  How far one stands out says
    more: where nothing answers, what is found is alike.  Which one it is counts where
    candidates are put in order (:meth:`Calibration.rank`).
    """

    margin: float
    says: float
    context: float
    missing: float
    lead: float


@dataclass(frozen=True)
class Calibration:
    """A logistic regression over :class:`Signs`, and the probability from which one answers.

    ``behind`` is what the score of the search weighs in the order of the candidates.
    Fitted by ``training/calibrate.py``.
    """

    weights: Mapping[str, float]
    intercept: float
    threshold: float
    behind: float = 0.0

    def probability(self, signs: Signs) -> float:
        """Return the probability that a sentence with these signs answers."""
        return 1 / (1 + math.exp(min(-self._odds(signs), 700.0)))

    def rank(self, signs: Signs, behind: float) -> float:
        """Return what puts candidates in order, greater being better: log-odds, and the search.

        ``behind`` is by how much the search scores the candidate's passage below its best.
        """
        return self._odds(signs) - self.behind * behind

    def _odds(self, signs: Signs) -> float:
        each = (w * float(getattr(signs, name)) for name, w in self.weights.items())
        return self.intercept + sum(each)
