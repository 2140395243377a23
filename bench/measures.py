"""How good a ranking is, and how sure one can be of a difference.

A ranking is a list of whether each place holds what was looked for, best first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import ndcg_score, roc_auc_score

CUTS = (1, 5, 10)
RESAMPLES = 2_000
SEED = 17

Values = NDArray[np.float64]
Interval = tuple[float, float, float]
"""A difference, and the ends of its 95% interval."""


def recall(ranking: Sequence[bool], cut: int) -> float:
    """Return 1 if one of the first ``cut`` places holds it, else 0."""
    return float(any(ranking[:cut]))


def reciprocal_rank(ranking: Sequence[bool]) -> float:
    """Return 1 over the place that holds it first, from 1; 0 if none does."""
    return next((1 / place for place, holds in enumerate(ranking, start=1) if holds), 0.0)


def ndcg(ranking: Sequence[str], relevant: set[str], cut: int = 10) -> float:
    """Return the normalised discounted cumulative gain of a ranking of documents.

    Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques",
    ACM TOIS 2002; relevance is yes or no here.
    """
    listed = list(dict.fromkeys(ranking))[:cut]
    blanks = [""] * (cut - len(listed))
    every = [*listed, *blanks, *sorted(relevant.difference(listed))]
    gains = [float(one in relevant) for one in every]
    scores = [float(-place) for place in range(len(every))]
    return float(ndcg_score([gains], [scores], k=cut, ignore_ties=True))


def mean_difference(left: Sequence[float], right: Sequence[float]) -> Interval:
    """Return by how much ``left`` is greater on average, question by question.

    The interval is that of the paired bootstrap (Efron and Tibshirani 1993, percentiles).
    """
    differences = np.asarray(left, dtype=float) - np.asarray(right, dtype=float)
    if not differences.any():
        return 0.0, 0.0, 0.0
    found = stats.bootstrap(
        (differences,),
        np.mean,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    low, high = found.confidence_interval
    return float(differences.mean()), float(low), float(high)


def area_difference(
    there: Sequence[bool], left: Sequence[float], right: Sequence[float]
) -> Interval:
    """Return by how much the area under the curve of ``left`` is greater, with its interval."""

    def difference(flags: Values, ours: Values, theirs: Values) -> float:
        return float(roc_auc_score(flags, ours) - roc_auc_score(flags, theirs))

    columns = (np.asarray(there, float), np.asarray(left, float), np.asarray(right, float))
    low, high = _paired(columns, difference)
    return difference(*columns), low, high


def _paired(columns: tuple[Values, ...], statistic: Callable[..., float]) -> tuple[float, float]:
    found = stats.bootstrap(
        columns,
        statistic,
        paired=True,
        vectorized=False,
        n_resamples=RESAMPLES // 4,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    low, high = found.confidence_interval
    return float(low), float(high)
