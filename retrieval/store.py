"""Articles and passages in SQL: the truth, and the lexical half of search.

An article is live from the commit of the transaction that wrote it, with all of
its passages, and gone with the one that removes it.  Vectors are kept
elsewhere and are believed only where their passage is found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import event, exc

from retrieval import terms
from retrieval.errors import LibraryError
from retrieval.types import Article, Passage

SCHEMA = "1"
TITLE_WEIGHT = 2.0
"""How much a word in the title counts beside one in the text, in BM25."""

Origin = Literal["synced", "added"]

_metadata = sa.MetaData()
_meta = sa.Table(
    "meta",
    _metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
_articles = sa.Table(
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
_passages = sa.Table(
    "passages",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("article", sa.ForeignKey("articles.id", ondelete="CASCADE"), index=True),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
)
_FULL_TEXT = """
    CREATE VIRTUAL TABLE IF NOT EXISTS passages_fts
    USING fts5(title, body, tokenize = 'porter unicode61')
"""
_VOCABULARY = """
    CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(passages_fts, row)
"""
_LEXICAL = sa.text("""
    SELECT passages.key, -best.score AS score
    FROM (SELECT rowid, bm25(passages_fts, :title_weight, 1.0) AS score
          FROM passages_fts WHERE passages_fts MATCH :query
          ORDER BY score LIMIT :limit) AS best
    JOIN passages ON passages.id = best.rowid
    ORDER BY best.score, passages.key
