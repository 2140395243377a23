"""The numbers of a text as values, each with how sure the text is of it.

``"nearly 10,000 people in two days"`` has the amounts (below, 10000) and (exactly, 2):
so "almost ten thousand" is the same, and "10,000" is not.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from retrieval.types import fold_space


class Hedge(Enum):
    """How a number is meant."""

    EXACTLY = ""
    ABOUT = "about|around|approximately|roughly|some|an estimated|estimated|close to|circa"
    BELOW = "nearly|almost|just under|just short of"
    LESS = "less than|fewer than"
    MORE = "more than|over|well over|just over|upwards of|in excess of|exceeding"
    AT_LEAST = "at least|no fewer than|no less than|not less than|a minimum of"
    ONLY = "only|just|merely|a mere"
    AT_MOST = "at most|no more than|not more than|up to|as many as|as much as|a maximum of"


class Amount(NamedTuple):
    """A number of a text; ``words`` are those it is written with."""

    hedge: Hedge
    value: float
    words: str
    unit: str = ""

    @property
    def meaning(self) -> tuple[Hedge, float]:
        """What two ways of writing the same amount have in common, whatever it counts."""
        return self.hedge, self.value

    def is_given_by(self, other: Amount) -> bool:
        """Tell whether another amount is the same; a unit that one leaves out is no difference."""
        return self.meaning == other.meaning and (
            self.unit == other.unit or not self.unit or not other.unit
        )


_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES: dict[str, float] = {
    **{word: float(value) for value, word in enumerate(_UNITS.split())},
    **{word: 10.0 * value for value, word in enumerate(_TENS.split(), start=2)},
}
_SCALES = {"hundred": 1e2, "dozen": 12.0, "thousand": 1e3, "million": 1e6, "billion": 1e9,
           "trillion": 1e12}  # fmt: skip
_ORDINALS = {
    "first": 1.0, "second": 2.0, "third": 3.0, "fourth": 4.0, "fifth": 5.0, "sixth": 6.0,
    "seventh": 7.0, "eighth": 8.0, "ninth": 9.0, "tenth": 10.0,
}  # fmt: skip
_ORDINAL = "|".join(word for word in _ORDINALS if word != "second")  # which is a time, too
_UNIT = "|".join(_UNITS.split()[1:10])
_WORD = rf"(?:(?:{'|'.join(_TENS.split())})(?:-(?:{_UNIT}))?|{'|'.join(reversed(_UNITS.split()))})"
_SCALE = "|".join(_SCALES)
_HEDGES = sorted(
    ((phrase, hedge) for hedge in Hedge if hedge.value for phrase in hedge.value.split("|")),
    key=lambda pair: -len(pair[0]),
)
_AMOUNT = re.compile(
    rf"(?:\b(?P<hedge>{'|'.join(phrase for phrase, _ in _HEDGES)})\s+(?:the\s+|an?\s+)?)?"
    r"(?:(?P<digits>(?:(?<![\w.,])[−-])?[$€£¥]?\d+(?:[.,:]\d+)*)(?:st|nd|rd|th)?(?!\d)|"
    rf"\b(?P<words>(?:{_WORD}|an?(?= (?:{_SCALE})\b))(?: hundred(?: (?:and )?{_WORD})?)?)\b)"
    rf"(?P<scale>(?:[- ](?:{_SCALE})\b)*)"
    rf"|\b(?P<ordinal>{_ORDINAL}|(?<=\bthe )second)\b",
    re.IGNORECASE,
)
_UNIT_BEHIND = re.compile(
    r"\s?(?:(?P<percent>%|per ?cent\b|percentage)|(?P<dollar>(?:U\.?S\.? )?dollars?\b)|"
    r"(?P<euro>euros?\b)|(?P<yen>yen\b)|(?P<crown>crowns?\b|kron(?:or|er|a)\b)|(?P<dirham>dirhams?\b)|"
    r"(?P<rupee>rupees?\b)|(?P<mile>miles?\b)|(?P<kilometre>kilomet(?:re|er)s?\b|km\b)|"
    r"(?P<foot>feet\b|foot\b)|(?P<metre>met(?:re|er)s?\b)|(?P<kilogram>kilograms?\b|kg\b)|"
    r"(?P<second>seconds?\b)|(?P<minute>minutes?\b)|(?P<hour>hours?\b)|(?P<day>days?\b)|"
    r"(?P<week>weeks?\b)|(?P<month>months?\b)|(?P<year>years?\b))",
    re.IGNORECASE,
)
_SYMBOLS = {"$": "dollar", "€": "euro", "¥": "yen"}
_HALF = re.compile(rf"\bhalf an? (?=(?:{_SCALE})\b)", re.IGNORECASE)
_NO_NUMBER = re.compile(
    r"\b(?:no|any|every|some|the|this|that|which) ?one\b|\bone (?:of|another|can|could|may|must)\b|"
    r"\b(?:the|these|those|other) two\b|\bone\b(?=[.,;])",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def amounts(text: str) -> list[Amount]:
    """Return the numbers of a text, in order; those written as words too."""
    line = _HALF.sub("0.5 ", _NO_NUMBER.sub(" ", fold_space(text)))
    return [
        Amount(_hedge(found["hedge"]), _value(found), found.group().strip(), _unit(found))
        for found in _AMOUNT.finditer(line)
    ]


def _unit(found: re.Match[str]) -> str:
    """Return the unit of a number, by the symbol before it or the word behind; else nothing."""
    behind = _UNIT_BEHIND.match(found.string, found.end())
    symbol = next((name for sign, name in _SYMBOLS.items() if sign in found.group()), "")
    return symbol or (behind.lastgroup or "" if behind else "")


def _hedge(phrase: str | None) -> Hedge:
    wanted = (phrase or "").lower()
    return next((hedge for words, hedge in _HEDGES if words == wanted), Hedge.EXACTLY)


def _value(found: re.Match[str]) -> float:
    if found["ordinal"]:
        return _ORDINALS[found["ordinal"].lower()]
    value = _of_digits(found["digits"]) if found["digits"] else _of_words(found["words"])
    for scale in re.findall(_SCALE, (found["scale"] or "").lower()):
        value *= _SCALES[scale]
    return value


def _of_digits(digits: str) -> float:
    """Return what digits mean; a time of day and a range keep their second half as decimals."""
    sign = -1.0 if digits[0] in "−-" else 1.0
    bare = digits.lstrip("−-$€£¥")
    if _GROUPED.fullmatch(bare):
        return sign * float(bare.replace(",", ""))
    whole, *rest = re.split("[.,:]", bare)
    return sign * float(f"{whole}.{''.join(rest)}" if rest else whole)


def _of_words(words: str) -> float:
    total = 0.0
    for word in re.findall(r"[a-z]+", words.lower()):
        if word == "hundred":
            total *= 100.0
        elif word != "and":
            total += _VALUES.get(word, 1.0)
    return total
