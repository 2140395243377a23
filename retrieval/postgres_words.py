"""Words in PostgreSQL: its full-text search, over the stems of :mod:`retrieval.terms`.

The words are cut and stemmed here, not by PostgreSQL's configuration ``english``: that one
stems otherwise, drops other stop words, keeps accents, and takes ``U.N.`` for an address.
So both databases find the same passages, and stems mean the same throughout.

``ts_rank`` does not know how rare a word is.  Each stem of a question is therefore ranked by
itself and weighted by its rarity, as BM25 does.  In how many passages a stem occurs stands in a
table, which each write brings up to date in its own transaction: to count them anew would take
longer with every passage.

A ranked passage costs time, and common words are in very many.  Where the rarer words of a
question are in enough passages, the others only add to the score of these (as in Lucene's
``CommonTermsQuery``), so that a question takes no longer in a library ten times as large.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

import sqlalchemy as sa

from retrieval import terms
from retrieval.database import WordRow

_WEIGHTS = "'{0.73, 0.73, 0.73, 1}'"
"""Of a word in the text (the first) and in the title (the last), in ``ts_rank``, whose sum of
both then grows with how often a word occurs as BM25 does where a title counts double."""

_BY_LENGTH = 1
"""Divides the rank by 1 + the logarithm of a passage's length."""

_LONGEST = 400  # characters of a stem; PostgreSQL takes 2,046 bytes
_ALL = ""  # no stem; its row counts all passages
_SOME = 1_000
_ENOUGH = 2_000
"""Passages that have rarer words of a question, among which the best are looked for."""

_RAREST = 1e-6  # what a word of most passages weighs, as in FTS5

_TABLES = (
    """
    CREATE TABLE passage_words (
        passage integer PRIMARY KEY REFERENCES passages(id) ON DELETE CASCADE,
        words tsvector NOT NULL
    )
    """,
    # What waits to be sorted in is read by every question: let it be little.
    """
    CREATE INDEX passage_words_words ON passage_words USING gin(words)
    WITH (gin_pending_list_limit = 256)
    """,
    """
    CREATE TABLE stems (stem text COLLATE "C" PRIMARY KEY, passages integer NOT NULL)
    WITH (fillfactor = 50)
    """,
)
_RANKED = sa.text(f"""
    WITH found AS MATERIALIZED (
        SELECT passage, words FROM passage_words
        WHERE words @@ CAST(:wanted AS tsquery) AND (CAST(:article AS text) IS NULL OR passage IN
            (SELECT id FROM passages WHERE article = :article))
    )
    SELECT passages.key, best.score
    FROM (SELECT passage, sum(weight * ts_rank({_WEIGHTS}, words, query, {_BY_LENGTH})) AS score
          FROM found, unnest(CAST(:queries AS tsquery[]), CAST(:rarities AS float8[]))
              AS asked(query, weight)
          GROUP BY passage ORDER BY score DESC LIMIT :limit) AS best
    JOIN passages ON passages.id = best.passage
    ORDER BY best.score DESC, passages.key
""")  # noqa: S608 - it has nothing from outside
_INSERT = sa.text("INSERT INTO passage_words VALUES (:id, CAST(:words AS tsvector))")
_COUNT_IN = sa.text("""
    INSERT INTO stems SELECT * FROM unnest(CAST(:stems AS text[]), CAST(:counts AS integer[]))
    ON CONFLICT (stem) DO UPDATE SET passages = stems.passages + excluded.passages
""")
_GONE = """
    gone AS (
        SELECT lexeme AS stem, count(*) AS passages
        FROM passages JOIN passage_words ON passage = passages.id, unnest(words)
        WHERE article = ANY(:articles) GROUP BY lexeme
        UNION ALL SELECT '', count(*) FROM passages WHERE article = ANY(:articles)
    )
"""
_COUNT_OUT = sa.text(f"""
    WITH {_GONE}
    UPDATE stems SET passages = stems.passages - gone.passages
    FROM gone WHERE stems.stem = gone.stem
""")  # noqa: S608 - it has nothing from outside
_ROWS = sa.text("""
    SELECT passages.id, title, substr(text, "start" + 1, greatest("end" - "start", 0)) AS body
    FROM passages JOIN articles ON articles.id = passages.article ORDER BY passages.id
""")
_WRONG = sa.text("""
    SELECT count(*)
    FROM unnest(CAST(:ids AS integer[]), CAST(:vectors AS tsvector[])) AS due(passage, words)
    LEFT JOIN passage_words AS kept USING (passage)
    WHERE kept.words IS DISTINCT FROM due.words
""")
_MISCOUNTED = sa.text("""
    SELECT count(*) FROM (
        SELECT lexeme AS stem, count(*) AS passages
        FROM passage_words, unnest(words) GROUP BY lexeme
        UNION ALL SELECT '', count(*) FROM passage_words HAVING count(*) > 0
    ) AS due FULL JOIN (SELECT * FROM stems WHERE passages > 0) AS kept USING (stem)
    WHERE due.passages IS DISTINCT FROM kept.passages
""")
_HAS_INDEX = sa.text("SELECT to_regclass('passage_words_words') IS NOT NULL")
_DROP = ("DROP TABLE IF EXISTS passage_words", "DROP TABLE IF EXISTS stems")
_FREQUENCIES = sa.text("SELECT stem, passages FROM stems WHERE stem = ANY(:stems) AND passages > 0")


