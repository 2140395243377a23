"""Whether two articles tell of the same event, by their titles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from retrieval.embedding import Vectors
from retrieval.types import Hit

SAME_SUBJECT = 0.5
"""The cosine of two titles from which their articles are taken to tell of one event."""

Encode = Callable[[Sequence[str]], Vectors]


def on_subject(encode: Encode, title: str, others: Iterable[str]) -> set[str]:
    """Return those of some titles whose articles tell of the same event as the first one's."""
    listed = list(dict.fromkeys(others))
    vectors = encode([title, *listed])
    cosines = (vectors[1:] @ vectors[0]).tolist()
    return {
        other
        for other, cosine in zip(listed, cosines, strict=True)
        if other == title or cosine >= SAME_SUBJECT
    }


def hits_on_subject(encode: Encode, title: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the passages of articles that tell of the same event as the one with a title."""
    kept = on_subject(encode, title, (hit.passage.article.title for hit in hits))
    return [hit for hit in hits if hit.passage.article.title in kept]
