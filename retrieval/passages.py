"""Articles are cut into passages: what is embedded, searched and read.

A passage is whole sentences, up to :data:`MAX_WORDS` words, and starts with the
last sentence of the one before, so that no pair of neighbours is torn apart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter

from retrieval import sentences
from retrieval.types import Article, Passage

MAX_WORDS = 120
_HEADING_BYTES = 120
_LONGEST = 4_000

Offsets = Sequence[tuple[int, int]]
"""(start, end) of each piece that a tokenizer makes of a text."""
Tokenize = Callable[[str], Offsets]


def embedded_text(passage: Passage) -> str:
    """Return what is embedded for a passage: the article's title, then its own words."""
    return _heading(passage.article) + passage.text


def split(article: Article, tokenize: Tokenize, max_pieces: int) -> list[Passage]:
    """Return the passages of an article, in order.

    Every non-blank character of the text is in at least one of them, and
    :func:`embedded_text` of each has at most ``max_pieces`` pieces.
    """
    text = article.text
    limit = max_pieces - len(tokenize(_heading(article)))
    units = [
        unit
        for start, end in sentences.split(text)
        for unit in _cut(text, start, end, tokenize, limit)
    ]

    def stretch(first: int, last: int) -> str:
        return text[units[first][0] : units[last][1]]

    def last_from(first: int) -> int:
        """Return the last unit of the passage that begins with one."""
        last = first
        while last + 1 < len(units) and _is_short(stretch(first, last + 1)):
            last += 1
        # The longest text is tokenised, and mostly fits; tokenising one that grows by a
        # sentence each time took most of the time of cutting.
        while last > first:
            some = stretch(first, last)
            size = _extent(some, tokenize, limit)
            if size == len(some):
                break
            fitting = bisect_right(units, units[first][0] + size, key=itemgetter(1))
            last = max(first, min(fitting, last) - 1)
        return last

    def overlaps(last: int) -> bool:
        both = stretch(last, last + 1)
        return _is_short(both) and _extent(both, tokenize, limit) == len(both)

    passages: list[Passage] = []
    first = 0
    while first < len(units):
        last = last_from(first)
        passages.append(Passage(article, units[first][0], units[last][1], len(passages)))
        first = last if first < last < len(units) - 1 and overlaps(last) else last + 1
    return passages


def _is_short(text: str) -> bool:
    return len(text.split()) <= MAX_WORDS and len(text) <= _LONGEST


def _extent(text: str, tokenize: Tokenize, limit: int) -> int:
    """Return the length of what the first ``limit`` pieces of a text cover; all, if it fits."""
    if _surely_fits(text, limit):
        return len(text)
    offsets = tokenize(text)
    return offsets[limit][0] if len(offsets) > limit else len(text)


def _surely_fits(text: str, limit: int) -> bool:
    """Tell of a short text, without tokenising it, that it has no more than ``limit`` pieces.

    ASCII letters make no more pieces than there are, but for a mark that some tokenizers
    put in front.
    """
    return len(text) < limit and text.isascii()


def _heading(article: Article) -> str:
    """Return the title, cut so that it leaves room: no text has more pieces than bytes."""
    return article.title.encode()[:_HEADING_BYTES].decode(errors="ignore") + "\n"


def _cut(
    text: str, start: int, end: int, tokenize: Tokenize, limit: int
) -> Iterator[tuple[int, int]]:
    """Cut a sentence that is longer than ``limit`` pieces, between words where there are any."""
    if _surely_fits(text[start:end], limit):
        yield start, end
        return
    while start < end:
        window = text[start : min(end, start + _LONGEST)]
        offsets = tokenize(window)
        size = len(window)
        if len(offsets) > limit or start + size < end:
            size = offsets[limit - 1][1] if len(offsets) > limit else size
            blank = max(window.rfind(" ", 1, size), window.rfind("\n", 1, size))
            size = blank if blank > 0 else size
        while len(offsets if size == len(window) else tokenize(window[:size])) > limit:
            size -= 1
        yield start, start + size
        start += size
        while start < end and text[start].isspace():
            start += 1
