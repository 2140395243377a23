"""Long texts are cut into messages where a reader would pause, and never inside Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from unicodedata import category

from retrieval import sentences

LIMIT = 2000
"""The most that Discord takes in one message."""

_SEEN_AHEAD = 200
_LEAST = len(r"\*")
_CLOSING = "\n```"
_CODE = r"```(?:(?P<info>[\w+\-.#]{1,32})\n)?(?P<body>\n*[^\n][\s\S]*?)```"
_FENCE = re.compile(_CODE)
_WHOLE = re.compile(
    r"\\[\s\S]"  # an escaped mark begins nothing
    rf"|{_CODE}"
    r"|(?P<ticks>`+)[\s\S]*?[^`](?P=ticks)(?!`)"
    r"|\[(?:\\.|[^\[\]\\]|\[[^\[\]]*\])*+\]"
    r"\(\s*(?:<[^<>\n]*>|[^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+)(?:\s+\"[^\"\n]*\")?\s*\)"
    r"|<(?:/[^<>\n]+|[^<>\s]+)>"
    r"|(?i:https?|steam|discord)://[^\s<]+",
)
_FOOTNOTES = re.compile(r"(?<=\S)(?:[ \t]*\*{0,2}\[\d+\](?!\()\*{0,2})+")
_PAIR = re.compile("\\\\[\\s\\S]|[\U0001f1e6-\U0001f1ff]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_JOINER = "\u200d"
_JOINED = re.compile("[\u200c\u200d\u1160-\u11ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_LINE_END = re.compile(r"\n")
_SPACE = re.compile(r"\s+")
_BLANK_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")


def length(text: str) -> int:
    """Return how long a text is to Discord, which counts UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int = LIMIT) -> list[str]:
    """Cut Discord Markdown into parts of at most ``limit`` code units; none is blank.

    A cut is made at the end of a sentence if there is one, else of a line, else of a word.
    Code, links and runs of footnotes stay whole, and footnotes stay with their word.  A fence
    that is too long for one part is closed, and opened again in the next.

    Raises:
        ValueError: if not even one escaped character fits.
    """
    if limit < _LEAST:
        raise ValueError(f"nothing can be cut into parts of {limit}")
    parts = []
    text = text.strip()
    while length(text) > limit:
        part, text = _cut_fence(text, limit) or _cut(text, limit)
        parts.append(part)
    return [part for part in [*parts, text] if part]


def beginning(text: str, limit: int) -> str:
    """Return the start of a text, at most ``limit`` code units: whole words, if it has some."""
    if length(text) <= limit:
        return text
    reach = _reach(text, limit)
    words = [place for place in _ends(_SPACE, text[:reach]) if place > reach // 2]
    place = _last_place(reach, (words,), _joints(text, reach)) or reach
    return text[:place].rstrip()


def _cut(text: str, limit: int) -> tuple[str, str]:
    reach = _reach(text, limit)
    window = text[: reach + _SEEN_AHEAD]
    # Footnotes end a sentence, and sentencex would begin one with them; surrogates it refuses.
    unmarked = _FOOTNOTES.sub(lambda run: " " * len(run.group()), _SURROGATE.sub(" ", window))
    starts = [start for start, _ in sentences.split(unmarked)]
    levels = (starts, _ends(_LINE_END, window), _ends(_SPACE, window))
    joints = _joints(text, reach)
    place = (
        _last_place(reach, levels, joints | _insides(text, reach))
        or _last_place(reach, levels, joints)
        or reach
    )
    return text[:place].rstrip(), text[place:].lstrip()


def _cut_fence(text: str, limit: int) -> tuple[str, str] | None:
    """Cut the code that a text begins with, if it does and if that is too long for one part."""
    fence = _FENCE.match(text)
    if fence is None or length(fence.group()) <= limit:
        return None
    opening = f"```{fence['info'] or ''}\n"
    room = limit - length(opening + _CLOSING)
    if room < _LEAST:
        return None
    body, after = _BLANK_LINES.sub("", fence["body"]), text[fence.end() :].lstrip()
    reach = _reach(body, room)
    levels = (_ends(_LINE_END, body[:reach]), _ends(_SPACE, body[:reach]))
    place = _last_place(reach, levels, _joints(body, reach)) or reach
    part, rest = body[:place].rstrip(), body[place:]
    return (
        f"{opening}{part}{_CLOSING}" if part else "",
        f"{opening}{rest}```{text[fence.end() :]}" if rest.strip() else after,
    )


def _reach(text: str, limit: int) -> int:
    """Return where the part must end at the latest; blanks at its end do not count."""
    reach = min(limit, len(text))
    while length(text[:reach]) > limit:
        reach -= 1
    while reach < len(text) and text[reach].isspace():
        reach += 1
    return reach


def _last_place(reach: int, levels: Sequence[Sequence[int]], banned: set[int]) -> int:
    """Return the last place to cut that the first possible level has, or 0."""
    for level in (*levels, range(1, reach + 1)):
        if place := max((p for p in level if 0 < p <= reach and p not in banned), default=0):
            return place
    return 0


def _ends(pattern: re.Pattern[str], text: str) -> list[int]:
    return [match.end() for match in pattern.finditer(text)]


def _joints(text: str, reach: int) -> set[int]:
    """Return the places within what is one character to a reader, or one escape."""
    within = {match.start() + 1 for match in _until(reach, _PAIR, text)}
    return within | {
        place
        for place in range(1, min(reach, len(text) - 1) + 1)
        if category(text[place]).startswith("M")
        or _JOINED.match(text[place])
        or text[place - 1] == _JOINER
    }


def _insides(text: str, reach: int) -> set[int]:
    """Return the places within code, links and mentions, and before or within footnotes."""
    spans = [(m.start() + 1, m.end()) for m in _until(reach, _WHOLE, text)]
    spans += [m.span() for m in _until(reach, _FOOTNOTES, text)]
    return {place for start, end in spans for place in range(start, min(end, reach + 1))}


def _until(reach: int, pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for match in pattern.finditer(text):
        if match.start() > reach:
            return
        yield match
