"""A chat model's reply, cut into sentences with the numbers of the passages that they cite."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval import sentences, terms
from retrieval.types import fold_space

NOT_SAID = "The sources do not say."
"""What a model is told to reply where no passage answers, and nothing else."""

_NUMBERS = r"[\[【]\^?(?:passages? )?\d+(?:\s*[,;]\s*\^?\d+)*[\]】]"
_MARKS = re.compile(rf"(?:\s*{_NUMBERS})+")
_OPEN_MARK = re.compile(r"\s*[\[【][^\]】]*$")
_AFTER_STOP = re.compile(rf"([.!?][\"”’')]*)((?:\s*{_NUMBERS})+)")
_LINE_START = re.compile(r"^\s*(?:[-*•#>]+|\d{1,2}[.)])\s+")
_EMPHASIS = re.compile(r"\*\*|__|`+|(?<!\w)[*_]|[*_](?!\w)")
_THOUGHT = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
_SAYS_NOT = re.compile(
    r"(?:the )?(?:given |provided |cited )?(?:sources?|passages?|articles?|text|context)"
    r"(?: provided| given)? (?:do|does)(?:n[’']t| not) (?:say|mention|tell|state|specify|contain|"
    r"provide|include|answer)\b",
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
    for line in _THOUGHT.sub("", reply).splitlines():
        bare = _EMPHASIS.sub("", _LINE_START.sub("", line)).strip()
        moved = _AFTER_STOP.sub(r"\2\1 ", bare)
        found += [_said(moved[start:end]) for start, end in sentences.split(moved)]
    return [one for one in found if any(True for _ in terms.words(one.text))]


def whole(reply: str) -> list[Said]:
    """Return the sentences of a reply that is still being written which will not change.

    The last one may go on, and its marks may follow its full stop.
    """
    return split(_OPEN_MARK.sub("", reply))[:-1]


def _said(sentence: str) -> Said:
    marks = "".join(match.group() for match in _MARKS.finditer(sentence))
    numbers = dict.fromkeys(int(number) for number in re.findall(r"\d+", marks))
    return Said(fold_space(_MARKS.sub("", sentence)), tuple(numbers))
