"""What the bot itself keeps: answers given, votes on them, and how each server set it up."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from retrieval.database import Database
from retrieval.locking import folder_errors
from retrieval.types import Answer

_REMEDY = "move that file away and start again; the votes and settings in it are lost"

_tables = sa.MetaData()
_facts = sa.Table(
    "facts",
    _tables,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
_answers = sa.Table(
    "answers",
    _tables,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("given", sa.DateTime, nullable=False, index=True),
    sa.Column("server", sa.String, index=True),
    sa.Column("question", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("short", sa.String),
    sa.Column("citations", sa.JSON, nullable=False),
)
_votes = sa.Table(
    "votes",
    _tables,
    sa.Column("answer", sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", sa.String, primary_key=True),
    sa.Column("is_good", sa.Boolean, nullable=False),
)
_servers = sa.Table(
    "servers",
    _tables,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("rules", sa.JSON, nullable=False),
)


@dataclass(frozen=True)
class Cited:
    """A citation as it was when an answer was given; ``version`` tells whether it still holds."""

    source: str
    version: str
    title: str
    start: int
    end: int


@dataclass(frozen=True)
class Given:
    """An answer that was given.  ``server`` is the Discord server, if it was in one."""

    id: str
    server: str | None
    question: str
    short: str | None
    citations: tuple[Cited, ...]


@dataclass(frozen=True)
class Rated:
    """An answer with its votes; ``text`` is empty where nothing was answered."""

    id: str
    given: datetime
    server: str | None
    question: str
    text: str
    good: int
    bad: int


@dataclass(frozen=True)
class Rules:
    """How a server has set the bot up.

    ``channels`` are the ids of those where it answers, none meaning all;
    ``cooldown`` is in seconds, None meaning that of the whole bot; ``is_private``
    shows answers only to those who asked; ``has_threads`` answers a mention in a
    thread of its own.
    """

    channels: tuple[int, ...] = ()
    cooldown: int | None = None
    is_private: bool = False
    has_threads: bool = False


class Records:
    """A SQLite file beside the library; answers are kept for ``days``.

    Raises:
        LibraryError: from any method, if the file is damaged, locked for long, or
            cannot be written.
    """

    def __init__(self, path: Path, days: int = 90) -> None:
        self._days = days
        with folder_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._database = Database(path, _REMEDY)
        with self._database.writing() as connection:
            _tables.create_all(connection)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def fact(self, key: str) -> str | None:
        """Return something that was noted, or None."""
        with self._database.reading() as connection:
            value: str | None = connection.scalar(
                sa.select(_facts.c.value).where(_facts.c.key == key)
            )
            return value

    def note(self, key: str, value: str) -> None:
        """Note something, in place of what was noted under the same key."""
        self._upsert(_facts, {"key": key}, {"value": value})

    def keep(self, answer: Answer, server: str | None) -> str:
        """Keep an answer that is being given, and return its id: 16 hexadecimal digits.

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
            connection.execute(_answers.insert().values(row))
            is_old = _answers.c.given < now - timedelta(days=self._days)
            is_voted_on = _answers.c.id.in_(sa.select(_votes.c.answer))
            connection.execute(_answers.delete().where(is_old, ~is_voted_on))
        return answer_id

    def given(self, answer_id: str) -> Given | None:
        """Return an answer that was given, or None if it is not kept any more."""
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(_answers).where(_answers.c.id == answer_id)
            ).one_or_none()
        if row is None:
            return None
        cited = tuple(Cited(**citation) for citation in row.citations)
        return Given(row.id, row.server, row.question, row.short, cited)

    def vote(self, answer_id: str, person: str, is_good: bool) -> tuple[int, int] | None:
        """Keep a person's vote in place of an earlier one, and return how many are (good, bad).

        The same vote a second time takes it back.  None: there is no such answer.
        """
        key = {"answer": answer_id, "person": person}
        is_theirs = sa.and_(_votes.c.answer == answer_id, _votes.c.person == person)
        with self._database.writing() as connection:
            before = connection.scalar(_votes.delete().where(is_theirs).returning(_votes.c.is_good))
            if not connection.scalar(sa.select(_answers.c.id).where(_answers.c.id == answer_id)):
                return None
            if before is not is_good:
                connection.execute(_votes.insert().values(**key, is_good=is_good))
            votes = connection.scalars(
                sa.select(_votes.c.is_good).where(_votes.c.answer == answer_id)
            ).all()
        return sum(votes), len(votes) - sum(votes)

    def rated(self) -> list[Rated]:
        """List the answers that were voted on, worst first."""
        good = sa.func.sum(sa.case((_votes.c.is_good, 1), else_=0))
        bad = sa.func.sum(sa.case((_votes.c.is_good, 0), else_=1))
        a = _answers.c
        query = (
            sa.select(a.id, a.given, a.server, a.question, a.text, good, bad)
            .join_from(_answers, _votes)
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
                for row in connection.execute(sa.select(_servers))
            }

    def set_rules(self, server: str, rules: Rules) -> None:
        """Keep how a server has set the bot up."""
        self._upsert(_servers, {"id": server}, {"rules": asdict(rules)})

    def forget(self, server: str) -> None:
        """Remove all that is kept of a server: answers, votes and settings."""
        with self._database.writing() as connection:
            connection.execute(_answers.delete().where(_answers.c.server == server))
            connection.execute(_servers.delete().where(_servers.c.id == server))

    def _upsert(self, table: sa.Table, key: dict[str, Any], values: dict[str, Any]) -> None:
        statement = insert(table).values(**key, **values)
        with self._database.writing() as connection:
            connection.execute(statement.on_conflict_do_update(list(key), set_=values))
