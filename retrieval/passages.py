"""Articles are cut into passages: what is embedded, searched and read.

A passage is whole sentences, up to :data:`MAX_WORDS` words, and starts with the
last sentence of the one before, so that no pair of neighbours is torn apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from retrieval import sentences
from retrieval.types import Article, Passage, Span

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
    limit = max_pieces - len(tokenize(_heading(article)))
    units = [
        Span(article, start, end)
        for first, last in sentences.split(article.text)
        for start, end in _cut(article.text, first, last, tokenize, limit)
    ]

    def fits(first: int, last: int) -> bool:
        text = article.text[units[first].start : units[last].end]
        return (
            len(text.split()) <= MAX_WORDS
            and len(text) <= _LONGEST
            and len(tokenize(text)) <= limit
        )

    passages: list[Passage] = []
    first = 0
    while first < len(units):
        last = first
        while last + 1 < len(units) and fits(first, last + 1):
            last += 1
        passages.append(Passage(article, units[first].start, units[last].end, len(passages)))
        overlaps = last > first and last + 1 < len(units) and fits(last, last + 1)
        first = last if overlaps else last + 1
    return passages


def _heading(article: Article) -> str:
    """Return the title, cut so that it leaves room: no text has more pieces than bytes."""
    return article.title.encode()[:_HEADING_BYTES].decode(errors="ignore") + "\n"


def _cut(
    text: str, start: int, end: int, tokenize: Tokenize, limit: int
) -> Iterator[tuple[int, int]]:
    """Cut a sentence that is longer than ``limit`` pieces, between words where there are any."""
    while start < end:
        window = text[start : min(end, start + _LONGEST)]
        offsets = tokenize(window)
        size = len(window)
        if len(offsets) > limit or start + size < end:
            size = offsets[limit - 1][1] if len(offsets) > limit else size
            blank = max(window.rfind(" ", 1, size), window.rfind("\n", 1, size))
            size = blank if blank > 0 else size
        while len(tokenize(window[:size])) > limit:
            size -= 1
        yield start, start + size
        start += size
        while start < end and text[start].isspace():
            start += 1
