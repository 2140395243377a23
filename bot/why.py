"""Why an answer was given, or none: in a sentence, and then in figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.render import shown
from retrieval.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

    from retrieval.chain import Explanation
    from retrieval.reader import Considered
    from retrieval.types import Answer

SENTENCES = 5
"""How many of the sentences that were considered are listed."""


def reason(explanation: Explanation) -> str:
    """Return in one sentence why an answer was given, or why none was."""
    answer, considered = explanation.answer, explanation.considered
    if not explanation.hits:
        return "No answer was given: no passage was found for the question."
    if explanation.threshold is None:
        found = counted(len(explanation.hits), "passage")
        return f"It was decided from {found}; no figures are kept of how."
    if not considered:
        return "No answer was given: nothing in the passages that were found may answer it."
    first, most = considered[0].probability, max(one.probability for one in considered)
    best, likeliest, least = (f"{one:.1%}" for one in (first, most, explanation.threshold))
    of = counted(len(considered), "sentence")
    if most < explanation.threshold:
        return (
            f"No answer was given: of {of} read, the likeliest answers with a probability of "
            f"{likeliest}, and {least} is needed."
        )
    if not answer.answered:
        return (
            f"No answer was given: the best sentence has {best}, which is enough, but its "
            "quote does not hold all that it says."
        )
    others = len(answer.citations) - 1
    also = f"; {counted(others, 'other article')} on the same subject said otherwise"
    given = f"the one given is the likeliest to answer: {best}, where {least} is enough"
    if best != likeliest:
        given = (
            f"the one given answers with a probability of {best}, where {least} is enough; one has "
            f"{likeliest}, but its passage fits the question less"
        )
    return f"Of {of} read, {given}{also if others else ''}."


def render_explanation(explanation: Explanation, console: Console) -> None:
    """Print why, the sentences that were considered, and the passages that were found."""
    console.print(Text(reason(explanation)))
    if explanation.considered:
        console.print()
        heading = "Sentences, best first, with the probability that each answers"
        console.print(Text(heading, style="bold"))
        console.print(Padding(_sentences(explanation), (0, 0, 0, 2)))
    if explanation.hits:
        console.print()
        console.print(Text("Passages found, with their scores", style="bold"))
        console.print(Padding(_passages(explanation), (0, 0, 0, 2)))


def _sentences(explanation: Explanation) -> Table:
    table = _table()
    for one in explanation.considered[:SENTENCES]:
        is_enough = explanation.threshold is None or one.probability >= explanation.threshold
        text = Text(shown(one.span.text), style="" if is_enough else "dim")
        for number in _numbers(one, explanation.answer):
            text.append(f"[{number}]", style="bold cyan")
        table.add_row(f"{one.probability:.1%}", text)
    left = len(explanation.considered) - SENTENCES
    if left > 0:
        table.add_row("", Text(f"and {left} more", style="dim"))
    return table


def _numbers(one: Considered, answer: Answer) -> Iterator[int]:
    """Yield the number of the footnote that quotes a sentence, if any does."""
    for citation in answer.citations:
        is_same = (citation.start, citation.end) == (one.span.start, one.span.end)
        if is_same and citation.article.id == one.span.article.id:
            yield citation.number


def _passages(explanation: Explanation) -> Table:
    table = _table()
    for hit in explanation.hits:
        title = Text(shown(hit.passage.article.title))
        text = Text.assemble(title, (f"  {shown(hit.passage.text)}", "dim"))
        text.no_wrap, text.overflow = True, "ellipsis"
        table.add_row(f"{hit.score:.2f}", text)
    return table


def _table() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    return table
