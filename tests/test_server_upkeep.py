"""What is kept in PostgreSQL is checked and mended there, and goes to a file and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import compose, maintenance, server_backups
from bot.records import Records
from bot.schema import Rules
from bot.settings import Settings
from retrieval import transfer
from retrieval.checking import Finding
from retrieval.embedding import Embedder
from retrieval.errors import LibraryError
from retrieval.index import Index
from retrieval.search import Search
from retrieval.types import Answer, Article, Citation, Statement
from tests.keeping import Keeping
from tests.services import free_port
from tests.test_doctor import RIVER
from tests.test_index import RAIN, SNOW

RULES = {"70": Rules(channels=(1, 2), cooldown=3)}


def opened(at: Settings, embedder: Embedder, server: str | None = None) -> Index:
    folder, place = compose.library_dir(at, server), compose.place(at, server)
    return Index(folder, embedder, articles=compose.articles(at, server), vectors=place)


def fill(at: Settings, embedder: Embedder) -> None:
    with opened(at, embedder) as index:
        index.put([replace(RAIN, pages=(0, 9)), RIVER])
    with opened(at, embedder, "70") as index:
        index.put([SNOW])
    citation = Citation(RAIN, 0, 21, 1)
    answer = Answer("how long?", "3 days", (Statement("It rained for 3 days.", (1,)),), (citation,))
    with closing(compose.records(at)) as records:
        records.set_rules("70", RULES["70"])
        records.vote(records.keep(answer, "70"), "someone", True)


@pytest.fixture
def kept(tmp_path: Path, embedder: Embedder, keeping: Keeping) -> Settings:
    """The shared library, that of a server, and what a bot kept."""
    at = keeping.settings(tmp_path / "data")
    fill(at, embedder)
    return at


def texts(at: Settings, embedder: Embedder, server: str | None = None) -> dict[str, str]:
    """Return the texts of a library, whose vectors must fit."""
    with opened(at, embedder, server) as index:
        assert index.vectors.keys() == index.store.keys()
        found = index.store.articles(source.id for source in index.store.sources())
        for article in found.values():
            assert Search(index)(article.text)[0].passage.article == article
        return {article.id: article.text for article in found.values()}


def doctor(at: Settings, *, repair: bool = False) -> dict[str, Finding]:
    found: dict[str, Finding] = {}

    def say(library: str, finding: Finding) -> None:
        found[f"{library} {finding.check}"] = finding

    maintenance.examine(at, print, say, repair=repair)
    return found


def wrong(found: dict[str, Finding]) -> list[str]:
    return [name for name, finding in found.items() if not finding.is_well]


def change(at: Settings, *statements: str, schema: str = "footnote") -> None:
    """Change a database behind Footnote's back."""
    assert at.database_url
    engine = sa.create_engine(at.database_url.get_secret_value())
    with engine.begin() as connection:
        connection.execute(sa.text(f"SET LOCAL search_path = {schema}"))
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def schemas_of(at: Settings) -> list[str]:
    assert at.database_url
    engine = sa.create_engine(at.database_url.get_secret_value())
    with engine.connect() as connection:
        names = sa.inspect(connection).get_schema_names()
    engine.dispose()
    return sorted(name for name in names if name.startswith("footnote"))


def test_what_is_sound_is_left_as_it_is(kept: Settings, embedder: Embedder) -> None:
    found = doctor(kept, repair=True)
    assert not [finding for finding in found.values() if finding.problem]
    assert {"shared words", "server 70 vectors", "records rows"} <= set(found)
    assert texts(kept, embedder) == {"rain": RAIN.text, "river": RIVER.text}
    with closing(compose.records(kept)) as records:
        assert records.rules() == RULES
        assert records.rated()[0].good == 1


def test_where_a_bot_never_ran_there_are_no_records_to_check(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    at = keeping.settings(tmp_path / "data")
    with opened(at, embedder) as index:
        index.put([RAIN])
    found = doctor(at)
    assert not wrong(found)
    assert not [name for name in found if name.startswith("records")]


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("articles", "UPDATE articles SET digest = 'x' WHERE id = 'rain'"),
        ("passages", "DELETE FROM passages WHERE article = 'river' AND ordinal = 1"),
        ("passages", "UPDATE passages SET \"end\" = 999999 WHERE article = 'rain'"),
        ("passages", "UPDATE passages SET start = 9, \"end\" = 3 WHERE article = 'rain'"),
        ("passages", "UPDATE articles SET text = replace(text, '3', '9') WHERE id = 'rain'"),
        ("words", "DELETE FROM passage_words WHERE passage = 1"),
        ("words", "UPDATE passage_words SET words = CAST('fog:1' AS tsvector)"),
        ("words", "UPDATE stems SET passages = passages + 1 WHERE stem = 'rain'"),
        ("words", "DELETE FROM stems WHERE stem = ''"),
        ("words", "DROP TABLE passage_words"),
        ("words", "DROP INDEX passage_words_words"),
        ("model", "UPDATE meta SET value = 'none yet' WHERE key = 'embedding_model'"),
        ("writes", "UPDATE meta SET value = 'yes' WHERE key = 'unfinished'"),
    ],
)
def test_what_is_damaged_in_a_library_is_found_and_mended(
    check: str, statement: str, kept: Settings, embedder: Embedder
) -> None:
    change(kept, statement)
    found = doctor(kept)
    assert f"shared {check}" in wrong(found)
    assert found[f"shared {check}"].remedy == "run: footnote doctor --repair"
    assert f"shared {check}" in wrong(doctor(kept))  # looking changes nothing

    mended = doctor(kept, repair=True)
    assert not wrong(mended)
    assert mended[f"shared {check}"].repaired
    assert not [finding for finding in doctor(kept).values() if finding.problem]
    assert set(texts(kept, embedder)) == {"rain", "river"}


