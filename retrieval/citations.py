"""A draft becomes an answer, or what of it the sources carry.

The rule: an answerer may phrase; only the sources may speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from retrieval import duplicates
from retrieval.support import uncarried
from retrieval.types import (
    Answer,
    Article,
    Citation,
    Claim,
    Draft,
    Hit,
    Span,
    Statement,
    fold_space,
)
from retrieval.wording import dated

CLOSEST = 3
"""How many passages are offered where nothing is answered."""

_FOOTNOTE = re.compile(r"\[(\d+)\]")


def verify(draft: Draft, hits: Sequence[Hit]) -> Answer:
    """Return the part of a draft that its own quotes carry, numbered 1, 2, … in order of use.

    A claim stands only if each of its spans lies in a passage that was found,
    and the spans together hold its numbers, its names, and its negations.  Where
    none stands, the answer has no statements and offers the closest passages.
    Of copies of a story one is cited, and the others are named beside it.
    """
    claims = [claim for claim in draft.claims if claim.spans and _is_carried(claim, hits)]
    claims = duplicates.folded(claims)
    if not claims:
        return Answer(draft.question, closest=closest(hits), notice=draft.notice)
    numbers: dict[Span, int] = {}
    statements = []
    for claim in claims:
        spans = [Span(span.article, span.start, span.end) for span in claim.spans]
        used = [numbers.setdefault(span, len(numbers) + 1) for span in spans]
        statements.append(Statement(_FOOTNOTE.sub(r"(\1)", claim.text), tuple(dict.fromkeys(used))))
    return Answer(
        question=draft.question,
        short=_short(claims),
        statements=tuple(statements),
        citations=_number(numbers, hits),
        notice=draft.notice,
    )


def closest(hits: Sequence[Hit]) -> tuple[Citation, ...]:
    """Return the best passages, none of which overlaps another, as numbered citations."""
    chosen: list[Span] = []
    for hit in hits:
        passage = hit.passage
        if len(chosen) < CLOSEST and not any(_overlap(passage, other) for other in chosen):
            chosen.append(Span(passage.article, passage.start, passage.end))
    return _number(chosen, hits)


def _number(spans: Iterable[Span], hits: Sequence[Hit]) -> tuple[Citation, ...]:
    """Return spans as citations, each with the copies of its article that were found."""
    articles = {hit.passage.article.id: hit.passage.article for hit in hits}
    return tuple(
        Citation(
            span.article,
            span.start,
            span.end,
            number,
            duplicates.copies(span.article, articles.values()),
        )
        for number, span in enumerate(spans, start=1)
    )


def _overlap(left: Span, right: Span) -> bool:
    """Tell whether two spans share words of an article, or of two copies of it."""
    if left.article.id != right.article.id:
        if not duplicates.are_copies(left.article, right.article):
            return False
        moved = duplicates.same_words(left, right.article)
        if moved is None:
            return False
        left = moved
    return left.start < right.end and right.start < left.end


def _is_carried(claim: Claim, hits: Sequence[Hit]) -> bool:
    is_found = all(
        any(
            hit.passage.article == span.article
            and hit.passage.start <= span.start
            and span.end <= hit.passage.end
            for hit in hits
        )
        for span in claim.spans
    )
    quotes = [span.text for span in claim.spans]
    return is_found and bool(claim.text.strip()) and not uncarried(claim.text, quotes)


def holder(short: str, spans: Iterable[Span]) -> Article | None:
    """Return the article in one of whose spans the short answer stands, as whole words."""
    if not short.strip():
        return None
    whole = re.compile(rf"(?<!\w)(?<!\d[.,]){re.escape(short)}(?!\w|[.,]\d)")
    return next((span.article for span in spans if whole.search(fold_space(span.text))), None)


def _short(claims: Sequence[Claim]) -> str | None:
    """Return the short answer; where several claims give different ones, each with its date."""
    given = [
        (claim.short, article)
        for claim in claims
        if claim.short and (article := holder(claim.short, claim.spans))
    ]
    different = {piece.casefold(): (piece, article) for piece, article in given}
    if len(different) <= 1:
        return given[0][0] if given else None
    return "; ".join(
        f"{piece} ({dated(article.published) if article.published else article.title})"
        for piece, article in different.values()
    )
