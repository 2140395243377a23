"""What the bot offers to people who talk to it, with no word of where they do."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace

from bot.desk import Desk
from bot.libraries import Added, Libraries
from bot.records import Records
from bot.schema import Cited, Rules
from retrieval.chain import Hear
from retrieval.conversation import REMEMBERED, Conversation, Turn
from retrieval.question import check
from retrieval.store import Source
from retrieval.types import Answer, Article, Citation
from retrieval.writer import Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reply:
    """An answer, and the id under which it is kept.

    ``understood`` is the question that was answered, where it is not what was typed.
    """

    id: str
    answer: Answer
    understood: str | None = None


@dataclass(frozen=True)
class Context:
    """What a question follows on: an answer that it replies to, or the last one in its place.

    ``place`` is the id of a thread or direct message, and ``after`` that of an answer;
    what is private is not gone on with in its place.
    """

    place: str | None = None
    after: str | None = None
    is_private: bool = False


@dataclass(frozen=True)
class Footnote:
    """A citation of an answer that was given.

    ``citation`` is None where the article has changed since, or is gone.
    """

    cited: Cited
    short: str | None
    citation: Citation | None
    is_gone: bool


@dataclass(frozen=True)
class Service:
    """Joins the libraries, the records and the desk; blocking work runs in the desk's threads.

    ``server`` is throughout the id of the Discord server that is spoken from, or
    None; ``cooldown`` is in seconds, for servers that set none themselves.
    """

    libraries: Libraries
    records: Records
    desk: Desk
    cooldown: float

    async def load(self) -> None:
        """Make ready to answer: load the models, and index the seed articles on first use.

        Raises:
            FootnoteError: if that cannot be done.
        """
        started = time.monotonic()
        await self.desk.answer(self.libraries.load)
        log.info("ready to answer", extra={"seconds": _since(started)})

    async def close(self, patience: float) -> bool:
        """Take no more work; tell whether all that ran was done within ``patience`` seconds."""
        is_idle = await self.desk.close(patience) and self.libraries.is_loaded
        if is_idle:
            self.libraries.close()
            self.records.close()
        return is_idle

    async def ask(
        self,
        question: str,
        server: str | None,
        source: Source | None = None,
        context: Context = Context(),
        hear: Hear = lambda _: None,
    ) -> Reply:
        """Answer a question, from one source only if it is given, and keep the answer.

        ``hear`` is told what is verified of the answer so far, from another thread.

        Raises:
            QuestionError: if the question is empty or overlong.
        """
        log.debug("asked", extra={"question": question, "server": server})
        started = time.monotonic()
        reply = await self.desk.answer(self._answer, question, server, source, context, hear)
        log.info(
            "answered",
            extra={
                "answer": reply.id,
                "server": server,
                "citations": len(reply.answer.citations),
                "seconds": _since(started),
            },
        )
        return reply

    async def find(self, name: str, server: str | None) -> Source:
        """Return the article that a name means; before all is loaded, that waits for it.

        Raises:
            SourceError: if no article, or more than one, has that name.
        """
        run = self.desk.look_up if self.libraries.is_loaded else self.desk.answer
        return await run(self.libraries.find, name, server)

    async def footnote(self, answer_id: str, number: int, server: str | None) -> Footnote | None:
        """Return a footnote of an answer that was given in the same place, if it is kept."""
        return await self.desk.look_up(self._footnote, answer_id, number, server)

    async def vote(self, answer_id: str, person: str, is_good: bool) -> tuple[int, int] | None:
        """Count a vote; see :meth:`bot.records.Records.vote`."""
        return await self.desk.look_up(self.records.vote, answer_id, person, is_good)

    async def sources(self, server: str | None) -> list[Source]:
        """List the articles that a server sees, its own first."""
        return await self.desk.look_up(self.libraries.sources, server)

    async def own_sources(self, server: str) -> list[Source]:
        """List the articles that a server has added."""
        return await self.desk.look_up(self.libraries.own_sources, server)

    async def add_file(self, server: str, name: str, data: bytes, progress: Progress) -> Added:
        """Add a file to a server's own articles; see :meth:`bot.libraries.Libraries.add_file`."""
        added = await self.desk.index(self.libraries.add_file, server, name, data, progress)
        return _logged(added, server)

    async def add_url(self, server: str, url: str, progress: Progress) -> Added:
        """Add a web page to a server's own articles; see :meth:`bot.libraries.Libraries.add_url`.

        ``progress`` is called from another thread, here and above.
        """
        added = await self.desk.index(self.libraries.add_url, server, url, progress)
        return _logged(added, server)

    async def remove(self, server: str, name: str) -> Source:
        """Remove one of a server's own articles; see :meth:`bot.libraries.Libraries.remove`."""
        removed = await self.desk.index(self.libraries.remove, server, name)
        log.info("source removed", extra={"server": server, "source": removed.id})
        return removed

    async def all_rules(self) -> dict[str, Rules]:
        """Return how each server has set the bot up."""
        return await self.desk.look_up(self.records.rules)

    async def set_rules(self, server: str, rules: Rules) -> None:
        """Keep how a server has set the bot up."""
        await self.desk.look_up(self.records.set_rules, server, rules)

    def _answer(
        self,
        question: str,
        server: str | None,
        source: Source | None,
        context: Context,
        hear: Hear,
    ) -> Reply:
        said = self.records.said(server, context.place, context.after, REMEMBERED)
        conversation = Conversation(tuple(Turn(one.question, one.topic) for one in said))
        query = self.libraries.stand_alone(conversation, question)
        if query.topic and source:
            query = replace(query, topic=None)
        answer = self.libraries.answer(query, server, source, hear)
        place = None if context.is_private else context.place
        kept = self.records.keep(
            answer,
            server,
            place,
            after=said[-1].answer if said else None,
            topic=conversation.after(query, answer).turns[-1].topic,
        )
        understood = str(query)
        return Reply(kept, answer, understood if understood != check(question) else None)

    def _footnote(self, answer_id: str, number: int, server: str | None) -> Footnote | None:
        given = self.records.given(answer_id)
        if given is None or given.server != server or not 1 <= number <= len(given.citations):
            return None
        cited = given.citations[number - 1]
        article = self.libraries.article(cited.source, server)
        citation = _citation(article, cited, number)
        return Footnote(cited, given.short, citation, is_gone=article is None)


def _citation(article: Article | None, cited: Cited, number: int) -> Citation | None:
    if article is None or article.version != cited.version:
        return None
    return Citation(article, cited.start, cited.end, number)


def _logged(added: Added, server: str) -> Added:
    log.info(
        "source added",
        extra={
            "server": server,
            "source": added.article.id,
            "passages": added.report.passages,
            "seconds": round(added.report.seconds, 3),
        },
    )
    return added


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