def create(connection: sa.Connection) -> None:
    """Make the index, beside tables that were just made."""
    for table in _TABLES:
        connection.execute(sa.text(table))


def insert(connection: sa.Connection, rows: Sequence[WordRow]) -> None:
    """Let passages be found by their words."""
    counts = Counter({_ALL: len(rows)})
    vectors = []
    for row in rows:
        places = _places(row["title"], row["body"])
        counts.update(places.keys())
        vectors.append({"id": row["id"], "words": _vector(places)})
    connection.execute(_INSERT, vectors)
    ordered = sorted(counts)
    connection.execute(_COUNT_IN, {"stems": ordered, "counts": [counts[stem] for stem in ordered]})


def delete(connection: sa.Connection, articles: Sequence[str]) -> None:
    """Let the passages of some articles, which are still there, not be found any more.

    Their words go with them, by ``ON DELETE CASCADE``; here they are only counted out.
    """
    connection.execute(_COUNT_OUT, {"articles": list(articles)})


def ranked(
    connection: sa.Connection, words: Sequence[str], limit: int, article: str | None
) -> list[tuple[str, float]]:
    """Return (key, score) of the passages that have some of the words, best first."""
    counts, total = frequencies(connection, {_stem(word) for word in words})
    if not counts:
        return []
    wanted = counts if article else _rarer(counts)
    parameters = {
        "wanted": " | ".join(_quoted(stem) for stem in wanted),
        "queries": [_quoted(stem) for stem in counts],
        "rarities": [_rarity(count, total) for count in counts.values()],
        "article": article,
        "limit": limit,
    }
    return [(row.key, row.score) for row in connection.execute(_RANKED, parameters)]


def frequencies(connection: sa.Connection, stems: Iterable[str]) -> tuple[dict[str, int], int]:
    """Return in how many passages each stem occurs, and how many passages there are."""
    asked = sorted({stem[:_LONGEST] for stem in stems} | {_ALL})
    rows = connection.execute(_FREQUENCIES, {"stems": asked})
    counts: dict[str, int] = {row.stem: row.passages for row in rows}
    return counts, counts.pop(_ALL, 0)


def wrong(connection: sa.Connection) -> int:
    """Return how many entries of the index, and counts of stems, are not those that are due."""
    found = (connection.scalar(_MISCOUNTED) or 0) + (not connection.scalar(_HAS_INDEX))
    for rows in _rows(connection):
        due = {
            "ids": [row["id"] for row in rows],
            "vectors": [_vector(_places(row["title"], row["body"])) for row in rows],
        }
        found += connection.scalar(_WRONG, due) or 0
    return found


def rebuild(connection: sa.Connection) -> None:
    """Make the index anew from the passages that are there."""
    for statement in _DROP:
        connection.execute(sa.text(statement))
    create(connection)
    for rows in _rows(connection):
        insert(connection, rows)


def _rows(connection: sa.Connection) -> Iterator[list[WordRow]]:
    """Yield all passages, some at a time: there may be more than memory holds."""
    found = connection.execute(_ROWS, execution_options={"yield_per": _SOME})
    for some in found.mappings().partitions():
        yield [{**row} for row in some]


def _stem(word: str) -> str:
    return terms.stem(word)[:_LONGEST]


def _rarer(counts: Mapping[str, int]) -> list[str]:
    """Return the stems, rarest first, until enough passages have one."""
    ordered = sorted(counts, key=lambda stem: (counts[stem], stem))
    before = accumulate((counts[stem] for stem in ordered), initial=0)
    return [stem for stem, passages in zip(ordered, before, strict=False) if passages < _ENOUGH]


def _rarity(count: int, total: int) -> float:
    """Return the inverse document frequency, as FTS5 has it."""
    return max(_RAREST, math.log((total - count + 0.5) / (count + 0.5)))


def _places(title: str, body: str) -> dict[str, list[str]]:
    """Return the places of each stem, from 1; ``A`` marks those in the title."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for place, (word, mark) in enumerate(_marked(title, body), start=1):
        if stem := _stem(word):  # of "s" nothing is left
            places[stem].append(f"{place}{mark}")
    return places


def _marked(title: str, body: str) -> Iterator[tuple[str, str]]:
    for text, mark in ((title, "A"), (body, "")):
        for word in terms.words(text):
            yield word.group(), mark


def _vector(places: dict[str, list[str]]) -> str:
    """Return a ``tsvector`` as it is written: ``'rain':1A,4 'stop':6``."""
    return " ".join(f"{_quoted(stem)}:{','.join(where)}" for stem, where in places.items())


def _quoted(stem: str) -> str:
    """Return a stem as it stands in a ``tsvector`` or a ``tsquery``."""
    escaped = stem.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
