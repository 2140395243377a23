"""The official measures of SQuAD 2.0: exact match and F1 of normalised words."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise(text: str) -> str:
    """Return a text in lower case, without punctuation, articles and extra blanks."""
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact(answer: str, references: Sequence[str]) -> float:
    """Return 1 if an answer is one of the references; none is right where there are none."""
    if not references:
        return float(not answer)
    return float(any(normalise(answer) == normalise(one) for one in references))


def f1(answer: str, references: Sequence[str]) -> float:
    """Return the greatest F1 of an answer's words with those of a reference."""
    if not references:
        return float(not answer)
    return max(_overlap(normalise(answer).split(), normalise(one).split()) for one in references)


def _overlap(words: Sequence[str], wanted: Sequence[str]) -> float:
    if not words or not wanted:
        return float(words == wanted)
    shared = sum((Counter(words) & Counter(wanted)).values())
    return 2 * shared / (len(words) + len(wanted))


def best_f1(forced: Sequence[float], scores: Sequence[float], answerable: Sequence[bool]) -> float:
    """Return the mean F1 at the best threshold: below it nothing is said.

    ``forced`` are the F1 of answers said in any case, 0 where there is no answer.
    """
    order = sorted(range(len(scores)), key=lambda n: -scores[n])
    total = best = float(sum(not is_there for is_there in answerable))
    for n in order:
        total += forced[n] if answerable[n] else -1.0
        best = max(best, total)
    return best / len(scores)
