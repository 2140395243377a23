"""A draft becomes an answer, or what of it the sources carry.

The rule: an answerer may phrase; only the sources may speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from retrieval import terms
from retrieval.expressions import NUMBER_WORD
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

CLOSEST = 3
"""How many passages are offered where nothing is answered."""

_NUMBER = re.compile(rf"\d+(?:[.,]\d+)*|\b{NUMBER_WORD}\b", re.IGNORECASE)
_NAME = re.compile(r"\b[^\W\d_a-zß-öø-ÿ]\w*")
_OPENING = re.compile(r"(?:^|[.!?:]\s|[“\"])\W*(\w+)")
_FOOTNOTE = re.compile(r"\[(\d+)\]")
_NEGATION = re.compile(
    r"\b(?:not?(?!\.\s?\d)|never|none|nobody|nothing|neither|nor|without|cannot)\b|n[’']t\b"
)


def verify(draft: Draft, hits: Sequence[Hit]) -> Answer:
    """Return the part of a draft that its own quotes carry, numbered 1, 2, … in order of use.

    A claim stands only if each of its spans lies in a passage that was found,
    and the spans together hold its numbers, its names, and its negations.  Where
    none stands, the answer has no statements and offers the closest passages.
    """
    claims = [claim for claim in draft.claims if claim.spans and _is_carried(claim, hits)]
    if not claims:
        return Answer(draft.question, closest=closest(hits))
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
        citations=_number(numbers),
    )


def closest(hits: Sequence[Hit]) -> tuple[Citation, ...]:
    """Return the best passages, none of which overlaps another, as numbered citations."""
    chosen: list[Span] = []
    for hit in hits:
        passage = hit.passage
        if not any(_overlap(passage, other) for other in chosen):
            chosen.append(Span(passage.article, passage.start, passage.end))
    return _number(chosen[:CLOSEST])


def _number(spans: Iterable[Span]) -> tuple[Citation, ...]:
    return tuple(
        Citation(span.article, span.start, span.end, number)
        for number, span in enumerate(spans, start=1)
    )


def _overlap(left: Span, right: Span) -> bool:
    return left.article.id == right.article.id and left.start < right.end and right.start < left.end


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
    quotes = fold_space(" ".join(span.text for span in claim.spans))
    return (
        is_found
        and bool(claim.text.strip())
        and set(_NUMBER.findall(claim.text.lower())) <= set(_NUMBER.findall(quotes.lower()))
        and _holds_names(claim.text, quotes)
        and bool(_NEGATION.search(claim.text.lower())) == bool(_NEGATION.search(quotes.lower()))
    )


def _holds_names(text: str, quotes: str) -> bool:
    """Tell whether all capitalised words of a text stand in its quotes.

    The first word of a sentence is capital by rule: there, one that the quotes
    have in small letters, or that says nothing by itself, will do.
    """
    openings = {match.start(1) for match in _OPENING.finditer(text)}
    words = set(re.findall(r"\w+", quotes))
    ordinary = {word.lower() for word in words} | terms.STOP_WORDS
    return all(
        match.group() in words or (match.start() in openings and match.group().lower() in ordinary)
        for match in _NAME.finditer(text)
    )


def _holder(short: str, spans: Iterable[Span]) -> Article | None:
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
        if claim.short and (article := _holder(claim.short, claim.spans))
    ]
    different = {piece.casefold(): (piece, article) for piece, article in given}
    if len(different) <= 1:
        return given[0][0] if given else None
    return "; ".join(
        f"{piece} ({article.published.day} {article.published:%B %Y})" if article.published
        else f"{piece} ({article.title})"
        for piece, article in different.values()
    )  # fmt: skip
