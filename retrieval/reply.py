"""A chat model's reply, cut into sentences with the numbers of the passages that they cite."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval import sentences, terms
from retrieval.types import fold_space

NOT_SAID = "The sources do not say."
"""What a model is told to reply where no passage answers, and nothing else."""

_NUMBERS = r"\(?[\[【]\^?(?:[Pp]assages? )?\d{1,6}(?:\s*(?:[,;–-]|and)\s*\^?\d{1,6})*[\]】]\)?"
_MARKS = re.compile(rf"(?:[\s,]*{_NUMBERS})+")
_NEXT_LINE = re.compile(rf"\n\s*((?:[\s,]*{_NUMBERS})+)[ \t]*(?=\n|$)")
_OPEN_MARK = re.compile(r"\s*[\[【][^\]】]*$")
_AFTER_STOP = re.compile(rf"([.!?…][\"”’')]*)((?:[\s,]*{_NUMBERS})+)")
_RANGE = re.compile(r"(\d+)\s*[–-]\s*(\d+)")
_LONGEST_RANGE = 12
_LINE_START = re.compile(r"^\s*(?:[-–*+•#>]+|\d{1,2}[.)])\s+")
_EMPHASIS = re.compile(r"\*\*|__|`+|(?<!\w)[*_]|[*_](?!\w)")
_THOUGHT = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
_SAYS_NOT = re.compile(
    r"\W*(?:(?:unfortunately|(?:i['’]?a?m )?sorry|but)[, ]+)*"
    r"(?:(?:the |these )?(?:given |provided |cited )?(?:sources?|passages?|articles?|text|context)"
    r"(?: provided| given)? (?:do|does|did)(?:n[’']t| not)|"
    r"none of the (?:\w+ )?(?:sources|passages))"
    r" (?:say|mention|tell|state|specify|contain|provide|include|answer)s?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Said:
    """A sentence of a reply without its marks, and the numbers of the passages that it cites."""

    text: str
    numbers: tuple[int, ...]

    @property
    def says_not(self) -> bool:
        """Whether it says that the sources do not say."""
        return bool(_SAYS_NOT.match(self.text))


def split(reply: str) -> list[Said]:
    """Return the sentences of a reply.

    A mark belongs to the sentence that it stands in, or right behind: ``"They left.[1]"`` and
    ``"They left [1]."`` are the same.  Lists and emphasis of Markdown are undone, and what a
    model thinks aloud (``<think>``) is no part of its reply.

    >>> split("They left.[1] **Ten** stayed [2, 3].")
    [Said(text='They left.', numbers=(1,)), Said(text='Ten stayed.', numbers=(2, 3))]
    """
    found = []
    for line in _NEXT_LINE.sub(r" \1", _THOUGHT.sub("", reply)).splitlines():
        bare = _EMPHASIS.sub("", _LINE_START.sub("", line)).strip()
        moved = _AFTER_STOP.sub(r"\2\1 ", bare)
        found += [_said(moved[start:end]) for start, end in sentences.split(moved)]
    return [one for one in found if any(True for _ in terms.words(one.text))]


def whole(reply: str) -> list[Said]:
    """Return the sentences of a reply that is still being written which will not change.

    The last one may go on, and its marks may follow its full stop.
    """
    begun = re.sub(r"\S*$", "", reply)  # a word may become an abbreviation
    return split(_OPEN_MARK.sub("", begun))[:-1]


def _said(sentence: str) -> Said:
    marks = "".join(match.group() for match in _MARKS.finditer(sentence))
    numbers = dict.fromkeys(map(int, re.findall(r"\d+", _RANGE.sub(_spelt_out, marks))))
    return Said(fold_space(_MARKS.sub("", sentence)), tuple(numbers))


def _spelt_out(found: re.Match[str]) -> str:
    """Return ``"1, 2, 3"`` for ``"1-3"``."""
    first, last = int(found[1]), int(found[2])
    is_short = 0 <= last - first < _LONGEST_RANGE
    return ", ".join(map(str, range(first, last + 1))) if is_short else found.group()
