"""The list of sources, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence

from bot.discord.markdown import dated_link
from bot.discord.splitting import LIMIT, length
from retrieval.store import Source
from retrieval.wording import counted

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
    heading = f"**{counted(len(sources), 'source')}**"
    if count > 1:
        heading += f" · page {number + 1} of {count}"
    text = "\n- ".join([heading, *(dated_link(s.title, s.url, s.published) for s in shown)])
    if length(text) > LIMIT:
        lines = [dated_link(s.title[:_SHORT_TITLE], None, s.published) for s in shown]
        text = "\n- ".join([heading, *lines])
    return text, number, count
