"""The offline answerer: reads the passages, and quotes the sentence that answers, or none.

A model (:mod:`retrieval.spans`) marks in each passage the words that may answer.  From
that and a few other signs each marked sentence gets a probability that it answers;
below a threshold nothing is said.  It cannot invent: what it says is a sentence of a
source, and its short answer a piece of that sentence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import Protocol

from retrieval import duplicates, fitting, named, repair, sentences, terms
from retrieval.calibration import Calibration, Signs
from retrieval.short import Extent
from retrieval.spans import Found, Read, Reading, Titled
from retrieval.subjects import Encode, on_subject
from retrieval.types import Claim, Draft, Hit, Passage, Span, fold_space

PASSAGES_READ = 12
"""How many of the best passages are read."""

RIVAL_SHARE = 0.6
"""How probable another article's answer must be, beside the best, to be given with it."""

FEWEST = 6
"""From how many passages the best may stand out: the smallest libraries it was fitted on."""

USUAL_LEAD = 0.39
"""The mean of :func:`lead` where the article is there, as ``training/calibrate.py`` asks."""

_MOST_SENTENCES = 2

Frequencies = Callable[[Iterable[str]], tuple[Mapping[str, int], int]]
"""Stems → (in how many passages each occurs, how many passages there are)."""


class Answerer(Protocol):
    """Whoever turns a question and the passages found for it into a draft of an answer."""

    def __call__(self, question: str, hits: Sequence[Hit]) -> Draft:
        """Return claims, each with the spans it rests on; none if the passages don't say."""


@dataclass(frozen=True)
class Considered:
    """A sentence, the probability that it answers, and where in it the answer is marked."""

    span: Span
    probability: float
    marked: Extent = (0, 0)


@dataclass(frozen=True)
class Candidate:
    """A sentence that may answer, what speaks for it, and where in it the answer is marked.

    ``behind`` is by how much the search scores its passage below the best one.
    """

    span: Span
    signs: Signs
    marked: Extent
    behind: float


class Reader:
    """Answers with the most probable sentence; with several, where articles disagree.

    Args:
        read: the model.
        encode: tells by their titles whether two articles are on the same subject.
        frequencies: tells how rare a word is in the library.
        calibration: fitted to the model.
    """

    def __init__(
        self, read: Read, encode: Encode, frequencies: Frequencies, calibration: Calibration
    ) -> None:
        self._read = read
        self._encode = encode
        self._frequencies = frequencies
        self._calibration = calibration

    def __call__(self, question: str, hits: Sequence[Hit]) -> Draft:
        """Return the best sentence as a claim, or a draft without claims."""
        ranked = self.considered(question, hits)
        if not ranked or ranked[0].probability < self.threshold:
            return Draft(question)
        least = max(self.threshold, RIVAL_SHARE * ranked[0].probability)
        best, *others = (_claim(question, one) for one in ranked if one.probability >= least)
        claims = [best, *self._rivals(best, others)]
        return Draft(question, tuple(sorted(claims, key=_age)))

    @property
    def threshold(self) -> float:
        """The probability from which a sentence is said."""
        return self._calibration.threshold

    def considered(self, question: str, hits: Sequence[Hit]) -> list[Considered]:
        """Return the sentences in which an answer was marked, in the order they would be said.

        Those that are probable enough to be said come first.  In the order, but not in the
        probability, it counts how well the search finds their passage.
        """

        def place(pair: tuple[Candidate, float]) -> tuple[bool, float, str, int]:
            one, probability = pair
            rank = self._calibration.rank(one.signs, one.behind)
            return probability < self.threshold, -rank, one.span.article.id, one.span.start

        candidates = self.candidates(question, hits)
        weighed = [(one, self._calibration.probability(one.signs)) for one in candidates]
        return [
            Considered(one.span, probability, one.marked)
            for one, probability in sorted(weighed, key=place)
        ]

    def candidates(self, question: str, hits: Sequence[Hit]) -> list[Candidate]:
        """Return the sentences in which the model marks an answer, each once, with their signs."""
        return self.weighed(question, hits, self.read(question, hits))

    def read(self, question: str, hits: Sequence[Hit]) -> Iterator[Reading]:
        """Yield what the model makes of the best passages."""
        passages = [hit.passage for hit in hits[:PASSAGES_READ]]
        return self._read(question, [Titled(one.article.title, one.text) for one in passages])

    def weighed(
        self, question: str, hits: Sequence[Hit], readings: Iterable[Reading]
    ) -> list[Candidate]:
        """Return the candidates of passages, each weighed when its reading is there."""
        read = hits[:PASSAGES_READ]
        highest = max((hit.score for hit in read), default=0.0)
        ahead = lead(read)
        weigh = self._weights(question)
        articles = {hit.passage.article.id: hit.passage.article for hit in read}
        missing = {name: named.missing(question, one) for name, one in articles.items()}
        best: dict[tuple[str, int, int], Candidate] = {}
        for hit, reading in zip(read, readings, strict=True):
            passage = hit.passage
            context = weigh(f"{passage.article.title}\n{passage.text}")
            within = sentences.split_within(passage.article.text, passage.start, passage.end)
            for found in reading.spans:
                span = _sentence(passage, found, within)
                if span is None:
                    continue
                marked = _within(span, passage, found)
                if not _may_answer(question, span, marked):
                    continue
                signs = Signs(
                    margin=found.margin,
                    says=weigh(f"{span.article.title}\n{span.text}"),
                    context=context,
                    missing=missing[span.article.id],
                    lead=ahead,
                )
                candidate = Candidate(span, signs, marked, highest - hit.score)
                place = (span.article.id, span.start, span.end)
                if place not in best or candidate.signs.margin > best[place].signs.margin:
                    best[place] = candidate
        return list(best.values())

    def _rivals(self, best: Claim, others: Iterable[Claim]) -> list[Claim]:
        """Return the claims of other articles on the same subject that answer otherwise."""
        article = best.spans[0].article
        rivals: dict[str, Claim] = {}
        shorts = {best.short}
        for other in others:
            source = other.spans[0].article
            is_heard = source.id == article.id or source.id in rivals
            is_other = best.short and other.short and other.short not in shorts and not is_heard
            given = [best, *rivals.values()]
            if not is_other or any(duplicates.tells_the_same(one, other) for one in given):
                continue
            if on_subject(self._encode, article.title, [source.title]):
                rivals[source.id] = other
                shorts.add(other.short)
        return list(rivals.values())

    def _weights(self, question: str) -> Callable[[str], float]:
        """Return a function that tells what share of the question the stems of a text cover.

        A stem weighs as in BM25, by how rare it is; one that occurs nowhere weighs most.
        """
        stems = terms.stems(question)
        counts, total = self._frequencies(stems)
        weights = {
            stem: math.log1p((total - counts.get(stem, 0) + 0.5) / (counts.get(stem, 0) + 0.5))
            for stem in stems
        }
        whole = sum(weights.values()) or 1.0

        @cache
        def weigh(text: str) -> float:
            found = terms.shared(weights, text)
            return sum(weight for stem, weight in weights.items() if stem in found) / whole

        return weigh


