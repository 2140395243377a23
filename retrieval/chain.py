"""The steps joined: a question goes in, a verified answer comes out."""

from __future__ import annotations

from langchain_core.runnables import Runnable, RunnableLambda

from retrieval import citations
from retrieval.question import check
from retrieval.reader import Answerer
from retrieval.search import Search
from retrieval.types import Answer


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
        asked = check(question)
        hits = search(asked, passages)
        return citations.verify(answerer(asked, hits), hits)

    return RunnableLambda(answer, name="footnote")
