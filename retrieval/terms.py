"""Words of a text as full-text search sees them.

``"How many were arrested?"`` has the words ``how many were arrested``, of which
only ``arrested`` is a content word; its stem is ``arrest``.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache

import snowballstemmer

_WORD = re.compile(r"\w[\w\u0300-\u036f]*(?:[.,]\d+)*")
_STEMMER = snowballstemmer.stemmer("porter")
_SHORT_STEM = 2  # of which the last letter may be another than in the word: "ay" → "ai"
_ONE_AT_A_TIME = threading.Lock()  # the stemmer keeps the word that it works on

STOP_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been before being but by can could
    did do does doing done for from had has have having he her hers him his how i if in into is it
    its just many may me might more most much must my no nor not of off on once one only or other
    our out over own s same shall she should so some such t tell than that the their them then
    there these they this those to too under until up very was we were what when where which while
    who whom whose why will with would you your
    """.split()  # noqa: SIM905 - a list of 150 literals is harder to read
)
"""Words that say nothing of what a question is about."""


def words(text: str) -> Iterator[re.Match[str]]:
    """Yield a match for each word or number: ``"7.8 quake"`` → ``7.8``, ``quake``."""
    return _WORD.finditer(text)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the Porter stem, in lower case and without accents: ``"Arrested"`` → ``"arrest"``."""
    plain = unicodedata.normalize("NFKD", word.lower())
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    with _ONE_AT_A_TIME:
        stemmed: str = _STEMMER.stemWord(bare)
    return stemmed


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, in order; all words where none does."""
    found: list[str] = _WORD.findall(text)
    return [word for word in found if word.lower() not in STOP_WORDS] or found


def shared(wanted: Collection[str], text: str) -> set[str]:
    """Return those of some stems that a text has: as by :func:`stems`, several times faster.

    A stem begins as its word does, so that most words need not be stemmed.
    """
    beginnings = tuple({stem[: 2 if len(stem) > _SHORT_STEM else 1] for stem in wanted})
    found = (
        stem(word)
        for word in content_words(text)
        if word.lower().startswith(beginnings) or not word.isascii()
    )
    return {stemmed for stemmed in found if stemmed in wanted}


def stems(text: str) -> list[str]:
    """Return the stems of the content words, each once, in order."""
    return list(dict.fromkeys(stem(word) for word in content_words(text)))
