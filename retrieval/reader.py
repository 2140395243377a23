"""The offline answerer: chooses the sentence that answers, or none.

Each sentence of the best passages gets a probability that it answers the
question, from a few measured signs; below a threshold nothing is said.  It
cannot invent: what it says is a sentence of a source.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol

from retrieval import sentences, short, terms
from retrieval.question import asked
from retrieval.subjects import Encode, on_subject
from retrieval.types import Claim, Draft, Hit, Span, fold_space

PASSAGES_READ = 6
"""How many of the best passages are read, sentence by sentence."""

OTHERS, USUAL_COSINE, USUAL_SHARE = 10, 0.1, 0.3
"""So many usual sentences are thought to be read besides, where few are there."""

RIVAL_SHARE = 0.6
"""How probable another article's answer must be, beside the best, to be given with it."""

Frequencies = Callable[[Iterable[str]], tuple[Mapping[str, int], int]]
"""Stems → (in how many passages each occurs, how many passages there are)."""


class Answerer(Protocol):
    """Whoever turns a question and the passages found for it into a draft of an answer."""

    def __call__(self, question: str, hits: Sequence[Hit]) -> Draft:
        """Return claims, each with the spans it rests on; none if the passages don't say."""


@dataclass(frozen=True)
class Considered:
    """A sentence that was read, and the probability that it answers."""

    span: Span
    probability: float


@dataclass(frozen=True)
class Signs:
    """What speaks for a sentence as the answer to a question.

    ``means``: cosine of the question and the sentence under its article's title;
    ``says``: share of the question's content words, weighted by rarity, that is in
    the sentence or the title; both less their mean over all sentences read.
    ``context``: that share for its passage and the title; ``gives``: 1 if the
    sentence holds what the question asks for, -1 if not, 0 if that is not plain;
    ``length``: logarithm of its number of words.

    The score of the search is not among them: it compares passages of one
    library, and says little of whether any of them answers.
    """

    means: float
    says: float
    context: float
    gives: float
    length: float


@dataclass(frozen=True)
class Calibration:
    """A logistic regression over :class:`Signs`, and the probability from which one answers.

    Fitted by ``bench/calibrate.py``; kept in ``reader.json``.
    """

    weights: Mapping[str, float]
    intercept: float
    threshold: float

    @classmethod
    @cache
    def load(cls) -> Calibration:
        """Return the calibration that is shipped."""
        return cls(**json.loads(files("retrieval").joinpath("reader.json").read_text("utf-8")))

    def probability(self, signs: Signs) -> float:
        """Return the probability that a sentence with these signs answers."""
        total = self.intercept + sum(w * getattr(signs, name) for name, w in self.weights.items())
        return 1 / (1 + math.exp(-total))


@dataclass(frozen=True)
class Candidate:
    """A sentence that may answer, and what speaks for it."""

    span: Span
    signs: Signs


