"""What the bot itself keeps: answers given, votes on them, and how each server set it up."""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bot import schema
from bot.schema import Cited, Given, Rated, Rules, Said
from retrieval.database import Home, upsert
from retrieval.types import Answer

A_CONVERSATION_RESTS = timedelta(days=1)
"""From then on, a question is not taken for a follow-up of what was said in its place."""


class Records:
    """A database beside that of the library; answers are kept for ``days``.

    Raises:
        LibraryError: from any method, if the database is damaged, locked for long, or
            cannot be reached or written.
    """

    def __init__(self, home: Home, days: int = 90) -> None:
        self._days = days
        self._database = home.open(
            "that file", "start again; the votes and settings in it are lost"
        )
        try:
            with self._database.writing() as connection:
                schema.tables.create_all(connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def fact(self, key: str) -> str | None:
        """Return something that was noted, or None."""
        with self._database.reading() as connection:
            value: str | None = connection.scalar(
                sa.select(schema.facts.c.value).where(schema.facts.c.key == key)
            )
            return value

    def note(self, key: str, value: str) -> None:
        """Note something, in place of what was noted under the same key."""
        with self._database.writing() as connection:
            upsert(connection, schema.facts, {"key": key}, {"value": value})

    def keep(
        self,
        answer: Answer,
        server: str | None,
        place: str | None = None,
        after: str | None = None,
        topic: str | None = None,
    ) -> str:
        """Keep an answer that is being given, and return its id: 16 hexadecimal digits.

        ``place`` is the thread or direct message in which questions follow on it,
        ``after`` the id of the answer that it follows on itself, and ``topic`` what a
        question that follows is about.

        Answers that are older than the days that they are kept go, unless people voted on them.
        """
        answer_id = secrets.token_hex(8)
        cited = [
            Cited(c.article.id, c.article.version, c.article.title, c.start, c.end)
            for c in answer.citations
        ]
        now = datetime.now(UTC).replace(tzinfo=None)
        row = {
            "id": answer_id,
            "given": now,
            "server": server,
            "question": answer.question,
            "text": answer.text,
            "short": answer.short,
            "citations": [asdict(citation) for citation in cited],
        }
        with self._database.writing() as connection:
            connection.execute(schema.answers.insert().values(row))
            connection.execute(
                schema.turns.insert().values(
                    answer=answer_id, place=place, after=after, topic=topic
                )
            )
            is_old = schema.answers.c.given < now - timedelta(days=self._days)
            is_voted_on = schema.answers.c.id.in_(sa.select(schema.votes.c.answer))
            connection.execute(schema.answers.delete().where(is_old, ~is_voted_on))
        return answer_id

    def given(self, answer_id: str) -> Given | None:
        """Return an answer that was given, or None if it is not kept any more."""
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(schema.answers).where(schema.answers.c.id == answer_id)
            ).one_or_none()
        if row is None:
            return None
        cited = tuple(Cited(**citation) for citation in row.citations)
        return Given(row.id, row.server, row.question, row.short, cited)

    def said(
        self, server: str | None, place: str | None, after: str | None, most: int
    ) -> tuple[Said, ...]:
        """Return what was asked, oldest first, on which a question follows.

        Args:
            server: where it is asked; answers of elsewhere are left out.
            place: the thread or direct message where it is asked; what was said there
                long ago is not gone on with.
            after: the id of the answer that it replies to, which counts before the place.
            most: how many are returned.
        """
        said: list[Said] = []
        a, t = schema.answers.c, schema.turns.c
        turn = sa.select(a.id, a.question, t.topic, t.after, a.server).join_from(
            schema.answers, schema.turns, isouter=True
        )
        with self._database.reading() as connection:
            at = after or (_last(connection, place) if place else None)
            while at and len(said) < most:
                row = connection.execute(turn.where(a.id == at)).one_or_none()
                if row is None or row.server != server:
                    break
                said.append(Said(row.id, row.question, row.topic))
                at = row.after
        return tuple(reversed(said))

    def vote(self, answer_id: str, person: str, is_good: bool) -> tuple[int, int] | None:
        """Keep a person's vote in place of an earlier one, and return how many are (good, bad).

        The same vote a second time takes it back.  None: there is no such answer.
        """
        key = {"answer": answer_id, "person": person}
        is_theirs = sa.and_(schema.votes.c.answer == answer_id, schema.votes.c.person == person)
        with self._database.writing() as connection:
            before = connection.scalar(
                schema.votes.delete().where(is_theirs).returning(schema.votes.c.is_good)
            )
            if not connection.scalar(
                sa.select(schema.answers.c.id).where(schema.answers.c.id == answer_id)
            ):
                return None
            if before is not is_good:
                connection.execute(schema.votes.insert().values(**key, is_good=is_good))
            votes = connection.scalars(
                sa.select(schema.votes.c.is_good).where(schema.votes.c.answer == answer_id)
            ).all()
        return sum(votes), len(votes) - sum(votes)

    def rated(self) -> list[Rated]:
        """List the answers that were voted on, worst first."""
        good = sa.func.sum(sa.case((schema.votes.c.is_good, 1), else_=0))
        bad = sa.func.sum(sa.case((schema.votes.c.is_good, 0), else_=1))
        a = schema.answers.c
        query = (
            sa.select(a.id, a.given, a.server, a.question, a.text, good, bad)
            .join_from(schema.answers, schema.votes)
            .group_by(a.id)
            .order_by(good - bad, bad.desc(), a.given.desc())
        )
        with self._database.reading() as connection:
            return [Rated(*row) for row in connection.execute(query)]

    def rules(self) -> dict[str, Rules]:
        """Return how each server has set the bot up, by the server's id."""
        with self._database.reading() as connection:
            return {
                row.id: replace(Rules(**row.rules), channels=tuple(row.rules["channels"]))
                for row in connection.execute(sa.select(schema.servers))
            }

    def set_rules(self, server: str, rules: Rules) -> None:
        """Keep how a server has set the bot up."""
        with self._database.writing() as connection:
            upsert(connection, schema.servers, {"id": server}, {"rules": asdict(rules)})

    def forget(self, server: str) -> None:
        """Remove all that is kept of a server: answers, votes and settings."""
        with self._database.writing() as connection:
            connection.execute(schema.answers.delete().where(schema.answers.c.server == server))
            connection.execute(schema.servers.delete().where(schema.servers.c.id == server))


def _last(connection: sa.Connection, place: str) -> str | None:
    """Return the id of the last answer in a place, unless the conversation there rests."""
    since = datetime.now(UTC).replace(tzinfo=None) - A_CONVERSATION_RESTS
    found: str | None = connection.scalar(
        sa.select(schema.turns.c.answer)
        .join_from(schema.turns, schema.answers)
        .where(schema.turns.c.place == place, schema.answers.c.given >= since)
        .order_by(schema.answers.c.given.desc())
        .limit(1)
    )
    return found
