"""The same story in two places, as of a news agency in two papers: one source with two links.

Both copies are kept, and both are searched.  Only where an answer is shown do they count as
one: neither as two that confirm each other, nor as rivals where they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice

from retrieval import terms
from retrieval.amounts import amounts
from retrieval.types import Article, Claim, Span

SHINGLE = 5
"""The words of a run, of which two articles are made."""

ALIKE = 0.5
"""The share of all their runs that two articles have in common, from which they are copies."""

_MOST_WORDS = 1_000


def are_copies(one: Article, other: Article) -> bool:
    """Tell whether two articles are the same story, with small changes or cut at the end.

    Compared are the runs of five words of each (Broder's resemblance).
    """
    if one.id == other.id:
        return False
    left, right = _runs(one.text), _runs(other.text)
    # With so unlike lengths, even all of the shorter one would be too little.
    if min(len(left), len(right)) < ALIKE * max(len(left), len(right)):
        return False
    common = len(left & right)
    return common >= ALIKE * (len(left) + len(right) - common)


def copies(article: Article, others: Iterable[Article]) -> tuple[Article, ...]:
    """Return the other copies of an article, each once, in order."""
    listed = {other.id: other for other in others}
    return tuple(other for other in listed.values() if are_copies(article, other))


def same_words(span: Span, article: Article) -> Span | None:
    """Return where another article has the very words of a span, if it has them."""
    start = article.text.find(span.text)
    return Span(article, start, start + len(span.text)) if start >= 0 else None


def folded(claims: Sequence[Claim]) -> list[Claim]:
    """Return claims that cite one copy of each story, as far as it has the words that are cited.

    A span whose words are otherwise in the copy that is cited first is left as it is.
    """
    first: list[Article] = []
    changed = []
    for claim in claims:
        spans: dict[Span, None] = {}
        for span in claim.spans:
            copy = next((one for one in first if are_copies(one, span.article)), None)
            if copy is None and span.article not in first:
                first.append(span.article)
            spans[(copy and same_words(span, copy)) or span] = None
        changed.append(Claim(claim.text, tuple(spans), claim.short))
    return changed


def tells_the_same(one: Claim, other: Claim) -> bool:
    """Tell whether two claims are of copies of a story, and do not differ in what they say.

    They do where the copies do: the figure in one may have been put right in the other.
    """
    (left, *_), (right, *_) = one.spans, other.spans
    if not are_copies(left.article, right.article):
        return False
    if same_words(left, right.article) or same_words(right, left.article):
        return True
    mine, theirs = (one.short or "").casefold(), (other.short or "").casefold()
    numbers = [[amount.meaning for amount in amounts(short)] for short in (mine, theirs)]
    return numbers[0] == numbers[1] and (bool(numbers[0]) or mine in theirs or theirs in mine)


@lru_cache(maxsize=64)
def _runs(text: str) -> frozenset[int]:
    """Return the runs of words of a text, as numbers; of a long one, those at its start."""
    words = [found.group().casefold() for found in islice(terms.words(text), _MOST_WORDS)]
    last = max(1, len(words) - SHINGLE + 1)
    return frozenset(hash(tuple(words[start : start + SHINGLE])) for start in range(last))