def lead(hits: Sequence[Hit]) -> float:
    """Return by how much the search scores the best of some passages above the mean of the others.

    From few passages, or those of one article, none can stand out: the best is then taken to
    lead by as much as is usual.  That the best scores stand out where a search went well is
    known from predictors of its performance: Shtok et al., "Predicting Query Performance by
    Query-Drift Estimation", ACM TOIS 2012.
    """
    if len(hits) < FEWEST or len({hit.passage.article.id for hit in hits}) == 1:
        return USUAL_LEAD
    best, *others = (hit.score for hit in hits)
    return best - fmean(others)


def _sentence(passage: Passage, found: Found, within: Iterable[tuple[int, int]]) -> Span | None:
    """Return that of the sentences within a passage, or those two, in which something was found.

    None where that is no sentence to be said: a headline, or the furniture of a page.
    """
    article = passage.article
    start, end = passage.start + found.start, passage.start + found.end
    around = [(a, b) for a, b in within if a < end and start < b]
    if not around or len(around) > _MOST_SENTENCES:
        return None
    span = Span(article, around[0][0], around[-1][1])
    is_said = not any(sentences.is_furniture(article.text[a:b]) for a, b in around)
    return span if is_said and fold_space(span.text) != fold_space(article.title) else None


def piece(question: str, span: Span, marked: Extent) -> str | None:
    """Return the words of a sentence that answer by themselves, if there are such.

    ``marked`` is where in the sentence the model marks the answer.
    """
    extent = repair.mend(question, span.text, *marked)
    return fold_space(span.text[slice(*extent)]) if extent else None


def _within(span: Span, passage: Passage, found: Found) -> Extent:
    """Return the offsets in a sentence of what was found in its passage."""
    first = passage.start - span.start
    return max(0, first + found.start), min(span.end - span.start, first + found.end)


def _may_answer(question: str, span: Span, marked: Extent) -> bool:
    """Tell whether words of a sentence may answer: they add something to the question, and fit it.

    The holder of an office is named only by a sentence that names the office: there may be
    many a spokesman beside the ambassador who is asked for.
    """
    office = named.office(question)
    is_named = office is None or office in terms.stems(f"{span.article.title}\n{span.text}")
    return (
        is_named
        and not named.repeats(question, span.text[slice(*marked)])
        and fitting.fits(question, span.text, marked)
    )


def _age(claim: Claim) -> int:
    """Return a key that puts the newest article first, and those without a date last."""
    published = claim.spans[0].article.published
    return -published.toordinal() if published else 0


def _claim(question: str, one: Considered) -> Claim:
    short = piece(question, one.span, one.marked)
    return Claim(text=fold_space(one.span.text), spans=(one.span,), short=short)
