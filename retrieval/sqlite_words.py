"""Words in SQLite: FTS5, which stems as :mod:`retrieval.terms` does and ranks by BM25."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from retrieval.database import WordRow

TITLE_WEIGHT = 2.0
"""How much a word in the title counts beside one in the text, in BM25."""

_TABLES = (
    """
    CREATE VIRTUAL TABLE IF NOT EXISTS passages_fts
    USING fts5(title, body, tokenize = 'porter unicode61')
    """,
    "CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(passages_fts, row)",
)
_RANKED = sa.text("""
    SELECT passages.key, -best.score AS score
    FROM (SELECT rowid, bm25(passages_fts, :title_weight, 1.0) AS score
          FROM passages_fts WHERE passages_fts MATCH :query AND (:article IS NULL OR rowid IN
            (SELECT id FROM passages WHERE article = :article))
          ORDER BY score LIMIT :limit) AS best
    JOIN passages ON passages.id = best.rowid
    ORDER BY best.score, passages.key
""")
_INSERT = sa.text("INSERT INTO passages_fts(rowid, title, body) VALUES (:id, :title, :body)")
_DELETE = sa.text("""
    DELETE FROM passages_fts
    WHERE rowid IN (SELECT id FROM passages WHERE article IN :articles)
""").bindparams(sa.bindparam("articles", expanding=True))
_COUNT = sa.text("SELECT count(*) FROM passages")
_WRONG = sa.text("""
    SELECT (SELECT count(*) FROM passages_fts WHERE rowid NOT IN (SELECT id FROM passages)) + (
        SELECT count(*) FROM passages JOIN articles ON articles.id = passages.article
        LEFT JOIN passages_fts AS words ON words.rowid = passages.id
        WHERE words.title IS NOT articles.title
        OR words.body IS NOT substr(text, "start" + 1, "end" - "start"))
""")
_INTEGRITY = sa.text("INSERT INTO passages_fts(passages_fts) VALUES ('integrity-check')")
_INSERT_ALL = sa.text("""
    INSERT INTO passages_fts(rowid, title, body)
    SELECT passages.id, title, substr(text, "start" + 1, "end" - "start")
    FROM passages JOIN articles ON articles.id = passages.article
""")
_FREQUENCIES = sa.text("SELECT term, doc FROM vocabulary WHERE term IN :terms").bindparams(
    sa.bindparam("terms", expanding=True)
)


def create(connection: sa.Connection) -> None:
    """Make the index, beside tables that were just made."""
    for table in _TABLES:
        connection.execute(sa.text(table))


def insert(connection: sa.Connection, rows: Sequence[WordRow]) -> None:
    """Let passages be found by their words."""
    connection.execute(_INSERT, rows)


def delete(connection: sa.Connection, articles: Sequence[str]) -> None:
    """Let the passages of some articles, which are still there, not be found any more."""
    connection.execute(_DELETE, {"articles": list(articles)})


def ranked(
    connection: sa.Connection, words: Sequence[str], limit: int, article: str | None
) -> list[tuple[str, float]]:
    """Return (key, BM25 score) of the passages that have some of the words, best first."""
    query = " OR ".join(f'"{word}"' for word in words)
    parameters = {
        "query": query, "limit": limit, "title_weight": TITLE_WEIGHT, "article": article,
    }  # fmt: skip
    return [(row.key, row.score) for row in connection.execute(_RANKED, parameters)]


def frequencies(connection: sa.Connection, stems: Iterable[str]) -> tuple[dict[str, int], int]:
    """Return in how many passages each stem occurs, and how many passages there are."""
    rows = connection.execute(_FREQUENCIES, {"terms": list(stems)})
    counts: dict[str, int] = {row.term: row.doc for row in rows}
    return counts, connection.scalar(_COUNT) or 0


def wrong(connection: sa.Connection) -> int:
    """Return how many entries of the index are not those of the passages that are there.

    That the entries can be found too, SQLite checks itself; an error if they cannot.  Its check
    comes first: as a write, it waits for others and keeps them out.
    """
    connection.execute(_INTEGRITY)
    return connection.scalar(_WRONG) or 0


def rebuild(connection: sa.Connection) -> None:
    """Make the index anew from the passages that are there."""
    for table in ("vocabulary", "passages_fts"):
        connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
    create(connection)
    connection.execute(_INSERT_ALL)
