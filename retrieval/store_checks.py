"""What always holds in the database of a library, and how it is mended where it does not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from retrieval import schema
from retrieval.checking import Check
from retrieval.database import Database
from retrieval.store import Store
from retrieval.types import Article, Passage
from retrieval.wording import counted

Cut = Callable[[Article], Sequence[Passage]]

_AGAIN = "add the article again, or run: footnote sync FOLDER"
_ORPHANS = "FROM passages WHERE article IS NULL OR article NOT IN (SELECT id FROM articles)"
_DIGEST = re.compile("[0-9a-f]{64}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def damage(database: Database) -> Check:
    """Check that the files of a database are whole; the index of a table can be made anew."""

    def find() -> str | None:
        found = database.damage()
        return f"the database is damaged ({found})" if found else None

    return Check("database", find, database.mend, database.remedy)


def of_store(database: Database, store: Store, cut: Cut) -> Iterator[Check]:
    """Yield the checks of articles, passages and words, each of which builds on those before."""
    yield _articles(database)
    yield _passages(database, store, cut)
    yield _words(database)


def _articles(database: Database) -> Check:
    """Check that each article has the digest of a file and a date that is one, if any."""

    def unsound(column: str, form: re.Pattern[str]) -> list[str]:
        query = sa.text(f"SELECT id, {column} FROM articles ORDER BY id")  # noqa: S608 - a name of ours
        with database.reading() as connection:
            rows = connection.execute(query).all()
        return [
            name for name, value in rows if value is not None and not form.fullmatch(str(value))
        ]

    def find() -> str | None:
        found = dict.fromkeys([*unsound("digest", _DIGEST), *unsound("published", _DATE)])
        return f"{_some(list(found))}: no sound digest or date" if found else None

    def mend() -> None:
        """Let the next sync read these again, as no file has that digest."""
        a = schema.articles
        no_digest, no_date = unsound("digest", _DIGEST), unsound("published", _DATE)
        with database.writing() as connection:
            connection.execute(a.update().where(a.c.id.in_(no_digest)).values(digest="0" * 64))
            connection.execute(a.update().where(a.c.id.in_(no_date)).values(published=None))

    return Check("articles", find, mend, database.remedy)


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
            database.words.rebuild(connection)

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
        with database.writing() as connection:
            wrong = database.words.wrong(connection)
        return f"the index of words has {counted(wrong, 'fault')}" if wrong else None

    def mend() -> None:
        with database.writing() as connection:
            database.words.rebuild(connection)

    return Check("words", find, mend, database.remedy)


def _some(ids: Sequence[str]) -> str:
    rest = f" and {len(ids) - 3} more" if len(ids) > 3 else ""  # noqa: PLR2004
    return ", ".join(ids[:3]) + rest
