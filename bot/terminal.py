"""What commands share: the settings, the opened library, progress, notices and reports.

Heavy modules are imported where they are needed, as ``--help`` needs none.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

from bot.render import json_line, shown

if TYPE_CHECKING:
    from bot.settings import Settings
    from retrieval.index import Index
    from retrieval.reading_model import ReadingModel
    from retrieval.writer import Report

output = Console(highlight=False)
"""Answers and what else was asked for; to standard output."""

notices = Console(stderr=True, highlight=False)
"""What is said beside that; to standard error."""


def settings() -> Settings:
    """Read the settings, before anything that imports Chroma is imported.

    A restore that was cut short is completed, before anything is opened.

    Chroma reads ``.env`` by itself at import, and where it cannot, says nothing that a
    person could mend.  ``bot.compose`` imports it only when it opens a library; so
    ``retrieval.index``, ``retrieval.sync`` and ``bot.discord`` are imported after this.

    Raises:
        ConfigError: if a setting makes no sense, or ``.env`` cannot be read.
    """
    from bot.settings import load_settings

    found = load_settings()
    from bot import compose

    compose.complete_restore(found, notify)
    return found


def library() -> Index:
    """Open the library that is set; the caller closes it.

    Raises:
        ConfigError: if a setting makes no sense, or ``.env`` cannot be read.
        LibraryError: if the library cannot be used.
        ModelError: if the model cannot be loaded.
    """
    from bot import compose

    index = compose.library(settings(), notify)
    collect_garbage_again()
    return index


def reading_model() -> ReadingModel:
    """Return the model that reads, as it is set.

    Raises:
        ConfigError: if a setting makes no sense, or ``.env`` cannot be read.
        ModelError: if the model cannot be loaded.
    """
    from bot import compose

    return compose.reading_model(settings(), notify)


def collect_garbage_again() -> None:
    """End the rest that the start gave the collector; what is loaded by now stays for good."""
    gc.freeze()
    gc.enable()


def seed(index: Index) -> None:
    """Index the articles that come with the install, the first time."""
    import seeds
    from retrieval.sync import seed as seed_from

    with progress("Indexing the seed articles") as bar:
        written = seed_from(index, seeds.FOLDER, bar)
    if written:
        notify(f"First use: {written}")


def notify(message: str) -> None:
    """Print a notice."""
    notices.print(shown(message), style="dim", markup=False)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar, on a terminal only; it is told (done, in all), and gone after the block."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns, console=notices, transient=True, disable=not notices.is_terminal
    ) as bar:
        task = bar.add_task(what, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


@contextmanager
def spinner(console: Console) -> Iterator[Callable[[str], None]]:
    """Show what is being done, of which it is told, and nothing after the block.

    Where the console is no terminal, or one that cannot take lines back, nothing is shown.
    """
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda _: None
        return
    status = console.status("")
    is_shown = False

    def say(doing: str) -> None:
        nonlocal is_shown
        if doing:
            status.update(Text(doing, style="dim"))
        if doing and not is_shown:
            status.start()
            is_shown = True

    try:
        yield say
    finally:
        status.stop()


def report(written: Report, as_json: bool) -> None:
    """Print what a write did.

    Raises:
        typer.Exit: with code 1, if some files were passed over.
    """
    if as_json:
        print_json(written.to_dict())
    else:
        output.print(str(written), markup=False)
    for problem in written.problems:
        notices.print(f"Passed over: {shown(problem)}", style="yellow", markup=False)
    if written.problems:
        raise typer.Exit(1)


def print_json(data: Any) -> None:
    """Print data as JSON on one line, for programs."""
    sys.stdout.write(json_line(data) + "\n")
