"""A sentence that a model wrote is given its quotes: the words of the passages that carry it.

The rule: the model may phrase; only the sources may speak.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from retrieval import sentences, terms
from retrieval.amounts import amounts
from retrieval.reply import Said
from retrieval.subjects import Encode, on_subject
from retrieval.support import clauses, gaps
from retrieval.types import Claim, Hit, Passage, Span, fold_space

CONSIDERED = 4
"""How many sentences of a passage may be its quote, the likest ones."""

QUOTED = 3
"""How many sentences one statement may rest on."""

ABOUT, SHARING, NEAR = 0.35, 0.15, 0.15
"""How near a question a sentence has to be that may answer it, as a cosine; by how much less, if
it shares a word with the question; and how near a quote that shares none.

Of the true answers to the questions of the tests all share a word, and one of 92 is farther; of
the sentences that ``bench/injection.py`` plants none is as near.
"""

LOOPING = 0.5
"""The share of different words below which a sentence goes round in circles."""
_LONG = 6


@dataclass(frozen=True)
class Judged:
    """A sentence, the claim that it became, or else what is wrong with it."""

    said: Said
    claim: Claim | None
    fault: str = ""


def ground(question: str, said: Said, hits: Sequence[Hit], encode: Encode) -> Judged:
    """Return a sentence as a claim on the sentences that carry it, if they do.

    It stands only if it cites passages that were given, if sentences of those have all its
    numbers, names, denials and doubts, and mean what it means, and if what it says is on
    what was asked: a passage may hold words that were put there for the model to repeat.

    Args:
        question: what was asked.
        said: the sentence; its numbers count ``hits`` from 1.
        hits: the passages that the model was given.
        encode: compares meanings.
    """
    cited = [hits[number - 1].passage for number in said.numbers if 0 < number <= len(hits)]
    if not cited:
        return Judged(said, None, "it cites none of the passages")
    if not (clauses(said.text) or amounts(said.text)) or said.text.endswith("?"):
        return Judged(said, None, "it states nothing")
    if _loops(said.text):
        return Judged(said, None, "it repeats itself")
    spans, missing = _quotes(said.text, cited, encode)
    if missing:
        quoted = ", ".join(f"“{one}”" for one in missing)
        return Judged(said, None, f"the passages that it cites do not say {quoted}")
    if not _is_about(question, said.text, spans, encode):
        return Judged(said, None, "it is not on what was asked")
    return Judged(said, Claim(said.text, spans))


def _quotes(
    text: str, cited: Iterable[Passage], encode: Encode
) -> tuple[tuple[Span, ...], list[str]]:
    """Return the fewest sentences found that carry a text, and what they leave open.

    They are taken one by one, each time the one that leaves the least open; where two do
    alike, the one that is likest to the text.
    """
    candidates = _likest(text, cited, encode)
    if candidates:  # what two articles say of different events is no one statement
        titles = [span.article.title for span in candidates]
        known = on_subject(encode, titles[0], titles)
        candidates = [span for span in candidates if span.article.title in known]
    chosen: list[Span] = []
    missing: list[str] = [text]
    while candidates and missing and len(chosen) < QUOTED:
        left = [gaps(text, _texts([*chosen, one]), encode) for one in candidates]
        best = min(range(len(left)), key=lambda n: len(left[n]))
        if chosen and len(left[best]) >= len(missing):
            break
        missing = left[best]
        chosen.append(candidates.pop(best))
    return tuple(sorted(chosen, key=lambda span: (span.article.id, span.start))), missing


def _likest(text: str, cited: Iterable[Passage], encode: Encode) -> list[Span]:
    """Return the sentences of passages that are likest to a text, likest first."""
    found = [_sentences(passage) for passage in dict.fromkeys(cited)]
    likeness = _likeness(text, list(dict.fromkeys(chain.from_iterable(found))), encode)

    def likest(spans: Iterable[Span]) -> list[Span]:
        return sorted(spans, key=lambda span: -likeness[span])

    return likest(span for own in found for span in likest(own)[:CONSIDERED])


def _sentences(passage: Passage) -> list[Span]:
    article = passage.article
    within = sentences.split_within(article.text, passage.start, passage.end)
    spans = [Span(article, start, end) for start, end in within]
    return [span for span in spans if not sentences.is_furniture(span.text)]


def _likeness(text: str, spans: Sequence[Span], encode: Encode) -> dict[Span, float]:
    """Return how like each span is to a text: a cosine and a share of words, added up."""
    vectors = encode([text, *_texts(spans)])
    stems = set(terms.stems(text))
    return {
        span: float(vectors[0] @ vector)
        + len(stems & set(terms.stems(span.text))) / max(1, len(stems))
        for vector, span in zip(vectors[1:], spans, strict=True)
    }


def _is_about(question: str, text: str, spans: Sequence[Span], encode: Encode) -> bool:
    """Tell whether some sentence is on what was asked, and no quote is off it."""
    said = [text, *_texts(spans)]
    asked = set(terms.stems(question))
    vectors = encode([question, *said])
    shared = [bool(asked & set(terms.stems(one))) for one in said]
    cosines = [float(vector @ vectors[0]) for vector in vectors[1:]]
    nearest = max(cosine + SHARING * shares for cosine, shares in zip(cosines, shared, strict=True))
    are_near = (
        shares or cosine >= NEAR for cosine, shares in zip(cosines[1:], shared[1:], strict=True)
    )
    return nearest >= ABOUT and all(are_near)


def _loops(text: str) -> bool:
    words = [terms.stem(word) for word in terms.content_words(text)]
    return len(words) >= _LONG and len(set(words)) < LOOPING * len(words)


def _texts(spans: Iterable[Span]) -> list[str]:
    return [fold_space(span.text) for span in spans]
