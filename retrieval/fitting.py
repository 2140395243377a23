"""Whether words can be what a question asks for at all: an amount, of such a unit; a time of day.

A reading model marks a place, not a kind of thing: asked how fast, it may mark the hour.
Only what is plainly of another kind is turned down.
"""

from __future__ import annotations

import re
from functools import lru_cache

from retrieval.expressions import AMOUNT, CLOCK, MONTH, WEEKDAY
from retrieval.short import Extent

_AMOUNT = re.compile(
    rf"{AMOUNT}|\d|\b(?:an?|once|twice|many|most|all|few|couple|both|every|each|single|multi\w*|any|"
    r"frequently|\w+(?:th|rd|first|second))\b",
    re.IGNORECASE,
)
_UNITS = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "time": r"\b(?:second|minute|hour|day|night|week|month|year|decade)s?\b|\bcentur\w+",
        "speed": r"(?:\bper|/|\ban?) ?(?:h|hour|s|second|minute)\b|\b(?:mph|knots|kph|mach)\b|mph",
        "distance": r"\d\s?(?:[kcm]?m|mi|ft)\b|\b(?:(?:kilo|centi|milli)?met(?:er|re)s?|miles?|"
        r"f(?:ee|oo)t|yards?|inch(?:es)?|stor(?:e?y|eys|ies)|floors?|blocks?|light[- ]years?|km)\b",
        "weight": r"(?:\b|\d)(?:kg|(?:kilo|milli)?grams?|tonnes?|tons?|pounds?|lbs?|ounces?)\b",
        "heat": r"°|\bdegrees?\b|\d[CF]\b",
        "share": r"%|\bper ?cent(?:age)?\b",
    }.items()
}
_WHAT = r"\b(?:what|which)(?: [\w’'-]+){0,4} "
_OF_UNIT = tuple(
    (re.compile(cue, re.IGNORECASE), frozenset(units))
    for cue, units in (
        (r"\bhow many (?:second|minute|hour|day|week|month|year)s\b", ("time",)),
        (r"\bhow many (?:miles|(?:kilo)?met(?:er|re)s|feet)\b", ("distance",)),
        (rf"\bhow fast\b|{_WHAT}speed\b", ("speed",)),
        (rf"\bhow (?:tall|deep)\b|{_WHAT}(?:height|depth|width|distance)\b", ("distance",)),
        (
            r"\bhow long (?:is|are|was|were) (?:the|an?|this|that) (?:[\w’'-]+ ){0,3}(?:bridge|"
            r"river|border|wall|road|tunnel|ship|vessel|canal|wreck|coast(?:line)?)"
            r"(?=\W*$| that\b| which\b)",
            ("distance",),
        ),
        (r"\bhow far\b", ("distance", "time", "share")),
        (rf"\bhow heavy\b|{_WHAT}weight\b", ("weight",)),
        (rf"\bhow (?:hot|cold|warm)\b|{_WHAT}temperature\b", ("heat",)),
        (rf"{_WHAT}(?:percent|percentage|per cent)\b", ("share",)),
        (r"\bhow old\b", ("time",)),
    )
)
"""What a question asks for, and the units that such an amount may have."""

_PRICE_ASKED = re.compile(
    r"\bhow much (?:did|does|do|will|would|has|had|have|was|were|is|are)\b.*"
    r"\b(?:costs?|pa(?:y|id)|spen[dt]|worth|earn(?:ed)?)\b",
    re.IGNORECASE,
)
_POUNDS_OF_WEIGHT = re.compile(
    r"(?:pounds|lbs)\W+(?:or )?[\d.,]+ ?k(?:g|ilograms?)\b", re.IGNORECASE
)

