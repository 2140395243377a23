"""The lines of pages become paragraphs again, and the paragraphs a text.

A PDF knows where each line stands, and not which belong together.  Lines that fill the measure
go on in the next one, also on the next page; what stands at the head or foot of most pages is
no part of the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from retrieval.types import fold_space

_FULL = 0.75
"""Share of the measure that a line fills which the next one goes on with."""

_MOSTLY = 0.5
_FEWEST_PAGES = 3
_EDGE = 2
_END = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
_ITEM = re.compile(r"(?:[-–—•▪◦*]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")
_BROKEN_WORD = re.compile(r"[^\W\d_]-$")
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = "#"
_NOTHING_BUT_A_PAGE = re.compile(r"\W*(?:page |p\. ?)?\d{1,4}(?: ?(?:of|/) ?\d{1,4})?\W*", re.I)


def paragraphs(pages: Sequence[Sequence[str]]) -> list[list[tuple[int, str]]]:
    """Return paragraphs as lists of (page from 1, line), from the lines of each page."""
    folded = [[" ".join(line.split()) for line in page] for page in pages]
    furniture = _furniture(folded)
    measure = _measure(folded)
    found: list[list[tuple[int, str]]] = []
    before = ""
    for number, lines in enumerate(folded, start=1):
        for line in _story(lines, furniture):
            if before and line and _goes_on(before, line, measure):
                found[-1].append((number, line))
            elif line:
                found.append([(number, line)])
            before = line
    return found


def assemble(paragraphs: Sequence[Sequence[tuple[int, str]]]) -> tuple[str, tuple[int, ...]]:
    """Return the text of paragraphs, and the offset at which each page begins.

    The text is normalised piece by piece, so that the offsets stay true.  A word that was
    broken between lines is whole again.
    """
    from retrieval.articles import normalise

    text: list[str] = []
    pages: list[int] = []
    size = 0
    for paragraph in paragraphs:
        folded = [(page, fold_space(normalise(piece))) for page, piece in paragraph]
        for place, (page, piece) in enumerate(one for one in folded if one[1]):
            joint = "" if not text else " " if place else "\n\n"
            if place and _BROKEN_WORD.search(text[-1]) and piece[0].islower():
                text[-1], joint, size = text[-1][:-1], "", size - 1
            size += len(joint)
            pages += [size] * (page - len(pages))
            text += [joint, piece]
            size += len(piece)
    return "".join(text), tuple(pages)


def _story(lines: Sequence[str], furniture: set[str]) -> list[str]:
    """Return the lines of a page without what is no part of the text, and blank only within."""
    edges = _edges(lines)
    kept = [line for n, line in enumerate(lines) if not (n in edges and _key(line) in furniture)]
    written = [n for n, line in enumerate(kept) if line]
    return kept[written[0] : written[-1] + 1] if written else []


def _goes_on(line: str, following: str, measure: int) -> bool:
    if _ITEM.match(following):
        return False
    if following[0].islower() and not _END.search(line):
        return True
    return len(line) >= _FULL * measure


def _measure(pages: Sequence[Sequence[str]]) -> int:
    """Return the length of a full line, in characters: all but the longest tenth are no longer."""
    lengths = sorted(len(line) for page in pages for line in page if line)
    return lengths[int(0.9 * (len(lengths) - 1))] if lengths else 0


def _furniture(pages: Sequence[Sequence[str]]) -> set[str]:
    """Return what stands at the head or foot of most pages, but for its numbers."""
    written = [page for page in pages if any(page)]
    counts = Counter(key for page in written for key in {_key(page[n]) for n in _edges(page)})
    enough = max(_FEWEST_PAGES, _MOSTLY * len(written))
    return {key for key, count in counts.items() if count >= enough} | {_PAGE_NUMBER}


def _edges(lines: Sequence[str]) -> set[int]:
    """Return the places of the first and the last lines that have words."""
    written = [n for n, line in enumerate(lines) if line]
    return {*written[:_EDGE], *written[-_EDGE:]}


def _key(line: str) -> str:
    """Return what a line has in common with the same one on another page."""
    return _PAGE_NUMBER if _NOTHING_BUT_A_PAGE.fullmatch(line) else _NUMBER.sub("#", line)
