"""What counts as a question, and what it asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from retrieval.articles import normalise
from retrieval.errors import QuestionError
from retrieval.types import fold_space

MAX_QUESTION = 1_000
"""The longest question, in characters."""


class Kind(Enum):
    """What a question asks for."""

    COUNT = "how many"
    MEASURE = "how much"
    DURATION = "how long"
    TIME = "when"
    NAME = "who"
    PLACE = "where"


@dataclass(frozen=True)
class Query:
    """A question that stands alone.

    ``topic`` is the title of the article that it is about, where it does not say so
    itself.  Search looks for both, and the answer is judged by the question alone: a
    topic is in every sentence of its article, and says nothing of which one answers.

    ``focus`` are the stems that a follow-up adds to the question before it.  A passage
    that has not half of them speaks of that one, and is not read.
    """

    question: str
    topic: str | None = None
    focus: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.topic}: {self.question}" if self.topic else self.question


_INTERROGATIVE = re.compile(r"\b(?:what|which|why|how|who(?:m|se)?|when|where)\b")
_ASKED = tuple((kind, re.compile(pattern)) for kind, pattern in (
    (Kind.DURATION, r"\bhow long (?:did|does|do|will|is|was|were|has|have|had|would|can)\b(?!.*\b"
                    r"(?:bridge|river|border|wall|road|tunnel|ship|wreck)\b)"),
    (Kind.MEASURE, r"\bhow (?:much|long|tall|high|far|deep|wide|big|large|fast|heavy|hot|cold|old|"
                   r"strong|close|thick)\b|\bwhat (?:percentage|percent|share|proportion|price|"
                   r"amount|temperature|magnitude|age|sum|margin|speed|size|height|length|weight)\b"),
    (Kind.COUNT, r"\bhow many\b|\bwhat (?:number|(?:is|was) the (?:number|total|population|"
                 r"(?:death )?toll))\b"),
    (Kind.TIME, r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|time|century|decade)\b"
                r"|\bhow soon\b"),
    (Kind.NAME, r"\bwho(?:m|se)?\b|\bwhat (?:is|was) the name\b|\bwhich (?:person|man|woman|"
                r"country|company|team|player|president|minister|scientist|official|party)\b"),
    (Kind.PLACE, r"\bwhere\b|\b(?:what|which) (?:country|city|town|state|place|region|province|"
                 r"continent|island)\b"),
))  # fmt: skip
_HEALTH_BODY = re.compile(r"(?<=[a-z] )WHO\b")


def check(question: str) -> str:
    """Return the question on one line, without control characters.

    Raises:
        QuestionError: if it is empty, or longer than :data:`MAX_QUESTION`.
    """
    asked = fold_space(normalise(question))
    if not any(character.isalnum() for character in asked):
        raise QuestionError('The question is empty; ask something, like "how many were arrested?"')
    if len(asked) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(asked):,} characters; ask it in at most {MAX_QUESTION:,}."
        )
    return asked


def asked(question: str) -> Kind | None:
    """Return what a question asks for, or None where it is not plain."""
    lower = _HEALTH_BODY.sub("", question).lower()
    first = _INTERROGATIVE.search(lower)
    for kind, pattern in _ASKED:
        match = pattern.search(lower)
        if match and (first is None or match.start() <= first.start()):
            return kind
    return None
