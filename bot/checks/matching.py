"""Whether an answer says what was expected, and a citation is the expected one.

Everywhere a list of expectations means alternatives: one of them will do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from retrieval.types import fold_space

if TYPE_CHECKING:
    from retrieval.types import Article, Citation

_SCALE = r"(?!\s+(?:hundred|thousand|million|billion|trillion|dozen)\b)"
_BEFORE = r"(?<!\w)(?<!\d[.,:])(?<!(?<!\w)[-−])(?<!ty-)"
_AFTER = rf"(?!\w|[.,:]\d){_SCALE}"


def is_regex(expected: str) -> bool:
    """Tell whether an expected answer is written as ``/a regular expression/``."""
    return len(expected) > 2 and expected[0] == expected[-1] == "/"  # noqa: PLR2004 - two slashes


def says(text: str, expected: str) -> bool:
    """Tell whether a text gives an expected answer: as whole words, or by a ``/regex/``.

    Words are compared without regard to case and line breaks; a regex is taken as it
    is written.  A number has to be the whole number: "six" is in "six republics", and
    not in "twenty-six" or "six hundred"; "5" is not in "−5" or "7.5".
    """
    line = fold_space(text)
    if is_regex(expected):
        return bool(re.search(expected[1:-1], line))
    words = re.escape(fold_space(expected).casefold())
    return bool(re.search(_BEFORE + words + _AFTER, line.casefold()))


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
