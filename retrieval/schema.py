"""The tables of a library."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA = "1"

_metadata = sa.MetaData()
meta = sa.Table(
    "meta",
    _metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
articles = sa.Table(
    "articles",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("url", sa.String),
    sa.Column("published", sa.Date),
    sa.Column("path", sa.String),
    sa.Column("origin", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
passages = sa.Table(
    "passages",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("article", sa.ForeignKey("articles.id", ondelete="CASCADE"), index=True),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
)
FULL_TEXT = """
    CREATE VIRTUAL TABLE IF NOT EXISTS passages_fts
    USING fts5(title, body, tokenize = 'porter unicode61')
"""
VOCABULARY = """
    CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(passages_fts, row)
"""


def create(connection: sa.Connection) -> None:
    """Make the tables that are not there yet."""
    _metadata.create_all(connection)
    connection.execute(sa.text(FULL_TEXT))
    connection.execute(sa.text(VOCABULARY))
    connection.execute(meta.insert().prefix_with("OR IGNORE").values(["schema", SCHEMA]))
