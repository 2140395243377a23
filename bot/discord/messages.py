"""Answers as Discord messages, and footnotes as cards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bot.discord.markdown import TITLE, clean, dated_link, escaped, link, plain, quoted, safe_url
from bot.discord.splitting import LIMIT, beginning, length, split
from bot.render import NOT_ANSWERED, context
from retrieval.types import Answer, Article, Citation
from retrieval.wording import dated, paged

MOST_NUMBERS = 20
"""Footnotes under one message; Discord gives room for 25 buttons."""

_LONGEST_ECHO = 300
_LONGEST_SHORT = 500
_LONGEST_EXCERPT = 300
_CARD_TITLE = 256
_DESCRIPTION = 4096
_FURTHER = " …"
_ITS_DATE = re.compile(r" \([^()]*\)$")


@dataclass(frozen=True)
class Part:
    """One message of an answer.

    ``numbers`` are the footnotes whose buttons belong under it.
    """

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Card:
    """A footnote's quote in its context, for an embed."""

    title: str
    url: str | None
    description: str
    footer: str


@dataclass(frozen=True)
class _Piece:
    """What is not cut any more; ``before`` divides it from the piece before, if in one part."""

    before: str
    text: str
    numbers: tuple[int, ...] = ()


def parts(
    answer: Answer,
    *,
    understood: str | None = None,
    is_echoed: bool = True,
    ask_on: str | None = None,
) -> list[Part]:
    """Return an answer as messages, each of at most 2000 code units and 20 footnotes.

    A footnote belongs to the part in which it is first used.  More than 20 in a row, which no
    message has buttons for, are the only ones that are parted from their statement.

    Args:
        answer: what to say.
        understood: the question as it was understood, where that is not how it was asked.
        is_echoed: whether the question is repeated above.
        ask_on: a sentence for the last line, in small print.
    """
    pieces = list(_said(answer) if answer.answered else _not_said(answer))
    if answer.notice and (notice := plain(answer.notice, _LONGEST_ECHO)):
        pieces[:1] = [_Piece("", f"-# {notice}"), replace(pieces[0], before="\n")]
    if is_echoed and (question := plain(understood or answer.question, _LONGEST_ECHO)):
        pieces[:1] = [_Piece("", f"> {question}"), replace(pieces[0], before="\n\n")]
    elif understood and (question := plain(understood, _LONGEST_ECHO)):
        pieces[:1] = [_Piece("", f"-# → {question}"), replace(pieces[0], before="\n")]
    if ask_on and (sentence := plain(ask_on, _LONGEST_ECHO)):
        pieces.append(_Piece("\n", f"-# {sentence}"))
    return _packed(pieces)


def preview(answer: Answer, *, is_echoed: bool) -> str:
    """Return one message with what is verified so far of an answer that is being written."""
    pieces = [*_statements(answer), _Piece(" ", _FURTHER.strip())]
    if is_echoed and (question := plain(answer.question, _LONGEST_ECHO)):
        pieces[:1] = [_Piece("", f"> {question}"), replace(pieces[0], before="\n\n")]
    return _packed(pieces)[0].text


def card(citation: Citation, short: str | None = None) -> Card:
    """Return a footnote's quote, marked in its context, and where it is from.

    Args:
        citation: the footnote.
        short: the short answer; it is underlined where the quote has it.
    """
    article = citation.article
    url = safe_url(article.url)
    host = clean(urlsplit(url).hostname or "") if url else ""
    page = paged(citation.page) if citation.page else ""
    day = dated(article.published) if article.published else ""
    return Card(
        title=_cut(plain(article.title) or "Untitled", _CARD_TITLE),
        url=url,
        description=_in_context(citation, short),
        footer=" · ".join(filter(None, [page, day, host])),
    )


def changed(title: str, is_gone: bool) -> str:
    """Return why a footnote's quote is not shown: its article is not what it was."""
    name = plain(title, TITLE) or "Untitled"
    if is_gone:
        return f"“{name}” is not among the sources any more, so its words cannot be shown."
    return f"“{name}” has changed since this answer was given; please ask again."


