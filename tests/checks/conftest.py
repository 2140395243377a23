"""The project's own questions, answered by the real pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.checks.questions import load
from bot.checks.run import Result, checker
from retrieval.index import Index
from retrieval.types import Article

SEED_QUESTIONS = Path(__file__).parent.parent / "questions" / "seeds.questions.yaml"


@pytest.fixture(scope="session")
def results(seeded: Index) -> Sequence[Result]:
    """Every question on the seed articles, with its answer."""
    check = checker(seeded)
    return [check(row) for row in load(SEED_QUESTIONS)]


@pytest.fixture(scope="session")
def stored(seeded: Index) -> Mapping[str, Article]:
    """The seed articles, as the store has them."""
    return seeded.store.articles(source.id for source in seeded.store.sources())
