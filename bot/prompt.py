"""The line that a person types: history, completion, and what is shown of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from bot.render import masked, shown
from bot.suggestions import Suggestion
from retrieval.embedding import Notify
from retrieval.errors import FootnoteError

Suggest = Callable[[str], Iterable[Suggestion]]
"""Told what stands before the cursor."""


class Prompt:
    """Asks a person for one line after another.

    Args:
        history: the file that keeps what was typed, for this person only.
        notify: told where that file cannot be used; the session goes on without.
    """

    def __init__(self, history: Path, notify: Notify) -> None:
        self._session: PromptSession[str] = PromptSession(
            history=_history(history, notify),
            auto_suggest=AutoSuggestFromHistory(),
            complete_in_thread=True,
            complete_while_typing=Condition(_is_command),
            input_processors=[_Mask()],
        )

    def read(self, label: str, suggest: Suggest) -> str | None:
        """Return a line; None if there are no more.  Ctrl-C gives up the line, and asks again."""
        while True:
            try:
                return self._session.prompt(f"{label}> ", completer=_Completer(suggest))
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None


def _is_command() -> bool:
    return get_app().current_buffer.text.startswith("/")


class _Completer(Completer):
    def __init__(self, suggest: Suggest) -> None:
        self._suggest = suggest

    def get_completions(self, document: Document, _: CompleteEvent) -> Iterable[Completion]:
        try:
            for one in self._suggest(document.text_before_cursor):
                yield Completion(
                    one.text, -one.replaces, display=shown(one.text), display_meta=shown(one.note)
                )
        except FootnoteError:  # a library in trouble says so when it is asked, not while one types
            return


class _Mask(Processor):
    """Shows what could steer the terminal, pasted or from the history, as a mark each."""

    def apply_transformation(self, ti: TransformationInput) -> Transformation:
        return Transformation([(style, masked(text)) for style, text, *_ in ti.fragments])


class _History(FileHistory):
    """Keeps lines in a file, and goes on without one when the disk is full."""

    def store_string(self, string: str) -> None:
        with suppress(OSError):
            super().store_string(string)


def _history(path: Path, notify: Notify) -> History:
    """Return the history in a file that only its owner may read, or one for now only."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        notify(f"What you type is not kept: {path} cannot be written ({error.strerror}).")
        return InMemoryHistory()
    return _History(path)
