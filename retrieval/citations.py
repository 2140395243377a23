"""A draft becomes an answer, or what of it the sources carry.

The rule: an answerer may phrase; only the sources may speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from retrieval import terms
from retrieval.expressions import HEDGE, NUMBER_WORD
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

_NUMBER = re.compile(rf"(?:\b{HEDGE})?(?:\d+(?:[.,]\d+)*|\b{NUMBER_WORD}\b)")
_CURRENCY = re.compile("[$€£¥]")
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
    quotes = " ".join(span.text for span in claim.spans)
    return is_found and bool(claim.text.strip()) and not uncarried(claim.text, quotes)


def uncarried(text: str, quotes: str) -> list[str]:
    """Return what a statement says that its quotes do not: numbers, names, and a negation.

    A number is meant with its hedge: quotes that say "nearly 10,000" do not carry
    "10,000".  A negation counts too where only the quotes have it.
    """
    quotes = fold_space(quotes)
    missing = unsaid_numbers(text, quotes) + _unsaid_names(text, quotes)
    negations = [_NEGATION.search(fold_space(side).lower()) for side in (text, quotes)]
    if bool(negations[0]) != bool(negations[1]):
        missing += [found.group() for found in negations if found]
    return missing


def unsaid_numbers(text: str, quotes: str) -> list[str]:
    """Return the numbers of a text, each with its hedge, that its quotes do not give so."""
    given = set(_numbers(quotes))
    return [number for number in _numbers(text) if number not in given]


def _numbers(text: str) -> list[str]:
    """Return the numbers of a text with their hedges: ``"about $11.7 billion"`` → "about 11.7"."""
    found: list[str] = _NUMBER.findall(_CURRENCY.sub("", fold_space(text).lower()))
    return found


def _unsaid_names(text: str, quotes: str) -> list[str]:
    """Return the capitalised words of a text that its quotes do not have.

    The first word of a sentence is capital by rule: there, one that the quotes
    have in small letters, or that says nothing by itself, will do.
    """
    openings = {match.start(1) for match in _OPENING.finditer(text)}
    words = set(re.findall(r"\w+", quotes))
    ordinary = {word.lower() for word in words} | terms.STOP_WORDS
    return [
        match.group()
        for match in _NAME.finditer(text)
        if match.group() not in words
        and not (match.start() in openings and match.group().lower() in ordinary)
    ]


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
