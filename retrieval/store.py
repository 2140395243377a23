"""Articles and passages in SQL: the truth, and the lexical half of search.

An article is live from the commit of the transaction that wrote it, with all of
its passages, and gone with the one that removes it.  Vectors are kept
elsewhere and are believed only where their passage is found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from retrieval import migrations, schema, terms
from retrieval.database import Database
from retrieval.errors import LibraryError
from retrieval.types import Article, Passage

TITLE_WEIGHT = 2.0
"""How much a word in the title counts beside one in the text, in BM25."""

_REMEDY = "move its folder away and run: footnote sync FOLDER"

Origin = Literal["synced", "added"]

_LEXICAL = sa.text("""
    SELECT passages.key, -best.score AS score
    FROM (SELECT rowid, bm25(passages_fts, :title_weight, 1.0) AS score
          FROM passages_fts WHERE passages_fts MATCH :query AND (:article IS NULL OR rowid IN
            (SELECT id FROM passages WHERE article = :article))
          ORDER BY score LIMIT :limit) AS best
    JOIN passages ON passages.id = best.rowid
    ORDER BY best.score, passages.key
""")
_META = sa.select(schema.meta.c.value).where(schema.meta.c.key == sa.bindparam("key"))
_PASSAGES = sa.text("""
    SELECT key, article, "start", "end", ordinal FROM passages WHERE key IN :keys
""").bindparams(sa.bindparam("keys", expanding=True))
_LAST = sa.text("SELECT max(id) FROM passages")
_INSERT_PASSAGE = sa.text("""
    INSERT INTO passages(id, key, article, ordinal, "start", "end")
    VALUES (:id, :key, :article, :ordinal, :start, :end)
