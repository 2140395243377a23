"""The steps joined: a question goes in, a verified answer comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from retrieval import citations
from retrieval.question import Query, check
from retrieval.reader import PASSAGES_READ, Answerer, Considered
from retrieval.search import Search
from retrieval.types import Answer, Draft, Hit

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable


Step = Callable[[str], None]
"""Told the name of a step as it begins; what it raises ends the work."""

Hear = Callable[[Answer], None]
"""Told what is verified of an answer so far; what it raises ends the work."""


@runtime_checkable
class Streaming(Protocol):
    """An answerer that has parts of its draft before the whole."""

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Draft]:
        """Yield drafts; the last one is to be said."""


@runtime_checkable
class Weighing(Protocol):
    """An answerer that can account for its choice."""

    @property
    def threshold(self) -> float:
        """The probability from which a sentence is said."""

    def considered(self, question: str, hits: Sequence[Hit]) -> list[Considered]:
        """Return the sentences that were read, the most probable first."""


@dataclass(frozen=True)
class Explanation:
    """How an answer came about.

    ``hits`` are the passages that were found, and ``considered`` the sentences that
    were read in them, best first; one whose probability is below ``threshold`` is not
    said.  An answerer that keeps no account of that leaves no sentences, and None.
    """

    answer: Answer
    hits: tuple[Hit, ...]
    considered: tuple[Considered, ...] = ()
    threshold: float | None = None


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
    passages: int = PASSAGES_READ

    def __call__(
        self,
        question: str | Query,
        source: str | None = None,
        step: Step = lambda _: None,
        hear: Hear = lambda _: None,
    ) -> Answer:
        """Return the verified answer to a question.

        ``source`` is the id of the only article to answer from.

        Raises:
            QuestionError: if the question is empty or overlong.
        """
        asked, hits = self._read(question, source, step)
        if not isinstance(self.answerer, Streaming):
            return citations.verify(self.answerer(asked, hits), hits)
        answer = Answer(asked)
        for draft in self.answerer.stream(asked, hits):
            answer = citations.verify(draft, hits)
            if not draft.is_whole:
                hear(answer)
        return answer

    def explain(
        self,
        question: str | Query,
        source: str | None = None,
        step: Step = lambda _: None,
        given: Answer | None = None,
    ) -> Explanation:
        """Return the answer as a call would, with what was considered on the way to it.

        ``given`` is the answer that was given: one that a model wrote is not written again,
        as that costs, and may come out otherwise.

        Raises:
            QuestionError: if the question is empty or overlong.
        """
        asked, hits = self._read(question, source, step)
        if given and isinstance(self.answerer, Streaming):
            return Explanation(given, tuple(hits))
        answer = citations.verify(self.answerer(asked, hits), hits)
        if not isinstance(self.answerer, Weighing):
            return Explanation(answer, tuple(hits))
        considered = self.answerer.considered(asked, hits)
        return Explanation(answer, tuple(hits), tuple(considered), self.answerer.threshold)

    def _read(self, question: str | Query, source: str | None, step: Step) -> tuple[str, list[Hit]]:
        """Return what is asked and the passages found for it, when they are to be read."""
        query = question if isinstance(question, Query) else Query(question)
        asked = check(query.question)
        step("Searching")
        hits = self.search.follow(replace(query, question=asked), self.passages, source)
        step("Reading")
        return asked, hits


def build_chain(
    search: Search, answerer: Answerer, passages: int = PASSAGES_READ
) -> Runnable[str, Answer]:
    """Return the :class:`Pipeline` as a LangChain ``Runnable``.

    It has ``invoke``, ``batch``, ``ainvoke``, ``astream`` and the rest.
    """
    from retrieval.langchain import runnable

    return runnable(Pipeline(search, answerer, passages))
