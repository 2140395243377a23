"""A backup is whole while others write, and a restore is all or nothing."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import compose, maintenance, restoring, swapping
from bot.records import Records
from bot.schema import Rules
from bot.settings import Settings
from retrieval import backup
from retrieval.embedding import Embedder
from retrieval.errors import LibraryError
from retrieval.index import Index
from retrieval.search import Search
from retrieval.sqlite import File
from retrieval.types import Article
from tests.test_index import RAIN, SNOW, made_first


def settings_for(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder)


def put(folder: Path, embedder: Embedder, *articles: Article, server: str | None = None) -> None:
    at = settings_for(folder)
    place = compose.place(at, server)
    with Index(compose.library_dir(at, server), embedder, vectors=place) as index:
        index.put(articles)


def texts(folder: Path, embedder: Embedder, server: str | None = None) -> dict[str, str]:
    """Return the texts of a library, whose vectors must fit."""
    at = settings_for(folder)
    place = compose.place(at, server)
    with Index(compose.library_dir(at, server), embedder, vectors=place) as index:
        assert index.vectors.keys() == index.store.keys()
        found = index.store.articles(source.id for source in index.store.sources())
        for article in found.values():
            assert Search(index)(article.text)[0].passage.article == article
        return {article.id: article.text for article in found.values()}


def restore(file: Path, folder: Path, *, force: bool = False) -> backup.Manifest:
    return maintenance.restore(settings_for(folder), file, print, lambda *_: None, force=force)


@pytest.fixture
def data(tmp_path: Path, embedder: Embedder) -> Path:
    """What a bot keeps: the shared library, that of a server, and its records."""
    folder = tmp_path / "data"
    put(folder, embedder, RAIN)
    put(folder, embedder, SNOW, server="7")
    with closing(Records(File(folder / "bot.db"))) as records:
        records.set_rules("7", Rules(cooldown=3))
    return folder


@pytest.fixture
def file(tmp_path: Path, data: Path) -> Path:
    """A backup of it."""
    maintenance.save(settings_for(data), tmp_path / "kept.zip", print)
    return tmp_path / "kept.zip"


def test_all_that_is_kept_comes_back(file: Path, tmp_path: Path, embedder: Embedder) -> None:
    made = restore(file, tmp_path / "other")
    assert [member.name for member in made.members] == [
        "library.db", "bot.db", "servers/7/library.db",
    ]  # fmt: skip
    assert texts(tmp_path / "other", embedder) == {"rain": RAIN.text}
    assert texts(tmp_path / "other", embedder, "7") == {"snow": SNOW.text}
    with closing(Records(File(tmp_path / "other" / "bot.db"))) as records:
        assert records.rules() == {"7": Rules(cooldown=3)}
    assert {path.name for path in (tmp_path / "other").iterdir()} >= {"library.db", "servers"}
    assert not [path for path in (tmp_path / "other").iterdir() if path.name.startswith(".")]


def test_a_backup_can_be_read_by_nobody_else(file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0


def test_a_library_that_is_not_empty_is_only_replaced_by_force(
    file: Path, data: Path, embedder: Embedder
) -> None:
    put(data, embedder, Article(id="rain", title="Rain", text="It rained for 9 days."))
    put(data, embedder, SNOW, server="8")
    with pytest.raises(LibraryError, match=r"not empty.*--force"):
        restore(file, data)
    assert texts(data, embedder) == {"rain": "It rained for 9 days."}
    restore(file, data, force=True)
    assert texts(data, embedder) == {"rain": RAIN.text}
    assert not (data / "servers" / "8").exists()


def test_what_the_bot_kept_alone_is_not_empty_either(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with closing(Records(File(tmp_path / "other" / "bot.db"))) as records:
        records.set_rules("8", Rules())
    with pytest.raises(LibraryError, match="not empty"):
        restore(file, tmp_path / "other")


def test_an_empty_library_is_replaced(file: Path, tmp_path: Path, embedder: Embedder) -> None:
    put(tmp_path / "other", embedder)
    restore(file, tmp_path / "other")
    assert texts(tmp_path / "other", embedder) == {"rain": RAIN.text}


def test_a_backup_of_the_first_format_is_brought_up_to_date(
    data: Path, tmp_path: Path, embedder: Embedder
) -> None:
    made_first(File(data / "library.db"))
    maintenance.save(settings_for(data), tmp_path / "old.zip", print)
    restore(tmp_path / "old.zip", tmp_path / "other")
    assert texts(tmp_path / "other", embedder) == {"rain": RAIN.text}


def test_a_backup_is_one_state_while_another_writes(tmp_path: Path, embedder: Embedder) -> None:
    """Each write changes two articles at once; no backup has one of them without the other."""
    folder, is_over = tmp_path / "data", Event()

    def pair(turn: int) -> list[Article]:
        text = f"It rained for {turn} days."
        return [Article(id=name, title=name, text=text) for name in ("left", "right")]

    put(folder, embedder, *pair(0))

    def write() -> None:
        with Index(folder, embedder) as index:
            turn = 0
            while not is_over.is_set():
                turn += 1
                index.put(pair(turn))

    writer = Thread(target=write)
    writer.start()
    seen = set()
    try:
        for turn in range(8):
            file = tmp_path / f"{turn}.zip"
            maintenance.save(settings_for(folder), file, print)
            backup.unpack(file, tmp_path / f"unpacked{turn}")
            with closing(sqlite3.connect(tmp_path / f"unpacked{turn}" / "library.db")) as database:
                found = {text for (text,) in database.execute("SELECT text FROM articles")}
            assert len(found) == 1
            seen |= found
    finally:
        is_over.set()
        writer.join()
    assert len(seen) > 1


def test_what_is_no_backup_is_refused_in_one_sentence(
    file: Path, data: Path, tmp_path: Path, embedder: Embedder
) -> None:
    whole = file.read_bytes()
    bad = tmp_path / "bad.zip"

    def foreign() -> None:
        with zipfile.ZipFile(bad, "w") as archive:
            archive.writestr("holiday.txt", "It rained.")

    def another_format() -> None:
        with zipfile.ZipFile(bad, "w") as archive:
            archive.writestr("manifest.json", '{"format": "footnote-backup-9"}')

    def elsewhere() -> None:
        with zipfile.ZipFile(file) as source, zipfile.ZipFile(bad, "w") as archive:
            for name in source.namelist():
                content = source.read(name)
                if name == "manifest.json":
                    content = content.replace(b"servers/7/", b"../servers/")
                archive.writestr(name.replace("servers/7/", "../servers/"), content)

    def surplus() -> None:
        bad.write_bytes(whole)
        with zipfile.ZipFile(bad, "a") as archive:
            archive.writestr("servers/9/library.db", b"")

    for make, reason in (
        (foreign, "no backup of Footnote, or is damaged"),
        (another_format, "update Footnote"),
        (elsewhere, "its list does not fit"),
        (surplus, "its list does not fit"),
        (lambda: bad.write_bytes(whole[: len(whole) // 2]), "no backup of Footnote, or is damaged"),
        (lambda: bad.write_bytes(b""), "no backup of Footnote, or is damaged"),
        (bad.unlink, "cannot be unpacked"),
    ):
        make()
        with pytest.raises(LibraryError, match=reason) as raised:
            restore(bad, data, force=True)
        assert "\n" not in str(raised.value)
        assert texts(data, embedder) == {"rain": RAIN.text}
        assert not (data / ".restoring").exists()


@settings(max_examples=150)
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_backup_with_a_changed_bit_is_refused_or_gives_the_same(
    share: float,
    bit: int,
    tmp_path_factory: pytest.TempPathFactory,
    changed: tuple[bytes, Path],
) -> None:
    whole, unpacked = changed
    data = bytearray(whole)
    data[int(share * len(data))] ^= 1 << bit
    folder = tmp_path_factory.mktemp("bit")
    (folder / "kept.zip").write_bytes(data)
    try:
        backup.unpack(folder / "kept.zip", folder / "out")
    except LibraryError:
        pass
    else:
        for name in ("library.db", "bot.db"):
            assert (folder / "out" / name).read_bytes() == (unpacked / name).read_bytes()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> tuple[bytes, Path]:
    """The bytes of a backup, and a folder in which it is unpacked."""
    folder = tmp_path_factory.mktemp("whole")
    put(folder, embedder, RAIN)
    Records(File(folder / "bot.db")).close()
    maintenance.save(settings_for(folder), folder / "kept.zip", print)
    backup.unpack(folder / "kept.zip", folder / "out")
    return (folder / "kept.zip").read_bytes(), folder / "out"


def test_a_file_that_is_no_backup_is_not_written_over(data: Path, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("It rained.")
    with pytest.raises(LibraryError, match="no backup, and would be lost"):
        maintenance.save(settings_for(data), tmp_path / "diary.txt", print)
    assert (tmp_path / "diary.txt").read_text() == "It rained."


def test_a_backup_that_fails_leaves_the_earlier_one(
    file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", fail)
    with pytest.raises(LibraryError, match="No space left on device"):
        maintenance.save(settings_for(data), file, print)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.glob(".*")] == []


def test_a_damaged_library_is_not_backed_up(data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / "library.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray((data / "library.db").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (data / "library.db").write_bytes(content)
    with pytest.raises(LibraryError, match="footnote doctor"):
        maintenance.save(settings_for(data), tmp_path / "kept.zip", print)
    assert not (tmp_path / "kept.zip").exists()


def test_where_there_is_no_library_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no library"):
        maintenance.save(settings_for(tmp_path / "none"), tmp_path / "kept.zip", print)


def test_a_library_that_does_not_answer_gives_way_to_the_old_one(
    file: Path, data: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(data, embedder, SNOW)
    monkeypatch.setattr(restoring, "Search", lambda _: lambda _: [])
    with pytest.raises(LibraryError, match="all is as it was"):
        restore(file, data, force=True)
    monkeypatch.undo()
    assert set(texts(data, embedder)) == {"rain", "snow"}
    assert not list(data.glob(".re*"))


class Stop(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("moment", range(1, 40))
def test_a_restore_that_ends_at_any_step_leaves_the_old_or_the_new(
    moment: int, file: Path, data: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(data, embedder, SNOW)
    old, new = {"rain": RAIN.text, "snow": SNOW.text}, {"rain": RAIN.text}
    steps = 0

    def counting(original: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **options: object) -> object:
            nonlocal steps
            steps += 1
            if steps >= moment:
                raise Stop
            return original(*arguments, **options)

        return step

    with monkeypatch.context() as patch:
        for name in ("replace", "mkdir"):
            patch.setattr(Path, name, counting(getattr(Path, name)))
        patch.setattr(shutil, "rmtree", counting(shutil.rmtree))
        try:
            restore(file, data, force=True)
        except Stop:
            is_stopped = True
        else:
            is_stopped = False
    compose.complete_restore(settings_for(data), print)
    assert texts(data, embedder) in ((old, new) if is_stopped else (new,))
    assert not (data / swapping._INCOMING).exists()
    restore(file, data, force=True)
    assert texts(data, embedder) == new
    assert not list(data.glob(".re*"))
