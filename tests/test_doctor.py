"""Each thing that always holds in a library is broken for real; it is found, and mended."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot import record_checks
from bot.records import Records
from bot.schema import Rules
from retrieval.checking import Finding
from retrieval.doctor import examine
from retrieval.embedding import Embedder
from retrieval.errors import LibraryError
from retrieval.index import Index
from retrieval.search import Search
from retrieval.shelf import Shelf
from retrieval.sqlite import File
from retrieval.sync import sync
from retrieval.types import Answer, Article, Citation, Passage, Statement
from retrieval.vectors import Place
from tests.test_index import RAIN, SNOW, made_first, other_model

RIVER = Article(
    id="river",
    title="River",
    text="The river rose. " * 200 + "It fell again in June. 🌊 Très bien.",
)
ALL = ("database", "format", "articles", "passages", "words", "model", "vectors", "nearest",
       "writes")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, embedder: Embedder) -> Path:
    """A library of three articles."""
    with Index(tmp_path / "library", embedder) as index:
        index.put([RAIN, SNOW, RIVER])
    return tmp_path / "library"


def check(
    folder: Path, embedder: Embedder, say: Callable[[Finding], None], *, repair: bool
) -> None:
    shelf = Shelf(folder, File(folder / "library.db"), Place(folder / "chroma"))
    examine(shelf, embedder, say, print, repair=repair)


@pytest.fixture
def look(folder: Path, embedder: Embedder) -> Callable[..., dict[str, Finding]]:
    """Check the library, and return the findings by name."""

    def run(*, repair: bool = False) -> dict[str, Finding]:
        found: dict[str, Finding] = {}
        check(folder, embedder, lambda f: found.update({f.check: f}), repair=repair)
        return found

    return run


def wrong(found: dict[str, Finding]) -> list[str]:
    return [name for name, finding in found.items() if not finding.is_well]


def change(folder: Path, *statements: str, name: str = "library.db") -> None:
    """Change a database behind Footnote's back."""
    with closing(sqlite3.connect(folder / name)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_a_sound_library_is_left_as_it_is(
    folder: Path, look: Callable[..., dict[str, Finding]], embedder: Embedder
) -> None:
    found = look(repair=True)
    assert tuple(found) == ALL
    assert not any(finding.problem for finding in found.values())
    with Index(folder, embedder) as index:
        assert index.store.keys() == index.vectors.keys()


def test_an_empty_library_is_sound(tmp_path: Path, embedder: Embedder) -> None:
    Index(tmp_path, embedder).close()
    found: list[Finding] = []
    check(tmp_path, embedder, found.append, repair=False)
    assert len(found) == len(ALL)
    assert not any(finding.problem for finding in found)


DAMAGES = {
    "a digest that is none": ("articles", "UPDATE articles SET digest = 'x' WHERE id = 'rain'"),
    "a date that is none": ("articles", "UPDATE articles SET published = 'May' WHERE id = 'rain'"),
    "a passage that was lost": (
        "passages", "DELETE FROM passages WHERE article = 'river' AND ordinal = 1",
    ),
    "the first passage lost": ("passages", "DELETE FROM passages WHERE key LIKE 'river@%#0'"),
    "all passages of an article lost": ("passages", "DELETE FROM passages WHERE article = 'rain'"),
    "a passage beyond the end": (
        "passages", 'UPDATE passages SET "end" = 999999 WHERE article = \'rain\'',
    ),
    "a passage that ends before it starts": (
        "passages", 'UPDATE passages SET start = 9, "end" = 3 WHERE article = \'rain\'',
    ),
    "a passage that starts too late": (
        "passages", "UPDATE passages SET start = 5 WHERE article = 'rain'",
    ),
    "a text that was changed": (
        "passages",
        "UPDATE articles SET text = replace(text, '3 days', '9 days') WHERE id = 'rain'",
    ),
    "passages of no article": ("passages", "DELETE FROM articles WHERE id = 'rain'"),
    "words that were lost": ("words", "DELETE FROM passages_fts WHERE rowid = 1"),
    "words of nothing": (
        "words", "INSERT INTO passages_fts(rowid, title, body) VALUES (99, 'x', 'y')",
    ),
    "other words": ("words", "UPDATE passages_fts SET body = 'Fog.' WHERE rowid = 1"),
    "an index of words that is not that of its content": (
        "words", "UPDATE passages_fts_content SET c1 = c1 WHERE id = 1",
        "DELETE FROM passages_fts_data WHERE id > 10",
    ),
    "a write that was interrupted": (
        "writes", "UPDATE meta SET value = 'yes' WHERE key = 'unfinished'",
    ),
    "a reindex that was interrupted": (
        "model", "UPDATE meta SET value = 'none yet' WHERE key = 'embedding_model'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_in_the_store_is_found_and_mended(
    damage: str,
    folder: Path,
    look: Callable[..., dict[str, Finding]],
    embedder: Embedder,
) -> None:
    check, *statements = DAMAGES[damage]
    change(folder, *statements)
    found = look()
    assert check in wrong(found)
    assert found[check].remedy == "run: footnote doctor --repair"
    assert check in wrong(look())  # looking changes nothing

    mended = look(repair=True)
    assert not wrong(mended)
    assert mended[check].repaired
    assert not any(finding.problem for finding in look().values())
    with Index(folder, embedder) as index:
        live = {source.id for source in index.store.sources()}
        assert {"snow", "river"} <= live
        for question in ("how many days did it rain?", "when did the river fall?"):
            for hit in Search(index)(question):
                assert hit.passage.article.id in live
        assert Search(index)("snowed in May")[0].passage.article == SNOW


def test_an_article_whose_text_was_changed_is_read_again_by_the_next_sync(
    tmp_path: Path, folder: Path, look: Callable[..., dict[str, Finding]], embedder: Embedder
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "hail.txt").write_text("It hailed for 3 days.")
    with Index(folder, embedder) as index:
        sync(index, tmp_path / "files")
    change(folder, "UPDATE articles SET text = 'It hailed for 9 days.' WHERE id = 'hail.txt'")
    look(repair=True)
    with Index(folder, embedder) as index:
        assert sync(index, tmp_path / "files").updated == 1
        assert index.store.articles(["hail.txt"])["hail.txt"].text == "It hailed for 3 days."


def test_a_database_whose_pages_are_damaged_is_told_of_with_the_remedy(
    folder: Path, look: Callable[..., dict[str, Finding]]
) -> None:
    change(folder, "PRAGMA wal_checkpoint(TRUNCATE)")
    path = folder / "library.db"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    for repair in (False, True):
        found = look(repair=repair)
        assert wrong(found) == ["database"]
    assert "damaged" in str(found["database"].problem)
    assert "footnote restore FILE" in f"{found['database'].problem}{found['database'].remedy}"


def test_an_index_of_the_database_that_lost_rows_is_made_anew(
    folder: Path, look: Callable[..., dict[str, Finding]]
) -> None:
    with closing(sqlite3.connect(folder / "library.db")) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        hidden = "UPDATE sqlite_schema SET sql = sql || ' WHERE ordinal > 0' WHERE name = ?"
        connection.execute(hidden, ("ix_passages_article",))
        connection.commit()
    with closing(sqlite3.connect(folder / "library.db")) as connection, connection:
        connection.execute("REINDEX ix_passages_article")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, ' WHERE ordinal > 0', '') "
            "WHERE name = 'ix_passages_article'"
        )
    assert wrong(look()) == ["database"]
    assert not wrong(look(repair=True))
    assert not any(finding.problem for finding in look().values())


