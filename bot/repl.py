"""The session at the terminal: one line after another, typed or piped."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from bot import compose
from bot.commands import BARE, obey
from bot.pager import page, print_all
from bot.render import render_answer, shown, shown_lines
from bot.session import Session, State
from bot.suggestions import suggestions
from bot.terminal import notices, notify, output
from bot.work import CancelledError, Worker, at_once
from retrieval.errors import FootnoteError
from retrieval.question import Query, check
from retrieval.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

    from bot.settings import Settings
    from retrieval.chain import Step
    from retrieval.index import Index
    from retrieval.types import Answer

_LONGEST_LABEL = 24
_ELSEWHERE = (
    "Only articles on that subject were asked; /new, and the question again, asks them all."
)

Read = Callable[[State], str | None]
"""Returns the next line, or None if there are no more."""


def run(settings: Settings, index: Index, *, is_offline: bool = False) -> bool:
    """Answer what a person types, or the lines of a file; tell whether all could be answered.

    A person gets a prompt, and may leave with a question unanswered.  For a file, or
    where the answers go to one, there is none, nor colours and spinners, and each
    question is printed above its answer.  ``is_offline``: no chat model is asked, though one
    may be set.
    """
    reader = compose.reading_model(settings, notify)
    chat = None if is_offline else compose.chat(settings)
    if sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
        worker = Worker(output)
        pages = partial(page, output, settings.pager)
        session = compose.session(settings, index, output, worker, pages, reader=reader, chat=chat)
        interact(session, worker, compose.history(settings))
        return True
    show = partial(print_all, output)
    session = compose.session(settings, index, output, at_once, show, reader=reader, chat=chat)
    waiting = iter(sys.stdin or ())
    return converse(replace(session, echoes=True), lambda _: next(waiting, None), notices)


def interact(session: Session, worker: Worker, history: Path) -> None:
    """Answer what a person types, until they leave.

    Args:
        session: what it works with.
        worker: does its work, and is told of Ctrl-C.
        history: the file that keeps what is typed.
    """
    from bot.prompt import Prompt

    prompt = Prompt(history, notify)
    articles = counted(len(session.index.store.sources()), "article")
    notify(f"{articles}. Ask a question; /help lists what else you can do, Ctrl-D leaves.")

    def read(state: State) -> str | None:
        session.output.print()
        return prompt.read(label(state), lambda line: suggestions(session, state, line))

    with worker.heeding_interrupts():
        converse(session, read, session.output)


def converse(session: Session, read: Read, complain: Console) -> bool:
    """Answer one line after another, until there are no more; tell whether all could be."""
    state, are_all_good = State(), True
    waiting: list[str] = []  # of what was pasted, each line is a line
    while not state.is_over:
        if not waiting:
            typed = read(state)
            if typed is None:
                break
            waiting = shown_lines(typed).rstrip("\n").split("\n")
        try:
            state = _after(session, state, waiting.pop(0).strip(" \t\r\n\ufeff"))
        except CancelledError as cancelled:
            waiting = []
            complain.print(Text(str(cancelled), style="dim"))
        except FootnoteError as error:
            are_all_good = False
            complain.print(Text(shown(str(error)), style="yellow"))
        sys.stdout.flush()  # into a pipe, too, each answer goes as soon as it is there
    return are_all_good


def label(state: State) -> str:
    """Return what stands before the line that is typed."""
    if state.only is None:
        return "footnote"
    title = shown(state.only.title)
    if len(title) > _LONGEST_LABEL:
        title = title[:_LONGEST_LABEL].rsplit(" ", 1)[0] + "…"
    return f"[{title}]"


def _after(session: Session, state: State, line: str) -> State:
    """Return where a session stands after a line."""
    if not line:
        return state
    line = BARE.get(line.lower(), line)
    after = (obey if line.startswith("/") else _ask)(session, state, line)
    if session.echoes:
        session.output.print()
    return after


def _ask(session: Session, state: State, line: str) -> State:
    """Answer a question, and print the answer."""
    asked = check(line)
    query = session.work(lambda step: _understood(session, state, asked, step))
    if state.only:  # what an earlier answer was about does not count beside it
        query = replace(query, topic=None)
    if session.echoes:
        session.output.print(Text(asked, style="bold blue"))
    if query != Query(asked):
        session.output.print(Text(understood(query), style="dim"))
    source = state.only.id if state.only else None
    answer = session.work(lambda step: _answered(session, query, source, step))
    render_answer(answer, session.output)
    if query.topic and not answer.answered:
        session.output.print()
        session.output.print(Text(_ELSEWHERE, style="dim"))
    return replace(
        state,
        conversation=state.conversation.after(query, answer),
        query=query,
        asked_of=state.only,
        answer=answer,
    )


def _understood(session: Session, state: State, asked: str, step: Step) -> Query:
    step("Reading the question" if state.conversation.turns else "")
    return session.stand_alone(state.conversation, asked)


def _answered(session: Session, query: Query, source: str | None, step: Step) -> Answer:
    """Return the answer; what is verified of it meanwhile is shown as a step."""
    return session.pipeline(query, source, step, lambda partial: step(shown(partial.text)))


def understood(query: Query) -> str:
    """Return a follow-up question as it was understood: ``→ Floods: how many were killed?``."""
    return f"→ {shown(str(query))}"
