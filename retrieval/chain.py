"""The steps joined: a question goes in, a verified answer comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval import citations
from retrieval.question import check
from retrieval.reader import Answerer
from retrieval.search import Search
from retrieval.types import Answer

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable


@dataclass(frozen=True)
class Pipeline:
    """The steps, as a plain function of a question.

    The same question over the same library gets the same answer.

    Args:
        search: finds passages.
        answerer: drafts an answer from a question and the passages found.
        passages: how many passages it is given.
    """

    search: Search
    answerer: Answerer
    passages: int = 10

    def __call__(self, question: str, source: str | None = None) -> Answer:
        """Return the verified answer to a question.

        ``source`` is the id of the only article to answer from.

        Raises:
            QuestionError: if the question is empty or overlong.
        """
        asked = check(question)
        hits = self.search(asked, self.passages, source)
        return citations.verify(self.answerer(asked, hits), hits)


def build_chain(search: Search, answerer: Answerer, passages: int = 10) -> Runnable[str, Answer]:
    """Return the :class:`Pipeline` as a LangChain ``Runnable``.

    It has ``invoke``, ``batch``, ``ainvoke``, ``astream`` and the rest.
    """
    from retrieval.langchain import runnable

    return runnable(Pipeline(search, answerer, passages))
