"""The tables that the bot itself keeps, and what is read from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

tables = sa.MetaData()
facts = sa.Table(
    "facts",
    tables,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
answers = sa.Table(
    "answers",
    tables,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("given", sa.DateTime, nullable=False, index=True),
    sa.Column("server", sa.String, index=True),
    sa.Column("question", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("short", sa.String),
    sa.Column("citations", sa.JSON, nullable=False),
)
votes = sa.Table(
    "votes",
    tables,
    sa.Column("answer", sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person", sa.String, primary_key=True),
    sa.Column("is_good", sa.Boolean, nullable=False),
)
turns = sa.Table(
    "turns",
    tables,
    sa.Column("answer", sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("place", sa.String, index=True),
    sa.Column("after", sa.String),
    sa.Column("topic", sa.String),
)
servers = sa.Table(
    "servers",
    tables,
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
class Said:
    """A question that was asked, and the title of the article that it is about, if known.

    ``answer`` is the id of the answer.
    """

    answer: str
    question: str
    topic: str | None


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