def test_a_library_of_the_first_format_is_brought_up_to_date(
    folder: Path, look: Callable[..., dict[str, Finding]]
) -> None:
    made_first(File(folder / "library.db"))
    assert not wrong(look())


def test_a_library_of_a_later_format_is_left_alone(
    folder: Path, look: Callable[..., dict[str, Finding]]
) -> None:
    change(folder, "UPDATE meta SET value = '99' WHERE key = 'schema'")
    assert wrong(look(repair=True)) == ["format"]


def lose(index: Index, embedder: Embedder) -> None:
    index.vectors.delete(index.store.keys(["rain"]))


def leave(index: Index, embedder: Embedder) -> None:
    gone = Article(id="gone", title="Gone", text="It is not there any more.")
    passages = [Passage(gone, 0, len(gone.text), 0)]
    index.vectors.upsert(passages, index.vectors.embed(passages))


def replace_numbers(index: Index, embedder: Embedder) -> None:
    passage = next(iter(index.store.passages(index.store.keys(["rain"])).values()))
    index.vectors.upsert([passage], np.eye(1, 384, dtype=np.float32))


def misplace(index: Index, embedder: Embedder) -> None:
    passage = next(iter(index.store.passages(index.store.keys(["rain"])).values()))
    index.vectors._collection.update([passage.key], metadatas=[{"article": "snow"}])


def shorten(index: Index, embedder: Embedder) -> None:
    client, name = index.vectors._client, "footnote"
    client.delete_collection(name)
    client.create_collection(name, embedding_function=None).add(
        sorted(index.store.keys()), embeddings=[[1.0, 0.0]] * len(index.store.keys())
    )


@pytest.mark.parametrize("damage", [lose, leave, replace_numbers, misplace, shorten])
def test_what_is_damaged_in_the_vectors_is_found_and_mended(
    damage: Callable[[Index, Embedder], None],
    folder: Path,
    look: Callable[..., dict[str, Finding]],
    embedder: Embedder,
) -> None:
    with Index(folder, embedder) as index:
        damage(index, embedder)
    assert "vectors" in wrong(look())
    mended = look(repair=True)
    assert not wrong(mended)
    assert mended["vectors"].repaired
    assert not any(finding.problem for finding in look().values())
    with Index(folder, embedder) as index:
        nearest = index.vectors.nearest(embedder.embed_query("Rain"), 1, "rain")
        assert {key for key, _ in nearest} == index.store.keys(["rain"])


