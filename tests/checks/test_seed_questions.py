"""The project's own questions are many, fair, and true to the seed articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from bot.checks.matching import holds, is_named, is_regex, says
from bot.checks.questions import Row, load
from retrieval.types import Article, Citation
from tests.checks.conftest import SEED_QUESTIONS


@pytest.fixture(scope="module")
def rows() -> Sequence[Row]:
    return load(SEED_QUESTIONS)


def test_there_are_enough_and_a_quarter_cannot_be_answered(rows: Sequence[Row]) -> None:
    unanswerable = [row for row in rows if row.unanswerable]
    assert len({row.question.casefold() for row in rows}) == len(rows) >= 120
    assert len(unanswerable) >= len(rows) / 4


def test_every_article_is_asked_about(rows: Sequence[Row], stored: Mapping[str, Article]) -> None:
    asked = {name for row in rows for name in row.sources}
    assert {article.id for article in stored.values()} <= asked


def test_each_answerable_row_names_an_answer_and_sources_that_exist(
    rows: Sequence[Row], stored: Mapping[str, Article]
) -> None:
    for row in rows:
        if not row.unanswerable:
            assert row.answers, row.place
            assert row.sources, row.place
        for name in row.sources:
            assert any(is_named(article, name) for article in stored.values()), row.place


def test_what_is_expected_stands_in_one_of_its_sources(
    rows: Sequence[Row], stored: Mapping[str, Article]
) -> None:
    for row in rows:
        sources = [a for a in stored.values() if any(is_named(a, n) for n in row.sources)]
        for answer in row.answers:
            is_there = any(says(article.text, answer) for article in sources)
            assert is_regex(answer) or is_there, f"{row.place}: {answer}"
        for quote in row.quotes:
            whole = [Citation(article, 0, len(article.text), 1) for article in sources]
            assert any(holds(citation, quote) for citation in whole), f"{row.place}: {quote}"
