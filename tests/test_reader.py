"""The reader: what is marked becomes a sentence with a piece of it, or nothing is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import compose
from retrieval.calibration import Calibration, Signs
from retrieval.index import Index
from retrieval.reader import FEWEST, USUAL_LEAD, Reader, lead
from retrieval.reading_model import shipped
from retrieval.spans import Found, Reading, Titled
from retrieval.types import Article, Hit, Passage

TEXT = (
    "Rain on the hills\n\nIt rained for 3 days. Then the sun came out.\n\nCopyright 2024 The Hills."
)
ARTICLE = Article("hills", "Rain on the hills", TEXT)
HIT = Hit(Passage(ARTICLE, 0, len(TEXT), 0), 0.9)
MARGIN_ONLY = Calibration({"margin": 1.0}, 0.0, 0.5)


def reader_of(
    read: Callable[[str, Sequence[Titled]], Iterator[Reading]],
    calibration: Calibration = MARGIN_ONLY,
) -> Reader:
    """Return a reader of articles whose subjects and words it need not compare."""

    def alike(texts: Sequence[str]) -> object:
        raise AssertionError(f"{texts} need no comparison")

    return Reader(read, alike, lambda _: ({}, 1), calibration)  # type: ignore[arg-type]


def reader_that_marks(*marks: tuple[str, float]) -> Reader:
    """Return a reader whose model marks some words of :data:`TEXT`, each with a margin."""

    def read(_: str, passages: Sequence[Titled]) -> Iterator[Reading]:
        found = tuple(
            Found(TEXT.index(words), TEXT.index(words) + len(words), margin)
            for words, margin in marks
        )
        return (Reading(found, 0.0) for _ in passages)

    return reader_of(read)


def test_the_sentence_is_said_and_the_marked_words_are_its_short_answer() -> None:
    (claim,) = reader_that_marks(("3", 2.0))("how long did it rain?", [HIT]).claims
    assert claim.text == "It rained for 3 days."
    assert claim.short == "3 days"
    assert claim.spans[0].text == claim.text


def test_below_the_threshold_nothing_is_said() -> None:
    assert not reader_that_marks(("3", -0.1))("how long did it rain?", [HIT]).claims
    assert not reader_that_marks()("how long did it rain?", [HIT]).claims
    assert not reader_that_marks(("3", 2.0))("how long did it rain?", []).claims


@pytest.mark.parametrize("words", ["Rain on the hills", "Copyright 2024", "2024"])
def test_headlines_and_furniture_are_not_said(words: str) -> None:
    assert not reader_that_marks((words, 9.0)).candidates("when was it?", [HIT])


def test_words_of_the_question_are_not_said() -> None:
    reader = reader_that_marks(("the sun", 5.0))
    assert not reader.candidates("what did the sun do?", [HIT])
    assert reader.candidates("what came out?", [HIT])


def test_a_sentence_that_two_passages_share_is_considered_once_at_its_best() -> None:
    start = TEXT.index("It rained")
    overlapping = Hit(Passage(ARTICLE, start, len(TEXT), 1), 0.5)
    margins = iter((1.0, 3.0))

    def read(_: str, passages: Sequence[Titled]) -> Iterator[Reading]:
        return (
            Reading((Found(at, at + 1, next(margins)),), 0.0)
            for passage in passages
            for at in [passage.text.index("3")]
        )

    (candidate,) = reader_of(read).candidates("how long did it rain?", [HIT, overlapping])
    assert candidate.signs.margin == 3.0


def test_the_search_counts_in_the_order_and_not_in_what_is_said_at_all() -> None:
    near = Article("near", "Rain in May", "It rained for 4 days in May.")
    far = Article("far", "Rain in June", "It rained for 5 days in June.")
    hits = [
        Hit(Passage(one, 0, len(one.text), 0), score) for one, score in ((near, 0.9), (far, 0.2))
    ]
    margins = {near.title: 1.0, far.title: 1.5}

    def read(_: str, passages: Sequence[Titled]) -> Iterator[Reading]:
        return (Reading((Found(14, 20, margins[one.title]),), 0.0) for one in passages)

    def first(behind: float, threshold: float = 0.5) -> str:
        calibration = Calibration({"margin": 1.0}, 0.0, threshold, behind)
        best, other = reader_of(read, calibration).considered("how long did it rain?", hits)
        assert {best.probability, other.probability} == {
            calibration.probability(Signs(margin, 0, 0, 0, 0)) for margin in margins.values()
        }
        return best.span.article.id

    assert first(behind=0.0) == "far"
    assert first(behind=1.0) == "near"
    only_the_far_one_is_probable_enough = 0.8
    assert first(behind=1.0, threshold=only_the_far_one_is_probable_enough) == "far"


def test_what_is_marked_in_a_passage_that_stands_out_is_said_sooner() -> None:
    calibration = Calibration({"margin": 1.0, "lead": 2.0}, 0.0, 0.5)
    others = [Article(f"other{n}", "Fog", f"There was fog for {n + 5} days.") for n in range(6)]

    def read(_: str, passages: Sequence[Titled]) -> Iterator[Reading]:
        marked = (Found(TEXT.index("3"), TEXT.index("3") + 1, -0.5),)
        return (Reading(marked if one.text == TEXT else (), 0.0) for one in passages)

    def said(others_score: float) -> bool:
        beside = [Hit(Passage(one, 0, len(one.text), 0), others_score) for one in others]
        return bool(reader_of(read, calibration)("how long did it rain?", [HIT, *beside]).claims)

    assert said(others_score=0.5)
    assert not said(others_score=0.8)


def found(scores: Sequence[float], articles: int) -> list[Hit]:
    """Return hits with these scores, best first, of so many articles in turn."""
    some = [Article(f"article{n}", "Fog", "There was fog.") for n in range(articles)]
    return [
        Hit(Passage(some[n % articles], 0, 14, n), score)
        for n, score in enumerate(sorted(scores, reverse=True))
    ]


@given(
    st.lists(st.floats(-1, 1), min_size=FEWEST, max_size=12),
    st.integers(2, 12),
    st.floats(-1, 1),
)
def test_a_lead_is_a_difference_of_scores_and_never_negative(
    scores: list[float], articles: int, more: float
) -> None:
    ahead = lead(found(scores, articles))
    assert -1e-12 <= ahead <= max(scores) - min(scores) + 1e-12
    shifted = [score + more for score in scores]
    assert lead(found(shifted, articles)) == pytest.approx(ahead, abs=1e-9)


@given(st.lists(st.floats(-1, 1), max_size=12), st.integers(1, 12))
def test_none_stands_out_from_few_passages_or_those_of_one_article(
    scores: list[float], articles: int
) -> None:
    assert lead(found(scores, 1)) == USUAL_LEAD
    assert lead(found(scores[: FEWEST - 1], articles)) == USUAL_LEAD


@given(st.floats(-1e6, 1e6), st.tuples(*[st.floats(0, 1)] * 3), st.floats(0, 2))
def test_a_probability_is_one_whatever_the_signs(
    margin: float, shares: tuple[float, float, float], ahead: float
) -> None:
    for calibration in (MARGIN_ONLY, shipped().calibration):
        assert 0 <= calibration.probability(Signs(margin, *shares, ahead)) <= 1


def test_the_office_of_one_is_not_given_to_another(index: Index) -> None:
    text = (
        "The talks ended in Oslo on Monday. Ine Dahl, the spokeswoman of the ministry, said that "
        "the minister was content. The ambassador of Norland left without a word."
    )
    index.put([Article("talks", "Talks end in Oslo", text)])
    answer_to = compose.pipeline(index)
    assert answer_to("who is the spokeswoman of the ministry?").short == "Ine Dahl"
    answer = answer_to("who is the ambassador of Norland?")
    assert "Dahl" not in str(answer.short)


def test_the_same_question_gets_the_same_answer_byte_for_byte(seeded: Index) -> None:
    first, second = compose.pipeline(seeded), compose.pipeline(seeded)
    for question in (
        "how many died in Morocco?",
        "who won at Wimbledon?",
        "what is the oil price?",
    ):
        assert first.explain(question) == second.explain(question)
