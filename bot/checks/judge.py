"""Judges an answer: by what its row expects, and by what holds for every answer.

Articles are taken from the store and not from the answer, which could have been
made from anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.checks.matching import holds, is_expected, says
from bot.checks.questions import Row
from retrieval import sentences, terms
from retrieval.citations import holder
from retrieval.support import uncarried, unsaid_amounts
from retrieval.types import Answer, Article, Citation, Statement
from retrieval.wording import dated

SHARED = 0.5
"""The least share of a statement's content words that its quotes must have in them."""


def judge(row: Row, answer: Answer, articles: Mapping[str, Article]) -> tuple[str, ...]:
    """Return why an answer fails its row, each reason a short sentence; none if it passes.

    ``articles`` are the stored articles by id, at least those that the answer cites.
    """
    return (*disappointments(row, answer), *faults(answer, articles))


def disappointments(row: Row, answer: Answer) -> Iterator[str]:
    """Yield how an answer is not what its row expects.

    The short answer is looked at, or the statements where there is none.  Where articles
    disagree and several short answers are given, each has to be an expected one.
    """
    if row.unanswerable:
        if answer.answered:
            yield "answered, though the sources don't say"
        return
    if not answer.answered:
        yield "declined to answer"
        return
    pieces = _pieces(answer)
    for piece in pieces:
        if row.answers and not any(says(piece, expected) for expected in row.answers):
            yield f"“{piece}” is not the expected answer"
    text = " ".join(statement.text for statement in answer.statements)
    if row.answers and not pieces and not any(says(text, expected) for expected in row.answers):
        yield "the expected answer is not in the statements"
    cited = answer.citations
    if row.sources and not any(is_expected(c, row.sources, ()) for c in cited):
        yield "the expected source is not cited"
    if row.quotes and not any(holds(c, quote) for c in cited for quote in row.quotes):
        yield "the expected words are in no cited quote"


def faults(answer: Answer, articles: Mapping[str, Article]) -> Iterator[str]:
    """Yield what is wrong with an answer whatever was expected of it.

    Every citation quotes a stored article to the letter, in whole sentences; the
    numbers run 1, 2, … in order of use; each statement stands on citations that hold
    its numbers with their hedges, its names, its negations and at least half of its
    content words; and the short answer stands in a quote.
    """
    try:
        replace(answer)  # which looks at all numbers again
    except ValueError as error:
        yield str(error)
    for citation in (*answer.citations, *answer.closest):
        if not is_true(citation, articles):
            yield f"citation {citation.number} is not what {citation.article.id} says there"
    for citation in answer.citations:
        if not _is_whole(citation):
            yield f"citation {citation.number} does not quote whole sentences"
    for statement in answer.statements:
        yield from _gaps(statement, answer.citations)
    yield from _short_faults(answer)


def is_true(citation: Citation, articles: Mapping[str, Article]) -> bool:
    """Tell whether a stored article has a quote, to the letter, at its offsets."""
    stored = articles.get(citation.article.id)
    return (
        stored is not None
        and stored.text == citation.article.text
        and stored.text[citation.start : citation.end] == citation.quote
    )


def _is_whole(citation: Citation) -> bool:
    within = sentences.split_within(citation.article.text, citation.start, citation.end)
    return bool(within) and (within[0][0], within[-1][1]) == (citation.start, citation.end)


def _gaps(statement: Statement, cited: tuple[Citation, ...]) -> Iterator[str]:
    """Yield what a statement says and its own quotes don't."""
    quotes = [c.quote for c in cited if c.number in statement.numbers]
    for missing in uncarried(statement.text, quotes):
        yield f"“{statement.text}” and its quotes do not agree on “{missing}”"
    said = set(terms.stems(statement.text))
    if len(said & set(terms.stems("\n".join(quotes)))) < SHARED * len(said):
        yield f"“{statement.text}” shares few words with its quotes"


def _short_faults(answer: Answer) -> Iterator[str]:
    for piece in _pieces(answer):
        standing = [c for c in answer.citations if holder(piece, [c])]
        if not standing:
            yield f"the short answer “{piece}” is in no quote"
        elif all(unsaid_amounts(piece, citation.quote) for citation in standing):
            yield f"the short answer “{piece}” leaves out how sure its quote is of it"


def _pieces(answer: Answer) -> list[str]:
    """Return the short answers that were given: ``"9 (3 May 2024); 10 (A title)"`` has two."""
    cited = [citation.article for citation in answer.citations]
    labels = {dated(one.published) if one.published else one.title for one in cited}
    ends = "|".join(re.escape(f" ({label})") for label in labels)
    pieces = re.split(rf"(?:{ends})(?:; |$)", answer.short or "") if ends else [answer.short or ""]
    return [piece for piece in pieces if piece]
