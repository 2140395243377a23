"""A long text, a screen at a time."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

MARK = "bold yellow"
_TAKES_A_LINE = frozenset({"less", "more", "most"})
"""The pagers to which ``+N`` says at which line to begin."""


def page(
    console: Console,
    pager: str | None,
    text: Text,
    marked: tuple[int, int] | None = None,
) -> None:
    """Show a text in a pager, or print it where it fits on the screen or there is no pager.

    Args:
        console: where it is shown.
        pager: the command of the pager; None for the one that is found.
        text: what is shown.
        marked: the first character of what stands out, and the one after its last;
            the pager begins shortly before it.
    """
    is_coloured = console.color_system is not None and not console.no_color
    seen = emphasised(text, marked, in_colour=is_coloured)
    command = _command(pager)
    is_short = len(seen.wrap(console, console.width)) < console.height
    if is_short or not command or not console.is_terminal or console.is_dumb_terminal:
        console.print(seen)
        return
    name = Path(command[0]).stem
    if name == "less" and is_coloured:
        command.append("-R")
        with console.capture() as captured:
            console.print(seen)
        paged = captured.get()
    else:
        seen = emphasised(text, marked, in_colour=False)
        paged = "".join(f"{row.plain}\n" for row in seen.wrap(console, console.width))
    if marked and name in _TAKES_A_LINE:
        line = len(seen[: marked[0] + 1].wrap(console, console.width)) - console.height // 3
        command.append(f"+{max(1, line)}")
    try:
        subprocess.run(command, input=paged, encoding="utf-8", check=False)  # noqa: S603 - theirs
    except OSError:
        console.print(seen)


def print_all(console: Console, text: Text, marked: tuple[int, int] | None = None) -> None:
    """Print a text for a file or a program."""
    console.print(emphasised(text, marked, in_colour=False), soft_wrap=True)


def emphasised(text: Text, marked: tuple[int, int] | None, *, in_colour: bool) -> Text:
    """Return a text in which a part stands out, in colour or between arrows."""
    if marked is None:
        return text
    start, end = marked
    if in_colour:
        seen = text.copy()
        seen.stylize(MARK, start, end)
        return seen
    return Text.assemble(text[:start], ">> ", text[start:end], " <<", text[end:])


def _command(pager: str | None) -> list[str]:
    """Return the command of a pager, in words; nothing if there is none."""
    try:
        words = shlex.split(pager or "")
    except ValueError:
        words = []
    return words or [name for name in ("less", "more") if shutil.which(name)][:1]
