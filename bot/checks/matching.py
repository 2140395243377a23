"""Whether an answer says what was expected, and a citation is the expected one.

Everywhere a list of expectations means alternatives: one of them will do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from retrieval.expressions import NUMBER_WORD
from retrieval.types import fold_space

if TYPE_CHECKING:
    from retrieval.types import Article, Citation

_BEFORE = r"(?<!\w)(?<!\d[.,:])(?<!(?<!\w)[-−])(?<!ty-)"
_AFTER = r"(?!\w|[.,:]\d)"
_NUMBER = re.compile(rf"[$€£¥]?\d|{NUMBER_WORD}\b", re.IGNORECASE)
_STARTS_BEFORE = re.compile(
    rf"(?:\d\s?[-–—]\s?|\d\s|\b{NUMBER_WORD}(?:[- ]| and ))$", re.IGNORECASE
)
_GOES_ON = re.compile(
    rf"\s?[-–—]\s?\d|\s\d{{3}}\b|(?:[- ]| and ){NUMBER_WORD}\b| and a (?:half|quarter)\b",
    re.IGNORECASE,
)


def is_regex(expected: str) -> bool:
    """Tell whether an expected answer is written as ``/a regular expression/``."""
    return len(expected) > 2 and expected[0] == expected[-1] == "/"  # noqa: PLR2004 - two slashes


def says(text: str, expected: str) -> bool:
    """Tell whether a text gives an expected answer: as whole words, or by a ``/regex/``.

    Words are compared without regard to case and line breaks; a regex is taken as it
    is written.  A number has to be the whole number: "six" is in "six republics", and not in
    "twenty-six" or "six hundred"; "5" is not in "−5", "7.5" or "2–5".
    """
    line = fold_space(text)
    if is_regex(expected):
        return bool(re.search(expected[1:-1], line))
    words, text = fold_space(expected).casefold(), line.casefold()
    return any(
        _is_whole(text[: match.start()], words, text[match.end() :])
        for match in re.finditer(_BEFORE + re.escape(words) + _AFTER, text)
    )


def _is_whole(before: str, words: str, after: str) -> bool:
    """Tell whether a number at either end of some words does not go on beyond them."""
    starts = bool(_NUMBER.match(words)) and bool(_STARTS_BEFORE.search(before))
    ends = bool(_NUMBER.match(words.rsplit(maxsplit=1)[-1])) and bool(_GOES_ON.match(after))
    return not starts and not ends


def is_named(article: Article, name: str) -> bool:
    """Tell whether an article has an id, or a name in its title, whatever the case."""
    return article.id == name or name.casefold() in article.title.casefold()


def holds(citation: Citation, words: str) -> bool:
    """Tell whether a citation quotes some words, which may have been wrapped otherwise."""
    return fold_space(words) in fold_space(citation.quote)


def is_expected(citation: Citation, sources: tuple[str, ...], quotes: tuple[str, ...]) -> bool:
    """Tell whether a citation is of one of some sources and has one of some quotes.

    Where no source, or no quote, is named, any will do.
    """
    return (not sources or any(is_named(citation.article, name) for name in sources)) and (
        not quotes or any(holds(citation, words) for words in quotes)
    )
