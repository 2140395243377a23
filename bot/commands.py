"""The commands of a session: each line that begins with a slash."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from rich.table import Table
from rich.text import Text

from bot.render import described, json_line, render_sources, shown, shown_lines
from bot.session import Session, State
from bot.why import render_explanation
from bot.work import CancelledError
from retrieval import refresh, sync
from retrieval.addresses import is_address
from retrieval.chain import Step
from retrieval.errors import FootnoteError
from retrieval.store import Source, named
from retrieval.types import Answer, Article
from retrieval.visits import Visitor
from retrieval.writer import Report

_NEAR = 0.5
_KEYS = (
    ("Ctrl-C", "cancels the question under way, or clears the line"),
    ("Ctrl-R", "searches what you typed before, also in earlier sessions"),
    ("Tab", "completes commands, titles and paths"),
    ("Ctrl-D", "leaves"),
)


class CommandError(FootnoteError):
    """A command cannot be done."""


class Wants(Enum):
    """What a command is given."""

    NOTHING = auto()
    NUMBER = auto()
    TITLE = auto()
    PLACE = auto()


@dataclass(frozen=True)
class Command:
    """What a command does to a session, and how it is described.

    ``run`` is given the rest of the line, and returns where the session stands then.
    """

    run: Callable[[Session, State, str], State]
    help: str
    argument: str = ""
    wants: Wants = Wants.NOTHING


def obey(session: Session, state: State, line: str) -> State:
    """Do what a line that begins with a slash says.

    Raises:
        FootnoteError: if there is no such command, or it cannot be done.
        CancelledError: if a person had enough of it.
    """
    name, _, argument = line.partition(" ")
    command = COMMANDS.get(name.lower())
    if command:
        return command.run(session, state, argument.strip())
    near = difflib.get_close_matches(name.lower(), COMMANDS, 1, _NEAR)
    hint = f"did you mean {near[0]}? " if near else ""
    raise CommandError(f"There is no command {shown(name)}; {hint}/help lists them all.")


def _show(session: Session, state: State, which: str) -> State:
    """Show a quote within its article, or an article by its title."""
    number = which.strip("[]") or "1"
    if not number.isdecimal():
        source = _find(session, which)
        article = session.index.store.articles([source.id]).get(source.id)
        if article is None:
            raise CommandError(f"{source.title!r} has just been removed; /sources lists the rest.")
        session.page(_view(article)[0])
        return state
    _last(state)
    citations = {str(citation.number): citation for citation in state.citations}
    citation = citations.get(number.lstrip("0"))
    if citation is None:
        last = len(citations)
        has = f"has 1 to {last}" if last > 1 else f"has {'only 1' if last else 'none'}"
        raise CommandError(f"There is no footnote {shown(number)}; the last answer {has}.")
    text, offset = _view(citation.article)
    before = len(shown_lines(citation.article.text[: citation.start]))
    start = offset + before
    session.page(text, (start, start + len(shown_lines(citation.quote))))
    return state


def _sources(session: Session, state: State, _: str) -> State:
    render_sources(session.index.store.sources(), session.output)
    return state


def _source(session: Session, state: State, title: str) -> State:
    """Answer from one article only, or from all again."""
    if not title:
        session.output.print(Text("Answers come from all articles.", style="dim"))
        return replace(state, only=None)
    only = _find(session, title)
    said = f"Answers come from “{shown(only.title)}” only; /source goes back to all."
    session.output.print(Text(said, style="dim"))
    return replace(state, only=only)


def _why(session: Session, state: State, _: str) -> State:
    answer = _last(state)
    query, source = state.query or answer.question, state.asked_of.id if state.asked_of else None
    explanation = session.work(lambda step: session.pipeline.explain(query, source, step, answer))
    if explanation.answer != answer:
        changed = "The articles have changed since; this is how it is answered now."
        session.output.print(Text(changed, style="dim"))
    render_explanation(explanation, session.output)
    return state


def _json(session: Session, state: State, _: str) -> State:
    session.output.out(json_line(_last(state).to_dict()), highlight=False)
    return state


def _add(session: Session, state: State, place: str) -> State:
    if not place:
        raise CommandError("Say what to add: /add and the path of a file or folder, or an address.")
    try:
        report = session.work(lambda step: _added(session, place, step))
    except CancelledError as error:
        raise CancelledError("Cancelled; what was indexed by then stays, and is whole.") from error
    session.output.print(Text(str(report)))
    for problem in report.problems:
        session.output.print(Text(f"Passed over: {shown(problem)}", style="yellow"))
    return state


def _added(session: Session, place: str, step: Step) -> Report:
    def progress(done: int, total: int) -> None:
        step(f"Indexing {min(done + 1, total)}/{total}")

    if is_address(place):
        step("Fetching the page")
        return refresh.add(session.index, place, Visitor(session.allow_private_urls), progress)
    step("Reading")
    return sync.add(session.index, _path(place), progress)


def _new(_: Session, state: State, __: str) -> State:
    return State(only=state.only)


def _help(session: Session, state: State, _: str) -> State:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, command in COMMANDS.items():
        table.add_row(Text(f"{name} {command.argument}"), command.help)
    table.add_row("", "")
    for key, does in _KEYS:
        table.add_row(key, does)
    session.output.print("Type a question, or a command:")
    session.output.print(table)
    return state


def _quit(_: Session, state: State, __: str) -> State:
    return replace(state, is_over=True)


COMMANDS = {
    "/show": Command(_show, "the quote of footnote N in its article", "N", Wants.NUMBER),
    "/why": Command(_why, "why the last answer was given, or none"),
    "/json": Command(_json, "the last answer as JSON"),
    "/sources": Command(_sources, "lists the articles"),
    "/source": Command(
        _source,
        "answers from one article only; from all if no title is given",
        "TITLE",
        Wants.TITLE,
    ),
    "/add": Command(_add, "adds a file, a folder, a web page or a feed", "PATH|URL", Wants.PLACE),
    "/new": Command(_new, "forgets the conversation, for a question on something else"),
    "/help": Command(_help, "lists the commands"),
    "/quit": Command(_quit, "leaves"),
    "/exit": Command(_quit, "leaves, too"),
}
BARE = {"help": "/help", "?": "/help", "quit": "/quit", "exit": "/exit"}
"""What is a command also without its slash: no one asks that of an article."""


def _last(state: State) -> Answer:
    if state.answer is None:
        raise CommandError('Nothing was asked yet; ask something, like "how many were arrested?"')
    return state.answer


def _find(session: Session, name: str) -> Source:
    found = named(name, session.index.store.sources())
    if not found:
        raise CommandError(f"No article has {name!r} in its title; /sources lists them.")
    if len(found) > 1:
        some = ", ".join(source.id for source in found[:5])
        raise CommandError(f"{name!r} fits {len(found)} articles ({some}); give more of it.")
    return found[0]


def _view(article: Article) -> tuple[Text, int]:
    """Return an article with its heading, and where its text begins."""
    heading = Text.assemble((described(article), "bold"), "\n\n")
    return heading + Text(shown_lines(article.text)), len(heading)


def _path(place: str) -> Path:
    """Return the path that a person wrote, perhaps in quotes as a shell would want them."""
    path = Path(place)
    with suppress(ValueError, OSError):
        words = shlex.split(place)
        if len(words) == 1 and not path.exists():
            path = Path(words[0])
    try:
        return path.expanduser()
    except RuntimeError:
        raise CommandError(
            f"There is no such user as in {place}; write the path in full."
        ) from None