def gone(chroma: Path) -> None:
    shutil.rmtree(chroma)


def overwritten(chroma: Path) -> None:
    (chroma / "chroma.sqlite3").write_bytes(b"this is no database" * 1000)


def truncated(chroma: Path) -> None:
    path = chroma / "chroma.sqlite3"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [gone, overwritten, truncated])
def test_vectors_that_are_lost_are_made_anew(
    damage: Callable[[Path], None], folder: Path, look: Callable[..., dict[str, Finding]]
) -> None:
    damage(folder / "chroma")
    assert "vectors" in wrong(look())
    assert not wrong(look(repair=True))
    assert not any(finding.problem for finding in look().values())


def test_vectors_of_another_model_are_made_anew(
    folder: Path, look: Callable[..., dict[str, Finding]], embedder: Embedder
) -> None:
    shutil.rmtree(folder)
    with Index(folder, other_model(embedder)) as index:
        index.put([RAIN])
    assert "model" in wrong(look())
    assert not wrong(look(repair=True))


def test_a_library_that_is_open_elsewhere_finds_what_was_mended(
    folder: Path, look: Callable[..., dict[str, Finding]], embedder: Embedder
) -> None:
    with Index(folder, embedder) as index:
        lose(index, embedder)
        assert not wrong(look(repair=True))
        index.refresh()
        assert index.vectors.keys() == index.store.keys()


def test_there_is_nothing_to_examine_where_there_is_no_library(
    tmp_path: Path, embedder: Embedder
) -> None:
    with pytest.raises(LibraryError, match="no library"):
        check(tmp_path / "none", embedder, print, repair=True)
    assert not (tmp_path / "none").exists()


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """What a bot kept: an answer with a vote, and the rules of a server."""
    citation = Citation(RAIN, 0, 21, 1)
    answer = Answer("how long?", "3 days", (Statement("It rained for 3 days.", (1,)),), (citation,))
    with closing(Records(File(tmp_path / "bot.db"))) as kept:
        kept.vote(kept.keep(answer, "7"), "someone", True)
        kept.set_rules("7", Rules(channels=(1, 2)))
    return tmp_path


def examined(records: Path, *, repair: bool) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    home = File(records / "bot.db")
    record_checks.examine(home, lambda f: found.update({f.check: f}), repair=repair)
    return found


def test_sound_records_are_left_as_they_are(records: Path) -> None:
    assert not any(finding.problem for finding in examined(records, repair=True).values())
    with closing(Records(File(records / "bot.db"))) as kept:
        assert kept.rated()[0].good == 1
        assert kept.rules() == {"7": Rules(channels=(1, 2))}


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("tables", "DROP TABLE turns"),
        ("answers", "INSERT INTO votes VALUES ('0000000000000000', 'someone', 1)"),
        ("rows", "UPDATE answers SET citations = '[{\"source\": 1}]'"),
        ("rows", "UPDATE answers SET citations = 'nonsense'"),
        ("rows", "UPDATE servers SET rules = '{}'"),
    ],
)
def test_what_is_damaged_in_the_records_is_found_and_mended(
    check: str, statement: str, records: Path
) -> None:
    change(records, statement, name="bot.db")
    assert check in wrong(examined(records, repair=False))
    assert examined(records, repair=True)[check].repaired
    assert not any(finding.problem for finding in examined(records, repair=False).values())
    with closing(Records(File(records / "bot.db"))) as kept:
        kept.rules()
        kept.rated()


def test_records_with_a_column_lost_are_told_of_with_the_remedy(records: Path) -> None:
    change(records, "ALTER TABLE answers DROP COLUMN short", name="bot.db")
    found = examined(records, repair=True)
    assert wrong(found) == ["tables"]
    assert "move bot.db away" in str(found["tables"].remedy)


def test_records_that_are_no_database_are_told_of_with_the_remedy(records: Path) -> None:
    for path in records.glob("bot.db*"):
        path.unlink()
    (records / "bot.db").write_bytes(b"this is no database" * 1000)
    found = examined(records, repair=True)
    assert wrong(found) == ["records"]
    assert "move bot.db away" in str(found["records"].problem)


def test_a_title_that_was_changed_is_a_text_that_was_changed(
    folder: Path, look: Callable[..., dict[str, Finding]], embedder: Embedder
) -> None:
    change(folder, "UPDATE articles SET title = 'Hail' WHERE id = 'rain'")
    assert {"passages", "words"} <= set(wrong(look()))
    assert not wrong(look(repair=True))
    with Index(folder, embedder) as index:
        assert index.store.articles(["rain"])["rain"] == replace(RAIN, title="Hail")
