"""What a question names outright: numbers, and names of people and places."""

from __future__ import annotations

import re
from functools import lru_cache

from retrieval import terms
from retrieval.types import Article

_NAME = re.compile(r"(?<=[\w,;’'] )[^\W\d_a-zß-öø-ÿ][\w’'.-]*")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?!\w)")
_WORD = re.compile(r"\b(?:[A-Z]\.?){2,}")
_HOLDER = re.compile(
    r"^\W*who (?:is|was|are|were) (?:the )?([\w’'.-]+(?: [\w’'.-]+)*?)"
    r"(?= (?:of|in|to|at|for|on|by|who)\b|\?|$)",
    re.IGNORECASE,
)
_DONE = re.compile(r"(?:ed|en)$")
_POSSESSIVE = re.compile(r"[’']s?$")
_SHORTEST_STEM = 4


def missing(question: str, article: Article) -> float:
    """Return the share of the numbers and names in a question that an article nowhere has.

    >>> missing("Who led Finland in 1994?", Article("a", "Finland votes", "Stubb won in 2024."))
    0.5

    The first word of a question is not taken for a name.
    """
    numbers = [match.group() for match in _NUMBER.finditer(question)]
    names = [_POSSESSIVE.sub("", match.group()).rstrip(".") for match in _NAME.finditer(question)]
    names = [name for name in names if name and name.lower() not in terms.STOP_WORDS]
    if not numbers and not names:
        return 0.0
    published = article.published.isoformat() if article.published else ""
    text = f"{article.title}\n{article.text}\n{published}".casefold()
    absent = [
        number
        for number in numbers
        if not re.search(rf"(?<![\d.,]){re.escape(number)}(?![.,]?\d)", text)
    ]
    absent += [name for name in names if not _has(text, name)]
    return len(absent) / (len(numbers) + len(names))


@lru_cache(maxsize=16)
def office(question: str) -> str | None:
    """Return the stem of the office that a question asks the holder of, if it does.

    >>> office("Who is Kazakhstan's ambassador to the U.N.?")
    'ambassador'
    """
    match = _HOLDER.search(question)
    words = terms.content_words(match.group(1)) if match else []
    is_office = words and words[-1].islower() and not _DONE.search(words[-1])
    return terms.stem(words[-1]) if is_office else None


def repeats(question: str, words: str) -> bool:
    """Tell whether some words say nothing but what the question said itself.

    >>> repeats("Who is the U.N. ambassador?", "the ambassador to the United Nations")
    True
    """
    said, initials = _said(question)
    rest = [word for word in terms.content_words(words) if terms.stem(word) not in said]
    return not rest or "".join(word[0] for word in rest).casefold() in initials


@lru_cache(maxsize=16)
def _said(question: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the stems and the initials, like "un", in a question; each is asked many times."""
    initials = (match.group().replace(".", "").casefold() for match in _WORD.finditer(question))
    return frozenset(terms.stems(question)), frozenset(initials)


def _has(text: str, name: str) -> bool:
    """Tell whether a folded text has a word that begins as a name does: "Finn" for "Finnish"."""
    folded = name.casefold()
    stem = folded[: max(_SHORTEST_STEM, len(folded) - 2)]
    return bool(re.search(rf"(?<!\w){re.escape(stem)}", text))