class SentenceReader:
    """Answers with the most probable sentence; with several, where articles disagree."""

    def __init__(
        self,
        encode: Encode,
        frequencies: Frequencies,
        calibration: Calibration,
    ) -> None:
        self._encode = encode
        self._frequencies = frequencies
        self._calibration = calibration

    def __call__(self, question: str, hits: Sequence[Hit]) -> Draft:
        """Return the best sentence as a claim, or a draft without claims."""
        ranked = self.considered(question, hits)
        if not ranked or ranked[0].probability < self.threshold:
            return Draft(question)
        least = max(self.threshold, RIVAL_SHARE * ranked[0].probability)
        best, *others = (_claim(question, one.span) for one in ranked if one.probability >= least)
        claims = [best, *self._rivals(best, others)]
        return Draft(question, tuple(sorted(claims, key=_age)))

    @property
    def threshold(self) -> float:
        """The probability from which a sentence is said."""
        return self._calibration.threshold

    def considered(self, question: str, hits: Sequence[Hit]) -> list[Considered]:
        """Return the sentences of the best passages, the most probable first."""
        found = (
            Considered(candidate.span, self._calibration.probability(candidate.signs))
            for candidate in self.candidates(question, hits)
        )
        return sorted(
            found, key=lambda one: (-one.probability, one.span.article.id, one.span.start)
        )

    def candidates(self, question: str, hits: Sequence[Hit]) -> list[Candidate]:
        """Return the sentences of the best passages, each once, with their signs."""
        read = hits[:PASSAGES_READ]
        found: dict[tuple[str, int], tuple[Span, Hit]] = {}
        for hit in read:
            for span in _sentences(hit):
                found.setdefault((span.article.id, span.start), (span, hit))
        if not found:
            return []
        weigh = self._weights(question)
        titled = {place: _titled(span) for place, (span, _) in found.items()}
        vectors = self._encode([question, *titled.values()])
        cosines = (vectors[1:] @ vectors[0]).tolist()
        shares = [weigh(terms.stems(text)) for text in titled.values()]
        usual_cosine, usual_share = _usual(cosines, USUAL_COSINE), _usual(shares, USUAL_SHARE)
        seen = {hit.passage.key: _stems_around(hit) for hit in read}
        return [
            Candidate(
                span,
                Signs(
                    means=cosine - usual_cosine,
                    says=share - usual_share,
                    context=weigh(seen[hit.passage.key]),
                    gives=_gives(question, span.text),
                    length=math.log(len(span.text.split())),
                ),
            )
            for (span, hit), cosine, share in zip(found.values(), cosines, shares, strict=True)
        ]

    def _rivals(self, best: Claim, others: Iterable[Claim]) -> list[Claim]:
        """Return the claims of other articles on the same subject that answer otherwise."""
        article = best.spans[0].article
        rivals: dict[str, Claim] = {}
        shorts = {best.short}
        for other in others:
            source = other.spans[0].article
            is_heard = source.id == article.id or source.id in rivals
            is_other = best.short and other.short and other.short not in shorts and not is_heard
            if is_other and on_subject(self._encode, article.title, [source.title]):
                rivals[source.id] = other
                shorts.add(other.short)
        return list(rivals.values())

    def _weights(self, question: str) -> Callable[[Iterable[str]], float]:
        """Return a function that tells what share of the question some stems cover.

        A stem weighs as in BM25, by how rare it is; one that occurs nowhere weighs most.
        """
        stems = terms.stems(question)
        counts, total = self._frequencies(stems)
        weights = {
            stem: math.log1p((total - counts.get(stem, 0) + 0.5) / (counts.get(stem, 0) + 0.5))
            for stem in stems
        }
        whole = sum(weights.values()) or 1.0
        return lambda some: sum(weights.get(stem, 0.0) for stem in set(some)) / whole


def _sentences(hit: Hit) -> list[Span]:
    """Return the sentences of a passage that may be said: no headline, no furniture."""
    passage = hit.passage
    title = fold_space(passage.article.title)
    within = sentences.split_within(passage.article.text, passage.start, passage.end)
    spans = [Span(passage.article, start, end) for start, end in within]
    return [
        span
        for span in spans
        if not sentences.is_furniture(span.text) and fold_space(span.text) != title
    ]


def _usual(values: Sequence[float], prior: float) -> float:
    """Return the mean of some values, and of :data:`OTHERS` more that have the prior one."""
    return (sum(values) + OTHERS * prior) / (len(values) + OTHERS)


def _titled(span: Span) -> str:
    return f"{span.article.title}\n{span.text}"


def _stems_around(hit: Hit) -> frozenset[str]:
    return frozenset(terms.stems(_titled(hit.passage)))


def _gives(question: str, sentence: str) -> float:
    if asked(question) is None:
        return 0.0
    return 1.0 if short.find(question, sentence) else -1.0


def _age(claim: Claim) -> int:
    """Return a key that puts the newest article first, and those without a date last."""
    published = claim.spans[0].article.published
    return -published.toordinal() if published else 0


def _claim(question: str, span: Span) -> Claim:
    text = span.text
    extent = short.find(question, text)
    piece = fold_space(text[slice(*extent)]) if extent else None
    return Claim(text=fold_space(text), spans=(span,), short=piece)
