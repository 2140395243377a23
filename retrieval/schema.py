"""The tables of a library, as they are now; :mod:`retrieval.migrations` brings older ones here."""

from __future__ import annotations

import sqlalchemy as sa

from retrieval import migrations
from retrieval.database import Words

_NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
"""Sorted by code point in both databases, as in Python."""

tables = sa.MetaData()
meta = sa.Table(
    "meta",
    tables,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
articles = sa.Table(
    "articles",
    tables,
    sa.Column("id", _NAME, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("url", sa.String),
    sa.Column("published", sa.Date),
    sa.Column("path", sa.String),
    sa.Column("origin", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("language", sa.String),
    sa.Column("pages", sa.JSON(none_as_null=True)),
    sa.Column("etag", sa.String),
    sa.Column("modified", sa.String),
    sa.Column("feed", sa.String),
)
passages = sa.Table(
    "passages",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", _NAME, nullable=False, unique=True),
    sa.Column("article", sa.ForeignKey("articles.id", ondelete="CASCADE"), index=True),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
)


def create(connection: sa.Connection, words: Words) -> None:
    """Make the tables and an index of words, where there are none."""
    if "meta" in sa.inspect(connection).get_table_names():
        return
    tables.create_all(connection)
    words.create(connection)
    migrations.mark(connection)
    connection.execute(meta.insert().values(["schema", str(migrations.LATEST)]))


def upgrade(connection: sa.Connection) -> str:
    """Bring the tables to the present format if they have an earlier one, and return theirs.

    Another process may be about to do the same; who writes first does it.
    """
    connection.execute(meta.update().where(meta.c.key == "schema").values(value=meta.c.value))
    found = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema")) or ""
    if found.isdecimal() and migrations.FIRST <= int(found) < migrations.LATEST:
        migrations.upgrade(connection, int(found))
        return str(migrations.LATEST)
    return found
