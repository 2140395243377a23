"""What always holds in the database of a library, and how it is mended where it does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from retrieval import schema, sqlite_words
from retrieval.checking import RESTORE, Check
from retrieval.database import Database
from retrieval.store import Store
from retrieval.types import Article, Passage
from retrieval.wording import counted

Cut = Callable[[Article], Sequence[Passage]]

_AGAIN = "add the article again, or run: footnote sync FOLDER"
_ORPHANS = "FROM passages WHERE article IS NULL OR article NOT IN (SELECT id FROM articles)"
_WRONG_WORDS = sa.text("""
    SELECT (SELECT count(*) FROM passages_fts WHERE rowid NOT IN (SELECT id FROM passages)) + (
        SELECT count(*) FROM passages JOIN articles ON articles.id = passages.article
        LEFT JOIN passages_fts AS words ON words.rowid = passages.id
        WHERE words.title IS NOT articles.title
        OR words.body IS NOT substr(text, "start" + 1, "end" - "start"))
""")
_INSERT_WORDS = sa.text("""
    INSERT INTO passages_fts(rowid, title, body)
    SELECT passages.id, title, substr(text, "start" + 1, "end" - "start")
    FROM passages JOIN articles ON articles.id = passages.article
""")
_INTEGRITY = sa.text("INSERT INTO passages_fts(passages_fts) VALUES ('integrity-check')")
_NO_DIGEST = "length(digest) <> 64 OR digest GLOB '*[^0-9a-f]*'"
_NO_DATE = "published NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"


def damage(database: Database, remedy: str = RESTORE) -> Check:
    """Check that a file is a whole database; a damaged B-tree of an index can be made anew."""

    def find() -> str | None:
        with database.reading() as connection:
            lines = connection.scalars(sa.text("PRAGMA integrity_check")).all()
        left = [line for line in lines if line != "ok" and "fts5" not in line.lower()]
        return f"the database is damaged ({left[0]})" if left else None

    def mend() -> None:
        with database.writing() as connection:
            connection.execute(sa.text("REINDEX"))

    return Check("database", find, mend, remedy)


def of_store(database: Database, store: Store, cut: Cut) -> Iterator[Check]:
    """Yield the checks of articles, passages and words, each of which builds on those before."""
    yield _articles(database)
    yield _passages(database, store, cut)
    yield _words(database)


def _articles(database: Database) -> Check:
    """Check that each article has the digest of a file and a date that is one, if any."""

    def find() -> str | None:
        with database.reading() as connection:
            found = connection.scalars(
                sa.text(f"SELECT id FROM articles WHERE {_NO_DIGEST} OR {_NO_DATE} ORDER BY id")  # noqa: S608
            ).all()
        return f"{_some(found)}: no sound digest or date" if found else None

    def mend() -> None:
        """Let the next sync read these again, as no file has that digest."""
        with database.writing() as connection:
            connection.execute(
                sa.text(f"UPDATE articles SET digest = :none WHERE {_NO_DIGEST}"),  # noqa: S608
                {"none": "0" * 64},
            )
            connection.execute(sa.text(f"UPDATE articles SET published = NULL WHERE {_NO_DATE}"))  # noqa: S608

    return Check("articles", find, mend)


def _passages(database: Database, store: Store, cut: Cut) -> Check:
    """Check that the passages of each article lie in it, cover it, and have its version's keys."""

    def broken() -> dict[str, str]:
        query = sa.select(schema.passages).order_by(schema.passages.c.ordinal)
        rows = defaultdict(list)
        with database.reading() as connection:
            for row in connection.execute(query):
                rows[row.article].append(row)
        found = {}
        for source in store.sources():
            article = store.articles([source.id])[source.id]
            problem = _fault(article, rows[source.id])
            if problem:
                found[source.id] = problem
        return found

    def find() -> str | None:
        with database.reading() as connection:
            orphans = connection.scalar(sa.text(f"SELECT count(*) {_ORPHANS}"))
        if orphans:
            return f"{counted(orphans, 'passage')} of no article"
        problems = broken()
        return f"{_some(list(problems))}: {next(iter(problems.values()))}" if problems else None

    def mend() -> None:
        articles = store.articles(broken())
        with database.writing() as connection:
            connection.execute(sa.text(f"DELETE {_ORPHANS}"))
            for article in articles.values():
                _recut(connection, article, cut(article))
            _index_words(connection)

    return Check("passages", find, mend, _AGAIN)


def _recut(connection: sa.Connection, article: Article, passages: Sequence[Passage]) -> None:
    """Put passages in the place of an article's.

    Its text may not be that of its file any more: it gets a digest that no file has, so that
    the next sync reads it again.
    """
    p, a = schema.passages, schema.articles
    connection.execute(p.delete().where(p.c.article == article.id))
    last = connection.scalar(sa.select(sa.func.max(p.c.id))) or 0
    rows = [
        {"id": number, "key": one.key, "article": article.id, "ordinal": one.ordinal,
         "start": one.start, "end": one.end}
        for number, one in enumerate(passages, start=last + 1)
    ]  # fmt: skip
    if rows:  # without any, a row of defaults would be inserted
        connection.execute(p.insert(), rows)
    connection.execute(a.update().where(a.c.id == article.id).values(digest=article.version))


def _fault(article: Article, rows: Sequence[Any]) -> str | None:
    """Return what is wrong with the passages of an article, in order of their ordinals."""
    covered = 0
    for place, row in enumerate(rows):
        if not 0 <= row.start < row.end <= len(article.text):
            return "a passage does not lie in its article"
        if row.key != Passage(article, row.start, row.end, place).key or row.ordinal != place:
            return "its text, or the order of its passages, is not what was indexed"
        if article.text[covered : row.start].strip():
            return "a part of it is in no passage"
        covered = max(covered, row.end)
    return "a part of it is in no passage" if article.text[covered:].strip() else None


def _words(database: Database) -> Check:
    """Check that the full-text index has the words of the live passages, and nothing else."""

    def find() -> str | None:
        with database.reading() as connection:
            wrong = connection.scalar(_WRONG_WORDS)
        if wrong:
            return f"the words of {counted(wrong, 'passage')} are not those of the text"
        with database.writing() as connection:
            connection.execute(_INTEGRITY)
        return None

    def mend() -> None:
        with database.writing() as connection:
            _index_words(connection)

    return Check("words", find, mend)


def _index_words(connection: sa.Connection) -> None:
    """Make the full-text index anew."""
    for table in ("vocabulary", "passages_fts"):
        connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
    sqlite_words.create(connection)
    connection.execute(_INSERT_WORDS)


def _some(ids: Sequence[str]) -> str:
    rest = f" and {len(ids) - 3} more" if len(ids) > 3 else ""  # noqa: PLR2004
    return ", ".join(ids[:3]) + rest