def test_vectors_that_are_lost_are_made_again(kept: Settings, embedder: Embedder) -> None:
    with opened(kept, embedder) as index:
        index.vectors.delete(index.store.keys(["rain"]))
    assert wrong(doctor(kept)) == ["shared vectors"]
    assert not wrong(doctor(kept, repair=True))
    assert set(texts(kept, embedder)) == {"rain", "river"}


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("tables", "DROP TABLE turns"),
        ("rows", "UPDATE answers SET citations = CAST('[{\"source\": 1}]' AS json)"),
        ("rows", "UPDATE servers SET rules = CAST('{}' AS json)"),
    ],
)
def test_what_is_damaged_in_the_records_is_found_and_mended(
    check: str, statement: str, kept: Settings
) -> None:
    change(kept, statement, schema="footnote_bot")
    assert f"records {check}" in wrong(doctor(kept))
    assert doctor(kept, repair=True)[f"records {check}"].repaired
    assert not [finding for finding in doctor(kept).values() if finding.problem]


def saved(at: Settings, file: Path) -> Path:
    made = maintenance.save(at, file, print)
    assert [member.name for member in made.members] == [
        "library.db", "bot.db", "servers/70/library.db",
    ]  # fmt: skip
    return file


def restore(at: Settings, file: Path, *, force: bool = False) -> None:
    maintenance.restore(at, file, print, lambda *_: None, force=force)


def check_whole(at: Settings, embedder: Embedder) -> None:
    """Everything that was kept is there, and the doctor finds nothing."""
    assert texts(at, embedder) == {"rain": RAIN.text, "river": RIVER.text}
    assert texts(at, embedder, "70") == {"snow": SNOW.text}
    with opened(at, embedder) as index:
        assert index.store.articles(["rain"])["rain"].pages == (0, 9)
    with closing(compose.records(at)) as records:
        assert records.rules() == RULES
        assert records.rated()[0].good == 1
    assert not [finding for finding in doctor(at).values() if finding.problem]


def test_a_backup_of_servers_is_restored_to_files(
    kept: Settings, tmp_path: Path, embedder: Embedder
) -> None:
    file = saved(kept, tmp_path / "kept.zip")
    at = Settings(_env_file=None, data_dir=tmp_path / "files")
    restore(at, file)
    check_whole(at, embedder)


