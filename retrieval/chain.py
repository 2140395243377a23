"""The steps joined: a question goes in, a verified answer comes out."""

from __future__ import annotations

from langchain_core.runnables import Runnable, RunnableLambda

from retrieval import citations
from retrieval.articles import normalise
from retrieval.errors import QuestionError
from retrieval.reader import Answerer
from retrieval.search import Search
from retrieval.types import Answer, fold_space

MAX_QUESTION = 1_000
"""The longest question, in characters."""


def build_chain(search: Search, answerer: Answerer, passages: int = 10) -> Runnable[str, Answer]:
    """Return a LangChain ``Runnable`` from a question to an answer.

    It has ``invoke``, ``batch``, ``ainvoke``, ``astream`` and the rest; the same
    question over the same library gets the same answer.

    Args:
        search: finds passages.
        answerer: drafts an answer from a question and the passages found.
        passages: how many passages it is given.

    Raises:
        QuestionError: when invoked with an empty or an overlong question.
    """

    def answer(question: str) -> Answer:
        asked = check_question(question)
        hits = search(asked, passages)
        return citations.verify(answerer(asked, hits), hits)

    return RunnableLambda(answer, name="footnote")


def check_question(question: str) -> str:
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
