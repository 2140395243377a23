"""What a question asks for, and the piece of a sentence that gives it.

"How many were arrested?" asks for a quantity; in "At least 164 people have
been killed and nearly 10,000 have been arrested" there are two, and the one
beside "arrested" is meant.  Rules, not a model: where they find nothing plain,
there is no short answer, and the sentence speaks for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import lru_cache

from retrieval import terms
from retrieval.expressions import (
    AMOUNT,
    HEDGE,
    MONTH,
    NAME,
    NUMBER_WORD,
    SPELL,
    UNIT,
    WEEKDAY,
    WHEN,
    YEAR,
)
from retrieval.question import Kind, asked

PLAINNESS = 1.25
"""How many times better than the next the chosen piece must be; where it is not, none is given."""

Extent = tuple[int, int]
"""(start, end) within a sentence."""


_PATTERNS = {
    Kind.COUNT: rf"{HEDGE}{AMOUNT}(?:\s?(?:%|percent\b|per cent\b))?",
    Kind.MEASURE: rf"{HEDGE}{AMOUNT}(?:[\s-]?{UNIT})?",
    Kind.DURATION: SPELL,
    Kind.TIME: rf"{WHEN}|\b(?:in|within|after|for)\s+{SPELL}(?:[’']s? time| later| ago)?",
    Kind.NAME: NAME,
    Kind.PLACE: NAME,
}
_COMPILED = {
    kind: re.compile(pattern, re.IGNORECASE if kind not in {Kind.NAME, Kind.PLACE} else 0)
    for kind, pattern in _PATTERNS.items()
}
_DATE = re.compile(rf"{WHEN}", re.IGNORECASE)
_NO_NAME = re.compile(rf"(?:{MONTH}|{WEEKDAY})\b|I\b|(?:[A-Z]\.)+(?!\s[A-Z])")
_BREAK = re.compile(r"[,;:()—–.!?“”\"]$|^(?:and|but|while|whereas|although|or)$")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:[’'.-]\w+)*|[^\w\s]")
_AFTER_PLACE_WORD = re.compile(r"\b(?:in|at|near|from|to|off|on|outside|across|of)\s+(?:the\s+)?$")
_BREAK_COST = 6
_LONGEST = 1_500
_BARE_YEAR = re.compile(YEAR)
_NOUN = re.compile(r"\s[a-z]")
_JOINT = re.compile(r"\s*(?:and|or|to|[-–])\s*")
_NUMBER_WORD = re.compile(NUMBER_WORD, re.IGNORECASE)
_MEASURED = re.compile(r"\s*(?:%|percent|[ -]?(?:years?|met(?:re|er)s?|miles?)\b)")
_UNITS = re.compile(rf"[$€£¥]|{UNIT}", re.IGNORECASE)
_MEASURES = tuple(
    (re.compile(cue, re.IGNORECASE), re.compile(form, re.IGNORECASE))
    for cue, form in (
        (r"\b(?:spen[dt]|cost|price|worth|pay|paid|earn|prize|money|budget|sum|get)\b",
         r"[$€£¥]|\b(?:dollars?|euros?|rupees?|dirhams?|yen|kron[ao]r)\b"),
        (r"\b(?:hot|cold|warm|temperature)\b", r"°|\bdegrees?\b"),
        (r"\b(?:strong|magnitude)\b", r"\bmagnitude(?: of)? $"),
        (r"\b(?:percent|percentage|per cent|share|proportion)\b", r"%|\bper ?cent\b"),
        (r"\b(?:fast|speed)\b", r"\b(?:per hour|km/h|mph|knots)\b"),
        (r"\b(?:old|age)\b", r"\byears?\b|^\d\d$"),
        (r"\b(?:long|tall|high|far|deep|wide|length|height|depth|distance)\b",
         r"\b(?:k?m|(?:kilo)?met(?:er|re)s?|miles?|feet|foot|yards?)\b"),
        (r"\b(?:heavy|weigh|weight)\b", r"\b(?:kg|(?:kilo)?grams?|tonnes?|tons?|pounds?)\b"),
    )
)  # fmt: skip


@lru_cache(maxsize=64)  # several spans are marked in one sentence
def find(question: str, sentence: str) -> Extent | None:
    """Return where a sentence gives what a question asks for, or None.

    >>> sentence = "At least 164 people have been killed and nearly 10,000 arrested."
    >>> start, end = find("how many were arrested?", sentence)
    >>> sentence[start:end]
    'nearly 10,000'
    """
    kind = asked(question)
    if kind is None or len(sentence) > _LONGEST:
        return None
    wanted = set(terms.stems(question))
    ranked = sorted(
        (-_score(kind, question, sentence, extent, wanted), extent)
        for extent in _candidates(kind, sentence, wanted)
    )
    if not ranked:
        return None
    is_plain = len(ranked) == 1 or ranked[0][0] < ranked[1][0] * PLAINNESS
    extents = [extent for _, extent in ranked]
    return extents[0] if is_plain and not _is_half(sentence, *extents) else None


def _is_half(sentence: str, extent: Extent, *others: Extent) -> bool:
    """Tell whether an extent is joined to another, as in "from 200 to 300": half of what is meant.

    >>> _is_half("Between 200 and 300 came.", (8, 11), (16, 19))
    True
    """
    start, end = extent
    return any(
        _JOINT.fullmatch(sentence[end:first] if first >= end else sentence[last:start])
        for first, last in others
    )


def _candidates(kind: Kind, sentence: str, wanted: Set[str]) -> Iterator[Extent]:
    counts = kind in {Kind.COUNT, Kind.MEASURE}
    found = _DATE.finditer(sentence) if counts else ()
    dates = [match.span() for match in found if not _counts(match)]
    for match in _COMPILED[kind].finditer(sentence):
        start, end = match.span()
        if kind in {Kind.NAME, Kind.PLACE}:
            start, end = _trim_name(sentence, start, end, wanted)
            is_wanted = start < end and not _NO_NAME.match(sentence, start)
        else:
            is_wanted = not _is_repeated(sentence[start:end], wanted)
        if counts:
            is_date = any(first <= start and end <= last for first, last in dates)
            is_wanted &= not (is_date or _numbers_a_name(sentence, start))
        if is_wanted:
            yield start, end


def _trim_name(sentence: str, start: int, end: int, wanted: Set[str]) -> Extent:
    """Drop from both ends of a name what the question said itself, stop words and full stops."""
    tokens = [
        (start + m.start(), start + m.end()) for m in re.finditer(r"\S+", sentence[start:end])
    ]

    def is_dropped(extent: Extent) -> bool:
        word = sentence[slice(*extent)].rstrip(".,’'").removesuffix("’s").removesuffix("'s")
        return word.lower() in terms.STOP_WORDS or terms.stem(word) in wanted

    while tokens and is_dropped(tokens[0]):
        tokens.pop(0)
    while tokens and is_dropped(tokens[-1]):
        tokens.pop()
    if not tokens:
        return start, start
    name = sentence[tokens[0][0] : tokens[-1][1]]
    plain = re.sub(r"(?:['’]s?|(?<=\w\w)\.)$", "", name)
    return tokens[0][0], tokens[0][0] + len(plain)


def _counts(date: re.Match[str]) -> bool:
    """Tell whether what looks like a bare year counts something, as in "1051 herons"."""
    return bool(_BARE_YEAR.fullmatch(date.group()) and _NOUN.match(date.string, date.end()))


def _is_repeated(amount: str, wanted: Set[str]) -> bool:
    """Tell whether the question itself gave this amount, as in "what of the 10,000 arrested?"."""
    words = [match.group() for match in terms.words(amount)]
    numbers = {terms.stem(w) for w in words if w[0].isdigit() or _NUMBER_WORD.fullmatch(w)}
    return bool(numbers) and numbers <= wanted


def _numbers_a_name(sentence: str, start: int) -> bool:
    """Tell whether a number is part of a name, as in "Falcon 9"."""
    before = re.search(r"(\S+)\s+$", sentence[max(0, start - 50) : start])
    return bool(
        before
        and before.start() > 0
        and sentence[start].isdigit()
        and before.group(1)[:1].isupper()
        and before.group(1)[-1].isalnum()
    )


def _score(kind: Kind, question: str, sentence: str, extent: Extent, wanted: Set[str]) -> float:
    """Return how close an extent stands to the question's words; a clause's edge is a distance."""
    start, end = extent
    score, position, places = 0.0, 0, []
    inside: list[int] = []
    for match in _TOKEN.finditer(sentence):
        token = match.group()
        position += _BREAK_COST if _BREAK.search(token) else 1
        if start <= match.start() < end:
            inside.append(position)
        elif terms.stem(token) in wanted:
            places.append(position)
    for place in places:
        score += 1 / (1 + min((abs(place - here) for here in inside), default=99))
    return score * _likelihood(kind, sentence, extent) + _fit(kind, question, sentence, extent)


def _likelihood(kind: Kind, sentence: str, extent: Extent) -> float:
    """Return how likely an extent is of its kind at all: a lone capital may not be a name."""
    start, end = extent
    if kind is Kind.NAME and " " not in sentence[start:end]:
        return 0.5
    if kind is Kind.COUNT and _MEASURED.match(sentence, end):
        return 0.5
    return 1.0


def _fit(kind: Kind, question: str, sentence: str, extent: Extent) -> float:
    """Return how well the form of an extent fits what is asked: a sum, a length, a place."""
    start, end = extent
    if kind is Kind.PLACE:
        return 0.5 if _AFTER_PLACE_WORD.search(sentence[:start]) else 0.0
    if kind is not Kind.MEASURE:
        return 0.0
    text = sentence[start:end]
    for cue, form in _MEASURES:
        if cue.search(question):
            return (
                1.0
                if form.search(text) or form.search(sentence[max(0, start - 14) : start])
                else 0.0
            )
    return 0.5 if _UNITS.search(text) else 0.0