""")
_INSERT_WORDS = sa.text("INSERT INTO passages_fts(rowid, title, body) VALUES (:id, :title, :body)")
_COUNT = sa.text("SELECT count(*) FROM passages")
_FREQUENCIES = sa.text("SELECT term, doc FROM vocabulary WHERE term IN :terms").bindparams(
    sa.bindparam("terms", expanding=True)
)


@dataclass(frozen=True)
class Fetched:
    """How an article was fetched, if it was: what its server said of it, and by what it came.

    ``feed`` is the address of the feed or sitemap that listed it; where the id is no address,
    it is the article's own.
    """

    etag: str | None = None
    modified: str | None = None
    feed: str | None = None


NOT_FETCHED = Fetched()
"""An article that comes from a file."""


@dataclass(frozen=True)
class Source:
    """An article as it is listed.  ``digest`` is that of the file it was read from."""

    id: str
    title: str
    url: str | None
    path: str | None
    published: date | None
    origin: Origin
    digest: str
    passages: int
    fetched: Fetched = NOT_FETCHED

    def to_dict(self) -> dict[str, object]:
        """Return what a list of articles says of it, as JSON-ready data."""
        return {
            "id": self.id,
            "title": self.title,
            "url": self.url,
            "path": self.path,
            "published": self.published.isoformat() if self.published else None,
            "passages": self.passages,
        }


@dataclass(frozen=True)
class Entry:
    """An article to be stored, with its passages."""

    article: Article
    passages: Sequence[Passage]
    origin: Origin
    digest: str
    fetched: Fetched = NOT_FETCHED


class Store:
    """A SQLite file with articles, passages, and a full-text index over both.

    Raises:
        LibraryError: from any method, if the file is damaged, locked for long, or
            cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _REMEDY)
        with self._database.reading() as connection:
            is_new = "meta" not in sa.inspect(connection).get_table_names()
        if is_new:
            with self._database.writing() as connection:
                schema.create(connection)
        latest = str(migrations.LATEST)
        if self.meta("schema") != latest:
            with self._database.writing() as connection:
                found = schema.upgrade(connection)
            if found != latest:
                raise LibraryError(
                    f"The library {path} has format {found}, and this version of Footnote "
                    f"reads those up to {latest}; update Footnote, or {_REMEDY}"
                )

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def meta(self, key: str) -> str | None:
        """Return a fact about the library, or None."""
        with self._database.reading() as connection:
            value: str | None = connection.scalar(_META, {"key": key})
            return value

    def set_meta(self, key: str, value: str) -> None:
        """Keep a fact about the library."""
        with self._database.writing() as connection:
            connection.execute(sa.text("REPLACE INTO meta VALUES (:k, :v)"), {"k": key, "v": value})

    def flag(self, key: str) -> bool:
        """Return whether a mark is set."""
        return self.meta(key) == "yes"

    def set_flag(self, key: str, is_set: bool) -> None:
        """Set a mark, or take it away."""
        self.set_meta(key, "yes" if is_set else "no")

    def put(self, entries: Iterable[Entry]) -> None:
        """Make articles live, each in place of its earlier version, in one transaction."""
        listed = list({entry.article.id: entry for entry in entries}.values())
        with self._database.writing() as connection:
            _delete(connection, [entry.article.id for entry in listed])
            _insert(connection, listed)

    def relocate(self, paths: Mapping[str, tuple[str, Origin]]) -> None:
        """Note new paths and origins of articles whose text is unchanged."""
        with self._database.writing() as connection:
            for article_id, (path, origin) in paths.items():
                connection.execute(
                    schema.articles.update()
                    .where(schema.articles.c.id == article_id)
                    .values(path=path, origin=origin)
                )

    def note(self, fetched: Mapping[str, Fetched]) -> None:
        """Note how articles whose text is unchanged were fetched anew."""
        with self._database.writing() as connection:
            for article_id, how in fetched.items():
                connection.execute(
                    schema.articles.update()
                    .where(schema.articles.c.id == article_id)
                    .values(asdict(how))
                )

    def remove(self, ids: Sequence[str]) -> None:
        """Remove articles and their passages, in one transaction."""
        with self._database.writing() as connection:
            _delete(connection, ids)

    def sources(self) -> list[Source]:
        """List the articles, in order of id."""
        count = sa.func.count(schema.passages.c.id)
        a = schema.articles.c
        query = (
            sa.select(
                *(a.id, a.title, a.url, a.path, a.published, a.origin, a.digest, count),
                *(a.etag, a.modified, a.feed),
            )
            .join_from(schema.articles, schema.passages, isouter=True)
            .group_by(schema.articles.c.id)
            .order_by(schema.articles.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [replace(Source(*row[:-3]), fetched=Fetched(*row[-3:])) for row in rows]

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Return the live articles among ``ids``."""
        with self._database.reading() as connection:
            return _articles(connection, ids)

    def passages(self, keys: Iterable[str], limit: int | None = None) -> dict[str, Passage]:
        """Return the live passages among ``keys``, or the first ``limit`` of them, in order.

        The keys of older versions find nothing.
        """
        asked = list(keys)
        with self._database.reading() as connection:
            rows = {row.key: row for row in connection.execute(_PASSAGES, {"keys": asked})}
            wanted = [rows[key] for key in dict.fromkeys(asked) if key in rows][:limit]
            articles = _articles(connection, {row.article for row in wanted})
        return {
            row.key: Passage(articles[row.article], row.start, row.end, row.ordinal)
            for row in wanted
        }

    def keys(self, ids: Sequence[str] | None = None) -> set[str]:
        """Return the keys of all live passages, or of those of some articles."""
        query = sa.select(schema.passages.c.key)
        if ids is not None:
            query = query.where(schema.passages.c.article.in_(ids))
        with self._database.reading() as connection:
            return set(connection.scalars(query))

    def lexical(
        self, question: str, limit: int, article: str | None = None
    ) -> list[tuple[str, float]]:
        """Return (key, BM25 score) of the passages that share words with a question, best first.

        ``article`` is the id of the only article to look in.
        """
        words = dict.fromkeys(word.lower() for word in terms.content_words(question))
        if not words:
            return []
        query = " OR ".join(f'"{word}"' for word in words)
        parameters = {
            "query": query, "limit": limit, "title_weight": TITLE_WEIGHT, "article": article,
        }  # fmt: skip
        with self._database.reading() as connection:
            return [(row.key, row.score) for row in connection.execute(_LEXICAL, parameters)]

    def frequencies(self, stems: Iterable[str]) -> tuple[dict[str, int], int]:
        """Return in how many passages each stem occurs, and how many passages there are."""
        with self._database.reading() as connection:
            rows = connection.execute(_FREQUENCIES, {"terms": list(stems)})
            counts = {row.term: row.doc for row in rows}
            total = connection.scalar(_COUNT)
        return counts, total or 0


def named(name: str, sources: Iterable[Source]) -> list[Source]:
    """Return the article with an id or title, or else all whose id or title contains ``name``."""
    listed = list(sources)
    part = name.casefold()
    exact = [source for source in listed if source.id == name]
    exact = exact or [source for source in listed if source.title == name]
    return exact or [s for s in listed if part in s.id.casefold() or part in s.title.casefold()]


def _articles(connection: sa.Connection, ids: Iterable[str]) -> dict[str, Article]:
    query = sa.select(schema.articles).where(schema.articles.c.id.in_(list(ids)))
    return {row.id: _article(row) for row in connection.execute(query)}


def _article(row: Any) -> Article:
    return Article(
        id=row.id,
        title=row.title,
        text=row.text,
        url=row.url,
        published=row.published,
        path=row.path,
    )


def _delete(connection: sa.Connection, ids: Sequence[str]) -> None:
    doomed = sa.select(schema.passages.c.id).where(schema.passages.c.article.in_(ids))
    fts = sa.table("passages_fts", sa.column("rowid"))
    connection.execute(fts.delete().where(fts.c.rowid.in_(doomed)))
    connection.execute(schema.articles.delete().where(schema.articles.c.id.in_(ids)))


def _insert(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    last = connection.scalar(_LAST) or 0
    articles = [
        {
            "id": entry.article.id,
            "title": entry.article.title,
            "url": entry.article.url,
            "published": entry.article.published,
            "path": entry.article.path,
            "text": entry.article.text,
            "origin": entry.origin,
            "digest": entry.digest,
            **asdict(entry.fetched),
        }
        for entry in entries
    ]
    passages = [
        {
            "id": number,
            "key": passage.key,
            "article": passage.article.id,
            "ordinal": passage.ordinal,
            "start": passage.start,
            "end": passage.end,
            "title": passage.article.title,
            "body": passage.text,
        }
        for number, passage in enumerate(
            (passage for entry in entries for passage in entry.passages), start=last + 1
        )
    ]
    for statement, rows in (
        (schema.articles.insert(), articles),
        (_INSERT_PASSAGE, passages),
        (_INSERT_WORDS, passages),
    ):
        if rows:  # without any, a row of defaults would be inserted
            connection.execute(statement, rows)
