"""The tables of a library, and how SQLite is set up for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

SCHEMA = "1"

REMEDY = "move its folder away and run: footnote sync FOLDER"

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


def engine(path: Path) -> sa.Engine:
    """Return an engine for a library's file."""
    # Errors go to logs, and parameters have what people ask.
    made = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), hide_parameters=True
    )
    event.listen(made, "connect", _configure)
    event.listen(made, "begin", _begin)
    return made


def create(connection: sa.Connection) -> None:
    """Make the tables that are not there yet."""
    _metadata.create_all(connection)
    connection.execute(sa.text(FULL_TEXT))
    connection.execute(sa.text(VOCABULARY))
    connection.execute(meta.insert().prefix_with("OR IGNORE").values(["schema", SCHEMA]))


def explain(reason: str, path: Path, remedy: str = REMEDY) -> str:
    """Return the sentence for a person that stands for what SQLite says went wrong.

    ``remedy`` is for a file that is damaged.
    """
    if "locked" in reason or "busy" in reason:
        return f"The library {path} is in use by another process; try again in a moment."
    if "readonly" in reason or "unable to open" in reason:
        return (
            f"The library {path} cannot be written; change its permissions or set DATA_DIR to "
            "another folder."
        )
    if "full" in reason:
        return f"The disk that holds {path} is full; make room and try again."
    return f"The library {path} is damaged ({reason}); {remedy}"


def _configure(connection: Any, _: Any) -> None:
    """Set up a connection: readers beside one writer, and each commit on the disk."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout = 20000", "journal_mode = WAL", "synchronous = FULL",
                   "foreign_keys = ON"):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    """Begin for reads too, which the driver does not: all reads of a block see one state."""
    connection.exec_driver_sql("BEGIN")