def _said(answer: Answer) -> Iterator[_Piece]:
    if answer.short and (short := plain(answer.short, _LONGEST_SHORT)):
        yield _Piece("\n", f"**{short}**")
    yield from _statements(answer)
    before = "\n\n**Sources**\n"
    for citation in answer.citations:
        yield _Piece(before, f"{_marks([citation.number])} {_source(citation)}")
        before = "\n"
        yield from (_Piece(before, f"-# also at {_place(copy)}") for copy in citation.also)


def _statements(answer: Answer) -> Iterator[_Piece]:
    seen: set[int] = set()
    before = "\n"
    for statement in answer.statements:
        numbers = tuple(dict.fromkeys(statement.numbers))
        groups = [numbers[i : i + MOST_NUMBERS] for i in range(0, len(numbers), MOST_NUMBERS)]
        first = f"{plain(statement.text)} {_marks(groups[0])}".strip()
        *starts, end = split(first)
        for start in starts:
            yield _Piece(before, start)
            before = " "
        for text, group in zip([end, *map(_marks, groups[1:])], groups, strict=True):
            yield _Piece(before, text, tuple(n for n in group if n not in seen))
            before = " "
        seen.update(numbers)


def _not_said(answer: Answer) -> Iterator[_Piece]:
    yield _Piece("\n", f"**{NOT_ANSWERED}**")
    heading, before = "*Closest passages, which may not answer:*\n", "\n"
    for citation in answer.closest:
        excerpt = plain(citation.quote, _LONGEST_EXCERPT)
        lines = [f"• {_source(citation)}", f"> {excerpt}" if excerpt else ""]
        lines[1:1] = [f"-# also at {_place(copy)}" for copy in citation.also]
        yield _Piece(before, heading + "\n".join(filter(None, lines)))
        heading, before = "", "\n\n"


def _packed(pieces: Iterable[_Piece]) -> list[Part]:
    packed: list[Part] = []
    for piece in pieces:
        text, numbers = piece.text, piece.numbers
        if packed:
            text = packed[-1].text + piece.before + text
            numbers = packed[-1].numbers + numbers
            if length(text) <= LIMIT and len(numbers) <= MOST_NUMBERS:
                packed.pop()
            else:
                text, numbers = piece.before.lstrip() + piece.text, piece.numbers
        packed.append(Part(text, numbers))
    return packed


def _in_context(citation: Citation, short: str | None) -> str:
    quote = clean(citation.quote)
    if not quote:
        return ""
    marked = f"**{_underlined(quote, short)}**"
    before, after = map(quoted, context(citation))
    for around in ((before, marked, after), (marked,)):
        if length(description := " ".join(filter(None, around))) <= _DESCRIPTION:
            return description
    return f"**{_cut(escaped(quote), _DESCRIPTION - len('****'))}**"


def _underlined(quote: str, short: str | None) -> str:
    """Return a quote, escaped, with underlined what of it is the short answer.

    Of figures that differ, ``"2 (May 2023); 1 (June 2023)"``, those that the quote has.
    """
    pieces = [short or "", *(_ITS_DATE.sub("", piece) for piece in (short or "").split("; "))]
    found = sorted(filter(None, map(clean, pieces)), key=len, reverse=True)
    if not found or len(quote) > _DESCRIPTION:
        return escaped(quote)
    any_piece = "|".join(map(re.escape, found))
    # Pieces side by side are underlined as one: "____" would end nothing.
    split_up = re.split(rf"(?a)(?<!\w)((?:{any_piece})++)(?!\w)", quote)
    return "".join(
        f"__{escaped(text)}__" if is_piece % 2 else escaped(text)
        for is_piece, text in enumerate(split_up)
    )


def _marks(numbers: Iterable[int]) -> str:
    return "**" + "".join(f"[{number}]" for number in numbers) + "**"


def _source(citation: Citation) -> str:
    article = citation.article
    return dated_link(article.title, article.url, article.published, citation.page)


def _place(article: Article) -> str:
    """Return a link that is called by its site, as the title is that of the copy above it."""
    url = safe_url(article.url)
    return link(urlsplit(url).hostname or "", url) if url else plain(article.title, TITLE)


def _cut(text: str, limit: int) -> str:
    return text if length(text) <= limit else beginning(text, limit - len(_FURTHER)) + _FURTHER
