"""What may complete a line that is being typed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands import COMMANDS, Wants
from bot.render import shown
from bot.session import Session, State

if TYPE_CHECKING:
    from retrieval.store import Source

_MOST = 50


@dataclass(frozen=True)
class Suggestion:
    """A text for the last ``replaces`` characters of a line, and what it is."""

    text: str
    replaces: int
    note: str = ""


def suggestions(session: Session, state: State, line: str) -> Iterable[Suggestion]:
    """Return what may complete a line, as far as it is typed.

    Raises:
        LibraryError: if the articles cannot be listed.
    """
    if not line.startswith("/"):
        return []
    name, space, argument = line.partition(" ")
    if not space:
        return [
            Suggestion(full, len(name), command.help)
            for full, command in COMMANDS.items()
            if full.startswith(name.lower())
        ]
    command = COMMANDS.get(name.lower())
    return _COMPLETED[command.wants](session, state, argument.lstrip()) if command else []


def _numbers(_: Session, state: State, part: str) -> Iterator[Suggestion]:
    for citation in state.citations:
        if str(citation.number).startswith(part):
            yield Suggestion(str(citation.number), len(part), citation.article.title)


def _titles(session: Session, _: State, part: str) -> list[Suggestion]:
    return titles(session.index.store.sources(), part)


def titles(sources: Sequence[Source], part: str) -> list[Suggestion]:
    """Return the articles whose title or id has a part; those that begin with it come first.

    Each is called by its title; by its id where another has that title, or where
    the title has characters that are not shown.
    """
    wanted = part.casefold()
    count = Counter(source.title for source in sources)
    found = []
    for source in sources:
        is_clear = count[source.title] == 1 and shown(source.title) == source.title
        text, note = (source.title, source.id) if is_clear else (source.id, source.title)
        if wanted in f"{source.title}\n{source.id}".casefold() and shown(text) == text:
            found.append(Suggestion(text, len(part), note))
    return sorted(found, key=lambda one: not one.text.casefold().startswith(wanted))[:_MOST]


def _files(_: Session, __: State, part: str) -> Iterator[Suggestion]:
    """Yield the files and folders whose path begins as a path does."""
    cut = max(part.rfind("/"), part.rfind(os.sep)) + 1
    head, tail = part[:cut], part[cut:]
    try:
        entries = sorted(Path(head or ".").expanduser().iterdir())
    except (OSError, RuntimeError, ValueError):
        return
    for entry in entries:
        is_hidden = entry.name.startswith(".") and not tail
        if entry.name.startswith(tail) and not is_hidden and shown(entry.name) == entry.name:
            yield Suggestion(head + entry.name + ("/" if entry.is_dir() else ""), len(part))


def _nothing(_: Session, __: State, ___: str) -> list[Suggestion]:
    return []


_COMPLETED: dict[Wants, Callable[[Session, State, str], Iterable[Suggestion]]] = {
    Wants.NOTHING: _nothing,
    Wants.NUMBER: _numbers,
    Wants.TITLE: _titles,
    Wants.PLACE: _files,
}