""")
_FREQUENCIES = sa.text("SELECT term, doc FROM vocabulary WHERE term IN :terms").bindparams(
    sa.bindparam("terms", expanding=True)
)


@dataclass(frozen=True)
class Source:
    """An article as it is listed.  ``digest`` is that of the file it was read from."""

    id: str
    title: str
    path: str | None
    published: date | None
    origin: Origin
    digest: str
    passages: int


@dataclass(frozen=True)
class Entry:
    """An article to be stored, with its passages."""

    article: Article
    passages: Sequence[Passage]
    origin: Origin
    digest: str


class Store:
    """A SQLite file with articles, passages, and a full-text index over both.

    Raises:
        LibraryError: from any method, if the file is damaged, locked for long, or
            cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
        event.listen(self._engine, "connect", _configure)
        with self._errors():
            if "meta" not in sa.inspect(self._engine).get_table_names():
                self._create()
            found = self.meta("schema")
        if found != SCHEMA:
            raise LibraryError(
                f"The library {path} has format {found}, this version of Footnote reads {SCHEMA}; "
                "move the folder away and run: footnote sync FOLDER"
            )

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def meta(self, key: str) -> str | None:
        """Return a fact about the library, or None."""
        with self._reading() as connection:
            value: str | None = connection.scalar(
                sa.select(_meta.c.value).where(_meta.c.key == key)
            )
            return value

    def set_meta(self, key: str, value: str) -> None:
        """Keep a fact about the library."""
        with self._writing() as connection:
            connection.execute(sa.text("REPLACE INTO meta VALUES (:k, :v)"), {"k": key, "v": value})

    def put(self, entries: Iterable[Entry]) -> None:
        """Make articles live, each in place of its earlier version, in one transaction."""
        with self._writing() as connection:
            for entry in entries:
                _delete(connection, [entry.article.id])
                _insert(connection, entry)

    def relocate(self, paths: Mapping[str, tuple[str, Origin]]) -> None:
        """Note new paths and origins of articles whose text is unchanged."""
        with self._writing() as connection:
            for article_id, (path, origin) in paths.items():
                connection.execute(
                    _articles.update()
                    .where(_articles.c.id == article_id)
                    .values(path=path, origin=origin)
                )

    def remove(self, ids: Sequence[str]) -> None:
        """Remove articles and their passages, in one transaction."""
        with self._writing() as connection:
            _delete(connection, ids)

    def sources(self) -> list[Source]:
        """List the articles, in order of id."""
        count = sa.func.count(_passages.c.id)
        a = _articles.c
        query = (
            sa.select(a.id, a.title, a.path, a.published, a.origin, a.digest, count)
            .join_from(_articles, _passages, isouter=True)
            .group_by(_articles.c.id)
            .order_by(_articles.c.id)
        )
        with self._reading() as connection:
            return [Source(*row) for row in connection.execute(query)]

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Return the live articles among ``ids``."""
        query = sa.select(_articles).where(_articles.c.id.in_(list(ids)))
        with self._reading() as connection:
            return {row.id: _article(row) for row in connection.execute(query)}

    def passages(self, keys: Iterable[str]) -> dict[str, Passage]:
        """Return the live passages among ``keys``; the keys of older versions find nothing."""
        query = sa.select(_passages).where(_passages.c.key.in_(list(keys)))
        with self._reading() as connection:
            rows = connection.execute(query).all()
            wanted = sa.select(_articles).where(_articles.c.id.in_({row.article for row in rows}))
            articles = {row.id: _article(row) for row in connection.execute(wanted)}
        return {
            row.key: Passage(articles[row.article], row.start, row.end, row.ordinal) for row in rows
        }

    def keys(self, ids: Sequence[str] | None = None) -> set[str]:
        """Return the keys of all live passages, or of those of some articles."""
        query = sa.select(_passages.c.key)
        if ids is not None:
            query = query.where(_passages.c.article.in_(ids))
        with self._reading() as connection:
            return set(connection.scalars(query))

    def lexical(self, question: str, limit: int) -> list[tuple[str, float]]:
        """Return (key, BM25 score) of the passages that share words with a question, best first."""
        words = dict.fromkeys(word.lower() for word in terms.content_words(question))
        if not words:
            return []
        query = " OR ".join(f'"{word}"' for word in words)
        parameters = {"query": query, "limit": limit, "title_weight": TITLE_WEIGHT}
        with self._reading() as connection:
            return [(row.key, row.score) for row in connection.execute(_LEXICAL, parameters)]

    def frequencies(self, stems: Iterable[str]) -> tuple[dict[str, int], int]:
        """Return in how many passages each stem occurs, and how many passages there are."""
        with self._reading() as connection:
            rows = connection.execute(_FREQUENCIES, {"terms": list(stems)})
            counts = {row.term: row.doc for row in rows}
            total = connection.scalar(sa.select(sa.func.count()).select_from(_passages))
        return counts, total or 0

    def _create(self) -> None:
        with self._writing() as connection:
            _metadata.create_all(connection)
            connection.execute(sa.text(_FULL_TEXT))
            connection.execute(sa.text(_VOCABULARY))
            connection.execute(_meta.insert().prefix_with("OR IGNORE").values(["schema", SCHEMA]))

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except exc.DatabaseError as error:
            raise LibraryError(_explain(str(error.orig), self._path)) from error


def _explain(reason: str, path: Path) -> str:
    if "locked" in reason or "busy" in reason:
        return f"The library {path} is in use by another process; try again in a moment."
    if "readonly" in reason or "unable to open" in reason:
        return (
            f"The library {path} cannot be written; change its permissions or set DATA_DIR to "
            "another folder."
        )
    if "full" in reason:
        return f"The disk that holds {path} is full; make room and try again."
    return (
        f"The library {path} is damaged ({reason}); move its folder away and run: "
        "footnote sync FOLDER"
    )


def _configure(connection: Any, _: Any) -> None:
    """Set up a connection: readers beside one writer, and each commit on the disk."""
    cursor = connection.cursor()
    for pragma in ("busy_timeout = 20000", "journal_mode = WAL", "synchronous = FULL",
                   "foreign_keys = ON"):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


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
    doomed = sa.select(_passages.c.id).where(_passages.c.article.in_(ids))
    fts = sa.table("passages_fts", sa.column("rowid"))
    connection.execute(fts.delete().where(fts.c.rowid.in_(doomed)))
    connection.execute(_articles.delete().where(_articles.c.id.in_(ids)))


def _insert(connection: sa.Connection, entry: Entry) -> None:
    article = entry.article
    connection.execute(
        _articles.insert().values(
            id=article.id,
            title=article.title,
            url=article.url,
            published=article.published,
            path=article.path,
            text=article.text,
            origin=entry.origin,
            digest=entry.digest,
        )
    )
    for passage in entry.passages:
        row = connection.execute(
            _passages.insert().values(
                key=passage.key,
                article=article.id,
                ordinal=passage.ordinal,
                start=passage.start,
                end=passage.end,
            )
        )
        connection.execute(
            sa.text("INSERT INTO passages_fts(rowid, title, body) VALUES (:id, :title, :body)"),
            {"id": row.lastrowid, "title": article.title, "body": passage.text},
        )