_NUMERIC = re.compile(
    r"\bhow (?:many|fast|tall|old|deep)\b|\bhow strong (?:is|was|were) (?:\S+ ){1,2}\w*quakes?\b"
    r"|\bwhat (?:is|was) the number of\b",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"\bwhat (?:is|was) the (?:[\w’'-]+ ){0,2}(?:temperature|percentage|population|magnitude|speed|"
    r"height|weight|depth|score|toll) (?:of|in|at|ever|recorded|between|reached)\b",
    re.IGNORECASE,
)
_TIME_OF_DAY = re.compile(r"\bwhat time\b(?! (?:period|frame|of year|span))", re.IGNORECASE)
_YEAR_ASKED = re.compile(r"\b(?:what|which) year\b", re.IGNORECASE)
_CLOCK = re.compile(
    rf"{CLOCK}|\b(?:noon|midday|midnight|dawn|dusk|sun(?:rise|set)|morning|afternoon|evening|night|"
    r"o.clock)\b",
    re.IGNORECASE,
)
_DATE = re.compile(rf"\b(?:{MONTH}|{WEEKDAY})(?!\w)")
_YEAR = re.compile(r"\d\d|\b(?:year|centur|teen|twenty|hundred)", re.IGNORECASE)
_AGE = re.compile(r"[^\W\d_]\w*, $")
_AGE_ASKED = re.compile(r"\b(?:old|ages?|aged)\b", re.IGNORECASE)
_TWO_DIGITS = re.compile(r"\d\d")
_NEAR = 24
_FEW = 3
_BARE = re.compile(AMOUNT, re.IGNORECASE)
_NOUN = re.compile(r"[ -][a-z]")


def fits(question: str, sentence: str, extent: Extent) -> bool:
    """Tell whether the words at ``extent`` may be of the kind that a question asks for.

    >>> sentence = "The rover weighs 26 kilograms."
    >>> fits("How heavy is the rover?", sentence, (17, 29))
    True
    >>> fits("How far did the rover drive?", sentence, (17, 29))
    False
    """
    start, end = extent
    words = sentence[start:end]
    if _TIME_OF_DAY.search(question):
        return bool(_CLOCK.search(words)) or not _DATE.search(words)
    if _YEAR_ASKED.search(question):
        return bool(_YEAR.search(words))
    if _is_no_amount_asked(question, sentence, extent):
        return False
    wanted = _units_asked(question)
    near = _units(sentence[start : end + _NEAR])
    if not wanted or wanted & near:
        return True
    counts_another = _BARE.fullmatch(words) and _NOUN.match(sentence, end)
    return not (counts_another or _units(words) or _CLOCK.search(words))


def _is_no_amount_asked(question: str, sentence: str, extent: Extent) -> bool:
    """Tell whether a question asks for a number or a price, and the words at ``extent`` are none.

    "1,260 pounds (570 kg)" is no price, whatever a pound may be elsewhere.
    """
    start, end = extent
    words = sentence[start:end]
    has_amount = bool(_AMOUNT.search(words))
    if _NUMERIC.search(question):
        is_age = not _AGE_ASKED.search(question) and _is_age_in_passing(sentence, extent)
        return is_age or not has_amount
    if _MEASURED.search(question) and not has_amount and len(words.split()) > _FEW:
        return True
    is_weight = _POUNDS_OF_WEIGHT.search(sentence, start, end + _NEAR)
    return bool(is_weight and _PRICE_ASKED.search(question))


def _units(words: str) -> frozenset[str]:
    return frozenset(name for name, pattern in _UNITS.items() if pattern.search(words))


@lru_cache(maxsize=16)
def _units_asked(question: str) -> frozenset[str]:
    """Return which units an amount may have, none where any may."""
    return frozenset().union(*(units for cue, units in _OF_UNIT if cue.search(question)))


def _is_age_in_passing(sentence: str, extent: Extent) -> bool:
    """Tell whether a number is the age beside a name: "For Ada Holm, 36, it was the first"."""
    start, end = extent
    words = sentence[start:end]
    return (
        bool(_TWO_DIGITS.fullmatch(words))
        and sentence[end : end + 1] in {",", "."}
        and bool(_AGE.search(sentence[:start]))
    )
