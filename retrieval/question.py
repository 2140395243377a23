"""What counts as a question."""

from __future__ import annotations

from retrieval.articles import normalise
from retrieval.errors import QuestionError
from retrieval.types import fold_space

MAX_QUESTION = 1_000
"""The longest question, in characters."""


def check(question: str) -> str:
    """Return the question on one line, without control characters.

    Raises:
        QuestionError: if it is empty, or longer than :data:`MAX_QUESTION`.
    """
    asked = fold_space(normalise(question))
    if not any(character.isalnum() for character in asked):
        raise QuestionError('The question is empty; ask something, like "how many were arrested?"')
    if len(asked) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(asked):,} characters; ask it in at most {MAX_QUESTION:,}."
        )
    return asked
