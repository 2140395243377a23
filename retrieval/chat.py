"""The answerer that asks a chat model, and lets pass only what the passages carry.

prompt | model | parser, as LangChain's Runnables.  Whatever goes wrong, the person who
asked gets the offline answer, and one sentence that says why.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, takewhile

from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.output_parsers import StrOutputParser

from retrieval import reply
from retrieval.errors import ChatError
from retrieval.faults import overdue, persistently, telling
from retrieval.grounding import Judged, ground
from retrieval.prompting import Prompt, fenced, line
from retrieval.reader import Answerer
from retrieval.subjects import Encode
from retrieval.types import Claim, Draft, Hit

MOST_SENTENCES = 4
"""How many sentences the model is asked for, at most."""

LONGEST_REPLY = 8_000
"""Characters; what goes on beyond that is no answer."""

ANSWER = (
    frozenset({"most", "not_said"}),
    frozenset({"passages", "question"}),
    frozenset({"faults", "not_said"}),
)
"""The variables of the parts of ``prompts/answer.md``."""

OFFLINE = "This is the answer without it."

_ATTEMPTS = 2
_ENDS = frozenset(".!?]】\n")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judgement:
    """What is known of a reply so far; ``is_over`` when the model has ended it."""

    text: str = ""
    judged: tuple[Judged, ...] = ()
    is_over: bool = False

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The sentences that stand."""
        return tuple(one.claim for one in self.judged if one.claim)

    @property
    def abstains(self) -> bool:
        """Whether the model says that the sources do not say."""
        return bool(self.judged) and self.judged[0].said.says_not


class ChatAnswerer:
    """Answers with the sentences of a chat model that the passages carry.

    Args:
        model: which is asked.
        prompt: with the variables of :data:`ANSWER`.
        offline: answers where the model does not, or says nothing that stands.
        encode: compares meanings.
        seconds: how long all replies to one question may take, waits included.
    """

    def __init__(
        self,
        model: BaseChatModel,
        prompt: Prompt,
        offline: Answerer,
        encode: Encode,
        seconds: float = 60.0,
    ) -> None:
        self._chain = model | StrOutputParser()
        self._prompt = prompt
        self._offline = offline
        self._encode = encode
        self._seconds = seconds

    def __call__(self, question: str, hits: Sequence[Hit]) -> Draft:
        """Return the claims that stand, or the offline draft with a notice."""
        *_, last = self.stream(question, hits)
        return last

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Draft]:
        """Yield drafts, each with more claims than the one before; the whole one is to be said.

        That may be another than those before it were about to be: if the model breaks
        off, the offline answer takes the place of the sentences that it had said.
        """
        if not hits:
            yield Draft(question)
            return
        try:
            yield from self._answered(question, hits)
        except ChatError as error:
            log.info("chat model not used", extra={"why": str(error)})
            draft = self._offline(question, hits)
            yield replace(draft, notice=f"{error} {OFFLINE}")

    def _answered(self, question: str, hits: Sequence[Hit]) -> Iterator[Draft]:
        deadline = time.monotonic() + self._seconds
        messages = self._prompt.messages(
            {
                "most": MOST_SENTENCES,
                "not_said": reply.NOT_SAID,
                "passages": fenced(hits),
                "question": line(question),
            }
        )
        for _ in range(_ATTEMPTS):
            known, shown = Judgement(), 0
            for known in self._judged(question, hits, messages, deadline):
                if len(known.claims) > shown and not known.abstains and not known.is_over:
                    shown = len(known.claims)
                    yield Draft(question, known.claims, is_whole=False)
            if known.abstains or known.claims:
                yield Draft(question, () if known.abstains else known.claims)
                return
            messages = [*messages, AIMessage(known.text), self._again(known)]
        raise ChatError("Nothing that the chat model wrote is carried by the sources.")

    def _again(self, known: Judgement) -> BaseMessage:
        faults = "\n".join(f"- “{line(one.said.text)}”: {one.fault}" for one in known.judged)
        return self._prompt.later({"faults": faults, "not_said": reply.NOT_SAID})

    def _judged(
        self,
        question: str,
        hits: Sequence[Hit],
        messages: Sequence[BaseMessage],
        deadline: float,
    ) -> Iterator[Judgement]:
        """Yield what is known of a reply, each time that a sentence of it is whole."""
        text, judged, is_ended = "", list[Judged](), False
        for piece in self._pieces(messages, deadline):
            text += piece
            if len(text) > LONGEST_REPLY:
                raise ChatError("The chat model's reply did not come to an end.")
            is_ended = is_ended or not _ENDS.isdisjoint(piece)
            fresh = reply.whole(text)[len(judged) :] if is_ended else []
            judged += [self._judge(question, one, hits) for one in fresh]
            if fresh:
                is_ended = False
                yield Judgement(text, tuple(judged))
        if not text.strip():
            raise ChatError("The chat model's reply was empty.")
        judged += [self._judge(question, one, hits) for one in reply.split(text)[len(judged) :]]
        dropped = sum(one.claim is None for one in judged)
        log.info("chat reply judged", extra={"sentences": len(judged), "dropped": dropped})
        yield Judgement(text, tuple(judged), is_over=True)

    def _judge(self, question: str, said: reply.Said, hits: Sequence[Hit]) -> Judged:
        if said.says_not:
            return Judged(said, None, "it stands beside an answer")
        return ground(question, said, hits, self._encode)

    def _pieces(self, messages: Sequence[BaseMessage], deadline: float) -> Iterator[str]:
        """Yield a reply as it comes.

        Raises:
            ChatError: if it does not come, or breaks off.
        """
        usage = UsageMetadataCallbackHandler()
        started = time.monotonic()
        try:
            with telling(self._seconds):
                first, rest = persistently(lambda: self._begun(messages, usage), deadline)
                yield from takewhile(lambda _: time.monotonic() < deadline, chain([first], rest))
        finally:
            tokens = [*usage.usage_metadata.values()]
            log.info(
                "chat model asked",
                extra={
                    "seconds": round(time.monotonic() - started, 3),
                    "input_tokens": sum(one["input_tokens"] for one in tokens),
                    "output_tokens": sum(one["output_tokens"] for one in tokens),
                },
            )
        if time.monotonic() > deadline:
            raise overdue(self._seconds)

    def _begun(
        self, messages: Sequence[BaseMessage], usage: UsageMetadataCallbackHandler
    ) -> tuple[str, Iterator[str]]:
        pieces = self._chain.stream(list(messages), config={"callbacks": [usage]})
        return next(pieces, ""), pieces
