"""What a session at the terminal works with, and where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from retrieval.chain import Pipeline, Step
from retrieval.conversation import Conversation
from retrieval.question import Query
from retrieval.types import Answer, Citation

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from retrieval.index import Index
    from retrieval.store import Source

T = TypeVar("T")


class Work(Protocol):
    """Does a job, which tells each of its steps as it begins, and returns what comes of it."""

    def __call__(self, job: Callable[[Step], T]) -> T:
        """Do it; raise :class:`bot.work.CancelledError` if a person had enough of it."""


class Page(Protocol):
    """Shows a text, a screen at a time where it is long."""

    def __call__(self, text: Text, marked: tuple[int, int] | None = None) -> None:
        """Begin near the characters from ``marked[0]`` to ``marked[1]``, which stand out."""


@dataclass(frozen=True)
class Session:
    """What all lines of a session work with.

    ``stand_alone`` gives a follow-up question what it leaves out;
    ``echoes``: whether a question is printed above its answer, as it is not typed there.
    """

    index: Index
    pipeline: Pipeline
    output: Console
    work: Work
    page: Page
    stand_alone: Callable[[Conversation, str], Query] = Conversation.stand_alone
    allow_private_urls: bool = False
    echoes: bool = False


@dataclass(frozen=True)
class State:
    """Where a session stands; each line that is entered leads from one state to the next.

    ``only`` is the article that answers come from, if not all.  ``query`` is the last
    question as it was understood, and ``asked_of`` the only article that it was put to.
    """

    conversation: Conversation = field(default_factory=Conversation)
    query: Query | None = None
    asked_of: Source | None = None
    answer: Answer | None = None
    only: Source | None = None
    is_over: bool = False

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The numbered quotes of the last answer, or the passages offered in place of one."""
        return (self.answer.citations or self.answer.closest) if self.answer else ()
