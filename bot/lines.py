"""Questions that come one a line, and the answers to them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from bot import terminal
from bot.render import render_answer
from bot.terminal import notices, output

if TYPE_CHECKING:
    from retrieval.types import Answer


def answer_lines(
    lines: Iterable[str], answer_to: Callable[[str], Answer], *, as_json: bool
) -> bool:
    """Answer each line and print what comes of it; tell whether all were questions."""
    return sum(not _answer_line(line, answer_to, as_json) for line in lines) == 0


def _answer_line(line: str, answer_to: Callable[[str], Answer], as_json: bool) -> bool:
    """Answer one line of input and print what comes of it; tell whether it was a question."""
    from retrieval.errors import QuestionError
    from retrieval.types import Answer

    try:
        answer = answer_to(line)
    except QuestionError as error:
        if as_json:
            terminal.print_json({**Answer(line.strip()).to_dict(), "error": str(error)})
        else:
            notices.print(f"footnote: {error}", markup=False)
        return False
    if as_json:
        terminal.print_json(answer.to_dict())
    else:
        output.print(answer.question, style="bold blue", markup=False)
        render_answer(answer, output)
        output.print()
    sys.stdout.flush()
    return True
