"""What a run of questions comes to, in five figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.checks.matching import is_expected
from bot.checks.run import Result


@dataclass(frozen=True)
class Scores:
    """Counts, and shares from 0 to 1; a share of nothing is None.

    A row that is marked with ``xfail`` counts as any other.

    * ``accuracy``: rows that pass / rows.
    * ``citation_precision``: citations of an expected source / citations given; over
      the rows that name a source.
    * ``citation_recall``: rows of which a citation is of an expected source (and has an
      expected quote, where one is named) / rows; over the rows that name a source.
    * ``abstention_precision``: unanswerable rows that were declined / rows declined.
    * ``abstention_recall``: unanswerable rows that were declined / unanswerable rows.
    """

    rows: int
    answerable: int
    answerable_passed: int
    unanswerable: int
    unanswerable_passed: int
    accuracy: float | None
    citation_precision: float | None
    citation_recall: float | None
    abstention_precision: float | None
    abstention_recall: float | None


def score(results: Sequence[Result]) -> Scores:
    """Return the scores of some results; see :class:`Scores` for what each is."""
    answerable = [result for result in results if not result.row.unanswerable]
    unanswerable = [result for result in results if result.row.unanswerable]
    sourced = [result for result in answerable if result.row.sources]
    given = [
        is_expected(citation, result.row.sources, ())
        for result in sourced
        for citation in result.answer.citations
    ]
    declined = [result for result in results if not result.answer.answered]
    rightly = sum(result.row.unanswerable for result in declined)
    return Scores(
        rows=len(results),
        answerable=len(answerable),
        answerable_passed=_passed(answerable),
        unanswerable=len(unanswerable),
        unanswerable_passed=_passed(unanswerable),
        accuracy=_share(_passed(results), len(results)),
        citation_precision=_share(sum(given), len(given)),
        citation_recall=_share(sum(_is_cited(result) for result in sourced), len(sourced)),
        abstention_precision=_share(rightly, len(declined)),
        abstention_recall=_share(rightly, len(unanswerable)),
    )


def _passed(results: Sequence[Result]) -> int:
    return sum(result.passed for result in results)


def _is_cited(result: Result) -> bool:
    row = result.row
    return any(is_expected(c, row.sources, row.quotes) for c in result.answer.citations)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