def test_a_backup_of_files_is_restored_to_servers(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    files = Settings(_env_file=None, data_dir=tmp_path / "files")
    fill(files, embedder)
    file = saved(files, tmp_path / "kept.zip")
    at = keeping.settings(tmp_path / "data")
    restore(at, file)
    check_whole(at, embedder)


def test_a_backup_takes_the_place_of_what_is_there_only_by_force(
    kept: Settings, tmp_path: Path, embedder: Embedder
) -> None:
    file = saved(kept, tmp_path / "kept.zip")
    with opened(kept, embedder) as index:
        index.put([Article(id="rain", title="Rain", text="It rained for 9 days."), SNOW])
    with opened(kept, embedder, "71") as index:
        index.put([RAIN])
    with pytest.raises(LibraryError, match=r"not empty.*--force"):
        restore(kept, file)
    assert texts(kept, embedder)["rain"] == "It rained for 9 days."
    restore(kept, file, force=True)
    check_whole(kept, embedder)
    assert compose.servers(kept) == ["70"]


def test_what_the_bot_kept_alone_is_not_empty_either(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    files = Settings(_env_file=None, data_dir=tmp_path / "files")
    fill(files, embedder)
    at = keeping.settings(tmp_path / "data")
    with closing(compose.records(at)) as records:
        records.set_rules("71", Rules())
    with pytest.raises(LibraryError, match="not empty"):
        restore(at, saved(files, tmp_path / "kept.zip"))


@pytest.mark.parametrize("step", ["library", "rows"])
def test_a_restore_that_fails_leaves_all_as_it_was(
    step: str,
    kept: Settings,
    tmp_path: Path,
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = saved(kept, tmp_path / "kept.zip")
    with opened(kept, embedder) as index:
        index.put([replace(RAIN, text="It rained for 9 days.")])
    real: Callable[..., None] = getattr(transfer, step)

    def fail(*some: object) -> None:
        real(*some)
        raise LibraryError("The disk is full; make room.")

    monkeypatch.setattr(transfer, step, fail)
    with pytest.raises(LibraryError, match="full"):
        restore(kept, file, force=True)
    assert texts(kept, embedder)["rain"] == "It rained for 9 days."
    assert texts(kept, embedder, "70") == {"snow": SNOW.text}
    assert not wrong(doctor(kept))


def test_a_restore_is_refused_before_anything_is_moved_where_the_vectors_cannot_be_made(
    kept: Settings, tmp_path: Path, embedder: Embedder
) -> None:
    file = saved(kept, tmp_path / "kept.zip")
    with opened(kept, embedder) as index:
        index.put([replace(RAIN, text="It rained for 9 days.")])
    away = Settings.model_validate(
        {**kept.model_dump(), "chroma_url": f"http://127.0.0.1:{free_port()}"}
    )
    with pytest.raises(LibraryError, match="CHROMA_URL"):
        restore(away, file, force=True)
    assert texts(kept, embedder)["rain"] == "It rained for 9 days."


def test_damaged_records_are_replaced_by_force_and_not_without(
    kept: Settings, tmp_path: Path, embedder: Embedder
) -> None:
    file = saved(kept, tmp_path / "kept.zip")
    change(kept, "DROP TABLE servers", schema="footnote_bot")
    with pytest.raises(LibraryError, match="not empty"):
        restore(kept, file)
    restore(kept, file, force=True)
    check_whole(kept, embedder)


def test_what_is_amiss_in_a_backup_of_files_is_mended_on_its_way(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    files = Settings(_env_file=None, data_dir=tmp_path / "files")
    fill(files, embedder)
    for name, statement in (
        ("library.db", "UPDATE articles SET published = 'May' WHERE id = 'rain'"),
        ("library.db", "INSERT INTO passages VALUES (99, 'x', 'nothing', 0, 0, 1)"),
        ("bot.db", "INSERT INTO servers VALUES ('80', 'nonsense')"),
    ):
        with closing(sqlite3.connect(tmp_path / "files" / name)) as connection, connection:
            connection.execute(statement)
    at = keeping.settings(tmp_path / "data")
    restore(at, saved(files, tmp_path / "kept.zip"))
    check_whole(at, embedder)


def test_what_a_restore_that_was_killed_has_left_goes_with_the_next(
    kept: Settings, tmp_path: Path, embedder: Embedder
) -> None:
    file = saved(kept, tmp_path / "kept.zip")
    change(kept, "CREATE SCHEMA footnote_71_restored", "CREATE SCHEMA footnote_replaced")
    restore(kept, file, force=True)
    assert schemas_of(kept) == ["footnote", "footnote_70", "footnote_bot"]
    check_whole(kept, embedder)


def test_who_reads_keeps_nobody_from_restoring(
    kept: Settings, tmp_path: Path, embedder: Embedder
) -> None:
    """What is still read is left over, and goes with the next restore."""
    file = saved(kept, tmp_path / "kept.zip")
    assert kept.database_url
    engine = sa.create_engine(kept.database_url.get_secret_value())
    with engine.connect() as connection:
        connection.execute(sa.text("SET LOCAL search_path = footnote"))
        connection.execute(sa.text("SELECT id FROM articles")).all()
        restore(kept, file, force=True)
        assert "footnote_replaced" in schemas_of(kept)
    engine.dispose()
    check_whole(kept, embedder)
    restore(kept, file, force=True)
    assert schemas_of(kept) == ["footnote", "footnote_70", "footnote_bot"]


def test_a_damaged_backup_is_refused_before_anything_is_touched(
    kept: Settings, tmp_path: Path, embedder: Embedder
) -> None:
    file = saved(kept, tmp_path / "kept.zip")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 255
    file.write_bytes(data)
    with pytest.raises(LibraryError, match="damaged"):
        restore(kept, file, force=True)
    assert texts(kept, embedder, "70") == {"snow": SNOW.text}


def test_a_backup_is_one_state_while_another_writes(
    kept: Settings, tmp_path: Path, embedder: Embedder
) -> None:
    """A backup that begins before a commit has none of it, not its articles without its words."""
    with opened(kept, embedder) as index:
        file = saved(kept, tmp_path / "before.zip")
        index.put([SNOW])
    at = Settings(_env_file=None, data_dir=tmp_path / "files")
    restore(at, file)
    check_whole(at, embedder)


def test_where_there_is_no_library_there_is_nothing_to_save(
    tmp_path: Path, keeping: Keeping
) -> None:
    at = keeping.settings(tmp_path / "data")
    with pytest.raises(LibraryError, match="no library"):
        maintenance.save(at, tmp_path / "kept.zip", print)
    assert not list(tmp_path.glob("*.zip"))


def test_records_are_copied_whole(kept: Settings, tmp_path: Path) -> None:
    from retrieval.sqlite import File

    server_backups.transfer_records(compose.records_home(kept), File(tmp_path / "bot.db"))
    with (
        closing(Records(File(tmp_path / "bot.db"))) as copied,
        closing(compose.records(kept)) as records,
    ):
        assert copied.rated() == records.rated()
