"""Answers as text for a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from retrieval.types import Answer, Article, Citation, fold_space
from retrieval.wording import dated, paged

if TYPE_CHECKING:
    from bot.schema import Rated
    from retrieval.store import Source

CONTEXT = 160
"""Characters of context shown on either side of a quote."""

NOT_ANSWERED = "The sources don't say."
_LONGEST_QUOTE = 300
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def render_answer(answer: Answer, console: Console) -> None:
    """Print the short answer, the statements with their numbers, and each quote in its context."""
    if answer.notice:
        console.print(Text(shown(answer.notice), style="yellow"))
        console.print()
    if not answer.answered:
        console.print(Text(NOT_ANSWERED, style="bold yellow"))
        if answer.closest:
            console.print(Text("Closest passages, which may not answer:", style="dim"))
        for citation in answer.closest:
            console.print()
            console.print(_heading(citation, "dim"))
            _print_copies(citation, console)
            quote = _cut_end(shown(citation.quote), _LONGEST_QUOTE)
            console.print(Padding(Text(quote, style="dim"), (0, 0, 0, 4)))
        return
    if answer.short:
        console.print(Text(shown(answer.short), style="bold green"))
        console.print()
    text = Text()
    for statement in answer.statements:
        text.append(shown(statement.text))
        for number in statement.numbers:
            text.append(f"[{number}]", style="bold cyan")
        text.append(" ")
    console.print(text)
    for citation in answer.citations:
        console.print()
        console.print(_heading(citation, "bold cyan"))
        _print_copies(citation, console)
        console.print(Padding(_in_context(citation, answer.short, console), (0, 0, 0, 4)))


def render_sources(sources: Sequence[Source], console: Console) -> None:
    """Print a table of the articles."""
    if not sources:
        console.print("The library is empty; fill it with: footnote sync FOLDER")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", style="cyan", overflow="fold")
    table.add_column("title", overflow="fold")
    table.add_column("published")
    table.add_column("passages", justify="right")
    for source in sources:
        table.add_row(
            Text(shown(source.id)),
            Text(shown(source.title)),
            source.published.isoformat() if source.published else "",
            str(source.passages),
        )
    console.print(table)


def render_feedback(rated: Sequence[Rated], console: Console) -> None:
    """Print the answers that were voted on, as they come."""
    if not rated:
        console.print("No answer has been voted on yet.")
    for one in rated:
        heading = Text.assemble((f"+{one.good} −{one.bad}  ", "bold"), shown(one.question))
        console.print(heading)
        answer = Text(shown(one.text) or NOT_ANSWERED, style="dim")
        console.print(Padding(answer, (0, 0, 0, 4), expand=False))
        place = f"server {one.server}" if one.server else "a direct message"
        when = Text(f"{one.given:%Y-%m-%d %H:%M} UTC, {place}")
        console.print(Padding(when, (0, 0, 1, 4), expand=False))


def shown(text: str) -> str:
    """Return text on one line, without controls and marks that turn what follows around."""
    return fold_space(_UNSEEN.sub("", text))


def shown_lines(text: str) -> str:
    """Return text as :func:`shown` does, but with its line breaks."""
    return _UNSEEN.sub("", text)


def masked(text: str) -> str:
    """Return text in which each character that :func:`shown` drops has become a mark."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def json_line(data: object) -> str:
    """Return data as JSON on one line; what could steer a terminal is escaped, so it stays true."""
    text = json.dumps(data, ensure_ascii=False)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def described(article: Article, page: int | None = None) -> str:
    """Return the title of an article, with page, date and address where there are any."""
    parts = [shown(article.title)]
    if page:
        parts.append(paged(page))
    if article.published:
        parts.append(dated(article.published))
    if article.url:
        parts.append(shown(article.url))
    return " · ".join(parts)


def context(citation: Citation) -> tuple[str, str]:
    """Return what stands before and after a quote in its article, cut between words."""
    text = citation.article.text
    first, last = max(0, citation.start - CONTEXT), citation.end + CONTEXT
    before, after = text[first : citation.start], text[citation.end : last]
    if first > 0:
        before = "… " + before.split(maxsplit=1)[-1] if " " in before.strip() else ""
    if last < len(text):
        after = after.rsplit(maxsplit=1)[0] + " …" if " " in after.strip() else ""
    return fold_space(before), fold_space(after)


def _heading(citation: Citation, style: str) -> Text:
    return Text.assemble(
        (f"[{citation.number}] ", style), described(citation.article, citation.page)
    )


def _print_copies(citation: Citation, console: Console) -> None:
    """Print where else the same story is, on a line for each place."""
    for copy in citation.also:
        place = Text(f"also at: {shown(copy.url or copy.id)}", style="dim")
        console.print(Padding(place, (0, 0, 0, 4), expand=False))


def _in_context(citation: Citation, short: str | None, console: Console) -> Text:
    before, after = context(citation)
    quote = Text(shown(citation.quote), style="bold yellow")
    if short:
        for piece in short.split("; "):
            quote.highlight_words([re.sub(r" \([^()]*\)$", "", piece)], style="underline")
    if console.color_system is None or console.no_color:
        quote = Text.assemble(">> ", quote, " <<")
    parts = [Text(shown(before), style="dim"), quote, Text(shown(after), style="dim")]
    return Text(" ").join(part for part in parts if part.plain)


def _cut_end(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + " …"
