"""The ends of a span are moved to where words, amounts and names end.

A reading model marks word pieces; "10,000" is what it may mark in "nearly 10,000", and
"164 people have been killed and nearly 10,000" where only the last of it was asked for.
"""

from __future__ import annotations

import re

from retrieval import short, terms
from retrieval.expressions import AMOUNT, HEDGE, MONTH, UNIT, WEEKDAY, YEAR
from retrieval.question import Kind, asked
from retrieval.short import Extent

LONGEST = 20
"""Words of a short answer; beyond that, the sentence speaks for itself."""

_BY_RULE = frozenset({Kind.COUNT, Kind.MEASURE, Kind.DURATION, Kind.TIME})
_WHY = re.compile(r"^\W*why\b", re.IGNORECASE)
_HEDGED = re.compile(rf"{HEDGE}(?={AMOUNT})", re.IGNORECASE)
_AMOUNT = re.compile(AMOUNT, re.IGNORECASE)
_UNIT = re.compile(rf"[ -]?{UNIT}", re.IGNORECASE)
_BEFORE_DATE = re.compile(
    rf"(?:in|on)\s+(?=(?:\d{{1,2}} )?{MONTH}|{WEEKDAY}|{YEAR}\b(?! [a-z]))", re.IGNORECASE
)
_INITIALS = re.compile(r"(?:\b[A-Za-z]\.){2,}$")
_NAME_WITH_INITIALS = re.compile(r"(?<![\w.])((?:[A-Z]\.){2,})(?: [A-Z][\w’'-]*)*")
_LAST_NAME = re.compile(r"[A-Z][\w’'-]*[a-z]")
_FIRST_NAME = re.compile(r"(?<![\w.’'-])([A-Z][a-z’'-]*[a-z]) $")
_NO_NAME = re.compile(
    rf"{MONTH}|{WEEKDAY}|{'|'.join(word.capitalize() for word in sorted(terms.STOP_WORDS))}"
)
_QUOTED = ' "“‘('
_FAR = 3
_EDGE = " \t\n,;:.!?–—-"
_QUOTES = {'"': '"', "“": "”", "‘": "’", "(": ")", "[": "]", "«": "»"}


def mend(question: str, sentence: str, start: int, end: int) -> Extent | None:
    """Return the piece of a sentence that a span of it means, or None if it is all of it.

    >>> sentence = "At least 164 people have been killed and nearly 10,000 arrested."
    >>> start, end = mend("how many were arrested?", sentence, 9, 54)
    >>> sentence[start:end]
    'nearly 10,000'
    """
    if _WHY.search(question):
        return None  # a reason is the sentence, not a few words of it
    start, end = _trimmed(sentence, *_whole_words(sentence, start, end))
    start, end = _with_hedge_and_unit(sentence, start, end)
    kind = asked(question)
    if kind is Kind.NAME:
        start = _with_first_name(sentence, start, end)
    plain = short.find(question, sentence) if kind in _BY_RULE else None
    if plain and plain[0] <= start and end <= plain[1]:
        start, end = _after_preposition(sentence, plain[0]), plain[1]
    elif plain and start <= plain[0] and plain[1] <= end:
        is_count = kind is Kind.COUNT  # of what, the question says itself
        if is_count or _surplus(sentence, start, end, plain):
            return plain
    is_short = start < end and len(sentence[start:end].split()) <= LONGEST
    is_all = len(sentence[start:end]) > 0.9 * len(sentence)
    return (start, end) if is_short and not is_all else None


def _surplus(sentence: str, start: int, end: int, plain: Extent) -> bool:
    """Tell whether a span says so much more than what was asked for that it must be cut."""
    return len(sentence[start:end].split()) >= len(sentence[slice(*plain)].split()) + _FAR


def _after_preposition(sentence: str, start: int) -> int:
    """Return where a date begins behind its preposition: "in 2004" → "2004"."""
    match = _BEFORE_DATE.match(sentence, start)
    return match.end() if match else start


def _whole_words(sentence: str, start: int, end: int) -> Extent:
    """Take in the rest of a word, of a number with its separators, or of "p.m.", cut at an end."""
    while start > 0 and _is_joined(sentence, start):
        start -= 1
    while end < len(sentence) and _is_joined(sentence, end):
        end += 1
    if sentence[end : end + 1] == "." and _INITIALS.search(sentence, 0, end + 1):
        end += 1
    return _with_initials(sentence, start, end)


def _with_initials(sentence: str, start: int, end: int) -> Extent:
    """Take in the whole of a name that is cut amid its initials: "R.V. Nordlys", not "R"."""
    for match in _NAME_WITH_INITIALS.finditer(sentence):
        first, last = match.start(), match.end(1) - 1
        if first < start < last:
            start = first
        if first < end < last:
            end = match.end()
    return start, end


def _is_joined(sentence: str, place: int) -> bool:
    before, after = sentence[place - 1], sentence[place]
    if before.isalnum() and after.isalnum():
        return True
    around = sentence[max(0, place - 2) : place + 2]
    return bool(re.search(r"\d[.,]\d", around)) or (before in "$€£¥−" and after.isdigit())


def _with_first_name(sentence: str, start: int, end: int) -> int:
    """Return where a name begins of which only the last word was marked: "Ine Dahl".

    A capital at the beginning of a sentence may be that of any word: there it counts only if
    the name goes on as an apposition.
    """
    before = _FIRST_NAME.search(sentence, 0, start)
    is_word = _LAST_NAME.fullmatch(sentence, start, end)
    if not before or not is_word or _NO_NAME.fullmatch(before[1]):
        return start
    is_first = not sentence[: before.start()].strip(_QUOTED)
    return start if is_first and sentence[end : end + 1] != "," else before.start()


def _trimmed(sentence: str, start: int, end: int) -> Extent:
    """Drop blanks and punctuation at the ends, and a quotation mark or bracket without its other.

    A full stop stays where it belongs to the last word: "U.S.".
    """
    while start < end and sentence[start] in _EDGE:
        start += 1
    while start < end and sentence[end - 1] in _EDGE and not _is_abbreviation(sentence, end):
        end -= 1
    for opening, closing in _QUOTES.items():
        inside = sentence[start:end]
        if inside[:1] == opening and closing not in inside[1:]:
            start += 1
        if inside[-1:] == closing and opening not in inside[:-1]:
            end -= 1
    return start, end


def _is_abbreviation(sentence: str, end: int) -> bool:
    is_title = re.search(r"\b[A-Z][a-z]?\.$", sentence[:end])
    return bool(is_title or _INITIALS.search(sentence, 0, end))


def _with_hedge_and_unit(sentence: str, start: int, end: int) -> Extent:
    """Take in the hedge before an amount and the unit behind it."""
    if not _AMOUNT.match(sentence, start):
        return start, end
    for match in _HEDGED.finditer(sentence, max(0, start - 30), end):
        if match.start() < start == match.end():
            start = match.start()
            break
    amount = _AMOUNT.search(sentence, start, min(len(sentence), end + 40))
    if amount and amount.start() < end < amount.end():
        end = amount.end()
    unit = _UNIT.match(sentence, end) if amount and amount.end() == end else None
    return start, unit.end() if unit else end
