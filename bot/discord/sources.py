"""The list of sources, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence

from bot.discord.markdown import link
from bot.discord.splitting import LIMIT, length
from retrieval.store import Source

PAGE = 10
"""Sources on a page."""

_SHORT_TITLE = 65


def page(sources: Sequence[Source], number: int) -> tuple[str, int, int]:
    """Return a page's text, its number (from 0, at most the last), and how many there are."""
    if not sources:
        return "There are no sources yet.", 0, 1
    count = -(-len(sources) // PAGE)
    number = min(number, count - 1)
    shown = sources[number * PAGE : (number + 1) * PAGE]
    heading = f"**{len(sources)} source{'' if len(sources) == 1 else 's'}**"
    if count > 1:
        heading += f" · page {number + 1} of {count}"
    text = "\n".join([heading, *(_line(source.title, source.url, source) for source in shown)])
    if length(text) > LIMIT:
        lines = [_line(source.title[:_SHORT_TITLE], None, source) for source in shown]
        text = "\n".join([heading, *lines])
    return text, number, count


def _line(title: str, url: str | None, source: Source) -> str:
    parts = [link(title, url)]
    if source.published:
        parts.append(f"{source.published.day} {source.published:%B %Y}")
    return "- " + " · ".join(parts)
