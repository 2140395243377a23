"""Store and vectors stay in step, through faults and for any article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import schema, terms
from retrieval.database import Home
from retrieval.embedding import Embedder, ModelCard
from retrieval.errors import LibraryError, SourceError
from retrieval.index import Index, reindex
from retrieval.types import Article
from tests.keeping import Keeping

RAIN = Article(id="rain", title="Rain", text="It rained for 3 days. Then the sun came out.")
SNOW = Article(id="snow", title="Snow", text="It snowed in May. Nobody had expected it.")


def other_model(embedder: Embedder) -> Embedder:
    card = replace(embedder.card, name="another", fingerprint="f" * 64)
    return Embedder(card, embedder._tokenizer, embedder.encode)


def test_a_name_finds_an_article_by_id_or_by_part_of_its_title(index: Index) -> None:
    index.put([RAIN, SNOW, Article(id="snowfall", title="Later", text="More of it.")])
    assert index.find_source("snow").id == "snow"
    assert index.find_source("RAI").id == "rain"
    assert index.find_source("later").id == "snowfall"
    with pytest.raises(SourceError, match="no article 'hail'"):
        index.find_source("hail")
    with pytest.raises(SourceError, match="fits 2 articles"):
        index.find_source("sno")


@pytest.mark.parametrize("moment", ["upsert", "put", "delete"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_that_fails_anywhere_leaves_one_whole_version(
    moment: str,
    when: str,
    open_index: Callable[[], Index],
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = open_index()
    first.put([RAIN, SNOW])
    changed = replace(RAIN, text="It rained for 9 days. Then the dam broke.")
    target = first.store if moment == "put" else first.vectors
    original = getattr(target, moment)

    def fail(*arguments: object) -> None:
        if when == "after":
            original(*arguments)
        raise OSError("the power went off")

    monkeypatch.setattr(target, moment, fail)
    with pytest.raises(OSError, match="power"):
        first.put([changed])

    second = open_index()
    text = second.store.articles(["rain"])["rain"].text
    assert text in {RAIN.text, changed.text}
    found = second.store.passages(
        key for key, _ in second.vectors.nearest(embedder.embed_query("how long?"), 9)
    )
    assert all(p.article.text == text for p in found.values() if p.article.id == "rain")
    second.put([changed])
    assert second.store.articles(["rain"])["rain"] == changed
    assert second.store.keys() == second.vectors.keys()


def test_what_an_interrupted_write_has_indexed_is_found_by_a_library_that_is_open(
    open_index: Callable[[], Index], embedder: Embedder
) -> None:
    reader, writer = open_index(), open_index()
    reader.put([SNOW])

    def interrupt(*_: int) -> None:
        if writer.store.articles(["rain"]):
            raise KeyboardInterrupt

    more = [
        Article(id=f"more-{number}", title=f"Lorry {number}", text=f"It can carry {number} tons.")
        for number in range(200)  # so that the first are saved before the last are embedded
    ]
    seen = reader.store.meta("generation")
    with pytest.raises(KeyboardInterrupt):
        writer.put([RAIN, *more], interrupt)
    assert reader.store.meta("generation") != seen  # by which a refresh knows, in any process
    reader.refresh()
    nearest = reader.vectors.nearest(embedder.embed_query("how long did it rain?"), 5)
    found = reader.store.passages(key for key, _ in nearest)
    assert "rain" in {passage.article.id for passage in found.values()}


def test_lost_vectors_are_made_again_by_the_next_write(open_index: Callable[[], Index]) -> None:
    index = open_index()
    index.put([RAIN])
    index.store.set_flag("unfinished", True)
    index.vectors.delete(index.store.keys())
    index.put([SNOW])
    assert index.vectors.keys() == index.store.keys()


def test_a_library_of_another_model_is_refused_until_it_is_indexed_anew(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    folder = tmp_path / "library"
    with Index(folder, embedder, **keeping.places(folder)) as index:
        index.put([RAIN, SNOW])
        keys = index.store.keys()
    with pytest.raises(LibraryError, match=r"another embedding model.*footnote reindex"):
        Index(folder, other_model(embedder), **keeping.places(folder))
    report = reindex(folder, other_model(embedder), **keeping.places(folder))
    assert report.unchanged == 2
    with Index(folder, other_model(embedder), **keeping.places(folder)) as index:
        assert index.store.keys() == index.vectors.keys() == keys


def test_an_interrupted_reindex_is_noticed_and_can_be_done_again(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    folder = tmp_path / "library"
    with Index(folder, embedder, **keeping.places(folder)) as index:
        index.put([RAIN, SNOW])

    def interrupt(done: int, _all: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(folder, embedder, progress=interrupt, **keeping.places(folder))
    with pytest.raises(LibraryError, match="footnote reindex"):
        Index(folder, embedder, **keeping.places(folder))
    reindex(folder, embedder, **keeping.places(folder))
    with Index(folder, embedder, **keeping.places(folder)) as index:
        assert index.store.keys() == index.vectors.keys()


def test_a_library_whose_vectors_are_gone_says_how_to_get_them_back(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    folder = tmp_path / "library"
    with Index(folder, embedder, **keeping.places(folder)) as index:
        index.put([RAIN])
    keeping.vectors(folder).clear()
    with pytest.raises(LibraryError, match="gone; run: footnote reindex"):
        Index(folder, embedder, **keeping.places(folder))
    reindex(folder, embedder, **keeping.places(folder))
    with Index(folder, embedder, **keeping.places(folder)) as index:
        assert len(index.vectors.keys()) == 1


def test_there_is_nothing_to_reindex_where_there_is_no_library(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    with pytest.raises(LibraryError, match="no library"):
        reindex(tmp_path, embedder, **keeping.places(tmp_path))


def test_a_damaged_database_is_named_with_its_remedy(tmp_path: Path, embedder: Embedder) -> None:
    folder = tmp_path / "library"
    with Index(folder, embedder) as index:
        index.put([RAIN])
    (folder / "library.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(LibraryError, match=r"damaged.*footnote sync FOLDER"):
        Index(folder, embedder)


def test_a_library_of_another_format_is_refused(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    folder = tmp_path / "library"
    with Index(folder, embedder, **keeping.places(folder)) as index:
        index.store.set_meta("schema", "0")
    with pytest.raises(LibraryError, match="format 0"):
        Index(folder, embedder, **keeping.places(folder))


def test_a_library_of_the_first_format_is_brought_up_to_date_and_answers(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    folder = tmp_path / "library"
    with Index(folder, embedder, **keeping.places(folder)) as index:
        index.put([RAIN])
    made_first(keeping.articles(folder))
    with Index(folder, embedder, **keeping.places(folder)) as index:
        assert index.store.articles([RAIN.id]) == {RAIN.id: RAIN}
        assert index.store.lexical("rain", 1)
        index.put([replace(RAIN, title="It rains again")])
    with (
        closing(keeping.articles(folder).open("", "")) as database,
        database.reading() as connection,
    ):
        differing = compare_metadata(MigrationContext.configure(connection), schema.tables)
    own = {"passages_fts", "vocabulary", "passage_words", "stems"}  # the index of words
    assert not [one for one in differing if not any(name in str(one) for name in own)]


def made_first(home: Home) -> None:
    """Take from a library all that came after the first format."""
    with closing(home.open("", "")) as database, database.writing() as connection:
        for column in ("language", "pages", "etag", "modified", "feed"):
            connection.execute(sa.text(f"ALTER TABLE articles DROP COLUMN {column}"))
        connection.execute(sa.text("DROP TABLE alembic_version"))
        connection.execute(sa.text("UPDATE meta SET value = '1' WHERE key = 'schema'"))


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LibraryError, match="DATA_DIR"):
        Index(tmp_path / "file" / "library", embedder)


texts = st.lists(
    st.sampled_from(
        ["It rained.", "Nobody was hurt in the U.N. convoy.", "مرحبا بالعالم.", "👩‍👩‍👧 waved!\n\n",
         "Cafe\u0301s closed at 5 p.m. Monday.", "7.8 metres", "“We left,” she said.", "word " * 90]
    ),
    max_size=12,
).map(" ".join)  # fmt: skip


@settings(max_examples=25)
@given(versions=st.lists(st.tuples(st.sampled_from("abc"), texts), min_size=1, max_size=5))
def test_after_any_writes_the_last_version_is_live_and_nothing_else(
    versions: list[tuple[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
    embedder: Embedder,
    keeping: Keeping,
) -> None:
    folder = tmp_path_factory.mktemp("library")
    with Index(folder, embedder, **keeping.places(folder)) as index:
        for article_id, text in versions:
            index.put([Article(id=article_id, title=f"On {article_id}", text=text)])
        last = dict(versions)
        assert {a.id: a.text for a in index.store.articles("abc").values()} == last
        assert index.store.keys() == index.vectors.keys()
        passages = index.store.passages(index.store.keys())
        assert all(p.article.text == last[p.article.id] for p in passages.values())
        index.remove(sorted(last))
        assert index.store.keys() == index.vectors.keys() == set()


SENTENCES = st.sampled_from(
    ["It rained for days.", "Nobody was hurt in the convoy.", "Cafés closed at five.",
     "The rain had stopped the ferries, and it rains again.", "Its ferry sailed.", "word " * 90]
)  # fmt: skip


@settings(max_examples=15)
@given(
    versions=st.lists(
        st.tuples(st.sampled_from("abc"), st.lists(SENTENCES, max_size=8).map(" ".join)),
        min_size=1,
        max_size=5,
    ),
    gone=st.sets(st.sampled_from("abc"), max_size=2),
)
def test_stems_are_counted_in_the_passages_that_are_live_and_in_no_others(
    versions: list[tuple[str, str]],
    gone: set[str],
    tmp_path_factory: pytest.TempPathFactory,
    embedder: Embedder,
    keeping: Keeping,
) -> None:
    folder = tmp_path_factory.mktemp("library")
    with Index(folder, embedder, **keeping.places(folder)) as index:
        for article_id, text in versions:
            index.put([Article(id=article_id, title=f"Raining {article_id}", text=text)])
        index.remove(sorted(gone & {article_id for article_id, _ in versions}))
        live = index.store.passages(index.store.keys()).values()
        counts = Counter(
            stem
            for passage in live
            for stem in {
                terms.stem(word.group())
                for word in terms.words(f"{passage.article.title} {passage.text}")
            }
        )
        assert index.store.frequencies([*counts, "hail"]) == (counts, len(live))
        for stem in counts:
            assert len(index.store.lexical(stem, 100)) == counts[terms.stem(stem)]


def test_an_article_that_is_put_again_while_it_is_being_saved_ends_as_its_last_version(
    index: Index,
) -> None:
    long = Article(id="long", title="Long", text="It rained for 3 days in the valley. " * 2_000)
    longer = replace(long, text=long.text + "Then it stopped.")
    changed = replace(RAIN, text="It rained for 9 days.")
    index.put([RAIN, long, changed, longer, SNOW])
    live = index.store.articles(["rain", "long", "snow"])
    assert live == {"rain": changed, "long": longer, "snow": SNOW}
    assert index.store.keys() == index.vectors.keys()


def test_the_first_passages_that_are_live_are_given_in_the_order_asked(index: Index) -> None:
    index.put([RAIN, SNOW])
    rain, snow = (index.store.keys([name]).pop() for name in ("rain", "snow"))
    found = index.store.passages(["gone@0#0", snow, rain, snow])
    assert list(found) == [snow, rain]
    assert list(index.store.passages(["gone@0#0", snow, rain], 1)) == [snow]


def test_the_fingerprint_of_the_bundled_model_is_that_of_its_weights(embedder: Embedder) -> None:
    assert isinstance(embedder.card, ModelCard)
    assert embedder.card.fingerprint.startswith("53aa51172d142c89")


def test_progress_counts_the_passages_up_to_the_last(index: Index) -> None:
    long = Article(id="long", title="Rain", text="It rained for 3 days in the valley. " * 2_000)
    told: list[tuple[int, int]] = []
    report = index.put([long, SNOW], lambda done, total: told.append((done, total)))
    assert len(told) > 2
    assert told == sorted(told)
    assert told[-1] == (report.passages, report.passages)


class PanicError(BaseException):
    """As Chroma's Rust raises: not an Exception."""


def test_a_panic_of_chroma_is_an_error_of_the_library(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panic(*_: object, **__: object) -> None:
        raise PanicError("too many open files")

    with Index(tmp_path / "library", embedder) as index:
        index.put([RAIN])
        monkeypatch.setattr(index.vectors._collection, "query", panic)
        with pytest.raises(LibraryError, match=r"too many open files\); run: footnote reindex"):
            index.vectors.nearest(embedder.embed_query("rain"), 5)
