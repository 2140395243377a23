"""A real chat model, small enough to be wrong, writes the answers; only what is carried leaves."""

from __future__ import annotations

import pytest

from bench import small_model
from bench.answers import QUESTIONS
from bot.checks.judge import is_true
from bot.checks.questions import find, load
from retrieval.index import Index

WEIGHTS = small_model.weights()


@pytest.mark.skipif(WEIGHTS is None, reason=small_model.INSTALL)
@pytest.mark.timeout(600)
def test_what_leaves_is_carried_by_quotes_that_are_true(seeded: Index) -> None:
    assert WEIGHTS is not None
    rows = [row for file in find(QUESTIONS) for row in load(file)][:3]
    with small_model.serving(WEIGHTS) as url:
        asked = list(small_model.ask(seeded, rows, url, marked=True))
    assert all(one.replies and all(one.replies) for one in asked)
    assert any(one.answer.answered for one in asked)
    assert [lack for one in asked for lack in small_model.lacks(one.answer)] == []
    stored = seeded.store.articles(source.id for source in seeded.store.sources())
    cited = [c for one in asked for c in (*one.answer.citations, *one.answer.closest)]
    assert all(is_true(citation, stored) for citation in cited)
