"""A follow-up question is rewritten by a chat model, so that it stands alone."""

from __future__ import annotations

import logging
import time

from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser

from retrieval import support
from retrieval.conversation import Conversation
from retrieval.errors import ChatError, QuestionError
from retrieval.faults import persistently, telling
from retrieval.prompting import Prompt, line
from retrieval.question import Query, check

REWRITE = (frozenset[str](), frozenset({"conversation", "question"}))
"""The variables of the parts of ``prompts/rewrite.md``."""

log = logging.getLogger(__name__)


class Rewriter:
    """Makes a question stand alone; the offline way is taken where the model's is no use.

    Args:
        model: which is asked.
        prompt: with the variables of :data:`REWRITE`.
        seconds: how long it may take.
    """

    def __init__(self, model: BaseChatModel, prompt: Prompt, seconds: float = 20.0) -> None:
        self._chain = model | StrOutputParser()
        self._prompt = prompt
        self._seconds = seconds

    def __call__(self, conversation: Conversation, question: str) -> Query:
        """Return a question with what it leaves out; the first one comes back as it is.

        A rewriting is used only if all its names and numbers were said before: one that
        brings others in would be answered as if a person had asked for them.

        Raises:
            QuestionError: if the question is empty or overlong.
        """
        offline = conversation.stand_alone(question)
        if not conversation.turns:
            return offline
        asked = check(question)
        try:
            written = self._written(conversation, asked)
        except ChatError as error:
            log.info("follow-up rewritten offline", extra={"why": str(error)})
            return offline
        known = " ".join([*_said(conversation), asked])
        strange = support.unsaid_names(written, known) + support.unsaid_amounts(written, known)
        if strange:
            log.info("follow-up rewritten offline", extra={"why": "it brings in something new"})
            return offline
        return Query(written) if written != asked else offline

    def _written(self, conversation: Conversation, asked: str) -> str:
        messages = self._prompt.messages(
            {
                "conversation": "\n".join(f"| {line(said)}" for said in _said(conversation)),
                "question": line(asked),
            }
        )
        deadline = time.monotonic() + self._seconds
        with telling(self._seconds):
            reply = persistently(lambda: self._chain.invoke(messages), deadline)
        lines = [one.strip() for one in reply.splitlines() if one.strip()]
        if len(lines) != 1:
            raise ChatError("The chat model's rewriting is not one line.")
        try:
            return check(lines[0])
        except QuestionError as error:
            raise ChatError("The chat model's rewriting is no question.") from error


def _said(conversation: Conversation) -> list[str]:
    return [
        f"{turn.topic}: {turn.question}" if turn.topic else turn.question
        for turn in conversation.turns
    ]
