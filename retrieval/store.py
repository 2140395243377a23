"""Articles and passages in SQL: the truth, and the lexical half of search.

An article is live from the commit of the transaction that wrote it, with all of
its passages, and gone with the one that removes it.  Vectors are kept
elsewhere and are believed only where their passage is found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from retrieval import migrations, schema, terms
from retrieval.database import Home, upsert
from retrieval.errors import LibraryError
from retrieval.types import Article, Passage

Origin = Literal["synced", "added"]

_META = sa.select(schema.meta.c.value).where(schema.meta.c.key == sa.bindparam("key"))
_PASSAGES = sa.text("""
    SELECT key, article, "start", "end", ordinal FROM passages WHERE key IN :keys
""").bindparams(sa.bindparam("keys", expanding=True, type_=sa.String))
_LAST = sa.text("SELECT max(id) FROM passages")
_INSERT_PASSAGE = sa.text("""
    INSERT INTO passages(id, key, article, ordinal, "start", "end")
    VALUES (:id, :key, :article, :ordinal, :start, :end)
""")


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
    """Articles, passages, and a full-text index over both, in SQLite or PostgreSQL.

    Raises:
        LibraryError: from any method, if the database is damaged, locked for long, or
            cannot be reached or written.
    """

    def __init__(self, home: Home) -> None:
        self._database = home.open("its folder", "run: footnote sync FOLDER")
        self._words = self._database.words
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        """Make the tables where there are none, or bring them up to date."""
        with self._database.reading() as connection:
            is_new = "meta" not in sa.inspect(connection).get_table_names()
        if is_new:
            with self._database.writing() as connection:
                schema.create(connection, self._words)
        latest = str(migrations.LATEST)
        if self.meta("schema") != latest:
            with self._database.writing() as connection:
                found = schema.upgrade(connection)
            if found != latest:
                raise LibraryError(
                    f"The library {self._database} has format {found}, and this version of "
                    f"Footnote reads those up to {latest}; update Footnote, or "
                    f"{self._database.remedy}"
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
            upsert(connection, schema.meta, {"key": key}, {"value": value})

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
            self._delete(connection, [entry.article.id for entry in listed])
            self._insert(connection, listed)

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
            self._delete(connection, ids)

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
        """Return (key, score) of the passages that share words with a question, best first.

        ``article`` is the id of the only article to look in.
        """
        words = dict.fromkeys(word.lower() for word in terms.content_words(question))
        if not words:
            return []
        with self._database.reading() as connection:
            return self._words.ranked(connection, list(words), limit, article)

    def frequencies(self, stems: Iterable[str]) -> tuple[dict[str, int], int]:
        """Return in how many passages each stem occurs, and how many passages there are."""
        with self._database.reading() as connection:
            return self._words.frequencies(connection, stems)

    def _delete(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        self._words.delete(connection, ids)
        connection.execute(schema.articles.delete().where(schema.articles.c.id.in_(ids)))

    def _insert(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        passages = _passages(entries, connection.scalar(_LAST) or 0)
        # Without rows, a row of defaults would be inserted.
        if entries:
            connection.execute(schema.articles.insert(), [_columns(entry) for entry in entries])
        if passages:
            connection.execute(_INSERT_PASSAGE, passages)
            self._words.insert(connection, passages)


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
        pages=tuple(row.pages or ()),
        language=row.language,
    )


def _columns(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.article.id,
        "title": entry.article.title,
        "url": entry.article.url,
        "published": entry.article.published,
        "path": entry.article.path,
        "text": entry.article.text,
        "origin": entry.origin,
        "digest": entry.digest,
        "pages": list(entry.article.pages) or None,
        "language": entry.article.language,
        **asdict(entry.fetched),
    }


def _passages(entries: Sequence[Entry], last: int) -> list[dict[str, object]]:
    """Return the rows of the passages, numbered from after ``last``."""
    passages = (passage for entry in entries for passage in entry.passages)
    return [
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
        for number, passage in enumerate(passages, start=last + 1)
    ]
