"""Results for a person: a table, what was expected beside what was got, and the scores."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.checks.run import Result
from bot.checks.scores import Scores
from bot.render import NOT_ANSWERED, shown

_SHARES = (
    "accuracy", "citation_precision", "citation_recall",
    "abstention_precision", "abstention_recall",
)  # fmt: skip


def render_results(results: Sequence[Result], console: Console) -> None:
    """Print a table with a row for each question."""
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("")
    table.add_column("question", ratio=4, overflow="fold")
    table.add_column("answer", ratio=3, overflow="fold")
    table.add_column("reason", ratio=4, overflow="fold")
    table.add_column("line", justify="right", overflow="fold")
    several = len({result.row.path for result in results}) > 1
    for result in results:
        row = result.row
        table.add_row(
            Text("✓", "green") if result.passed else Text("✗", "red" if result.failed else "dim"),
            Text(shown(row.question)),
            Text(shown(said(result))),
            Text(shown(reason(result)), "" if result.failed else "dim"),
            Text(shown(f"{row.path.name}:{row.line}" if several else str(row.line))),
        )
    console.print(table)


def render_scores(scores: Scores, console: Console) -> None:
    """Print the scores; a share of nothing is a dash."""
    passed = scores.answerable_passed + scores.unanswerable_passed
    console.print(
        f"{passed} of {scores.rows} pass: {scores.answerable_passed} of {scores.answerable} with "
        f"an answer, {scores.unanswerable_passed} of {scores.unanswerable} without"
    )
    for name in _SHARES:
        share = getattr(scores, name)
        figure = "–" if share is None else f"{share:.3f}"
        console.print(f"{name.replace('_', ' '):<21} {figure}")


def said(result: Result) -> str:
    """Return what was answered, as short as it was given."""
    answer = result.answer
    return (answer.short or answer.text) if answer.answered else NOT_ANSWERED


def reason(result: Result) -> str:
    """Return why a result fails; of a row marked with ``xfail``, also what was known of it."""
    why = "; ".join(result.reasons)
    if result.row.xfail is None:
        return why
    known = result.row.xfail
    return f"expected to fail ({known}): {why}" if why else f"passes, its xfail can go ({known})"


def side_by_side(result: Result, width: int) -> str:
    """Return what was expected and what was got in two columns, ``width`` characters wide.

    The first line is the reason, and the last one where the row stands.
    """
    row, answer = result.row, result.answer
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name, ratio in (("", None), ("expected", 2), ("got", 3)):
        table.add_column(name, ratio=ratio, overflow="fold")
    wanted = NOT_ANSWERED if row.unanswerable else _either(row.answers)
    got = answer.text if answer.answered else NOT_ANSWERED
    if answer.short:
        table.add_row("answer", Text(wanted), Text(shown(answer.short)))
        table.add_row("", "", Text(shown(got)))
    else:
        table.add_row("answer", Text(wanted), Text(shown(got)))
    cited = [Text(f"[{c.number}] {shown(c.article.id)}") for c in answer.citations]
    quoted = [Text(f"[{c.number}] “{shown(c.quote)}”") for c in answer.citations]
    table.add_row("source", Text(_either(row.sources)), Text("\n").join(cited))
    table.add_row("quote", Text(_either(row.quotes)), Text("\n").join(quoted))
    page = io.StringIO()
    console = Console(file=page, width=width, color_system=None, legacy_windows=False)
    console.print(Text(shown(reason(result))))
    console.print(Text(f"question: {shown(row.question)}"))
    console.print(table)
    lines = [line.rstrip() for line in page.getvalue().splitlines()]
    return "\n".join([*lines, shown(row.place)])


def _either(alternatives: Sequence[str]) -> str:
    return shown(" | ".join(alternatives))
