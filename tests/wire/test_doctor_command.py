"""``footnote doctor``: a line a check, and an exit code for programs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot import compose
from bot.settings import Settings
from retrieval.embedding import Embedder
from retrieval.index import Index
from retrieval.types import Article
from tests.wire.conftest import Footnote

RAIN = Article(id="rain.txt", title="Rain", text="It rained for 3 days.")


@pytest.fixture
def library(tmp_path: Path, embedder: Embedder) -> Path:
    """A shared library, and one of the Discord server 7."""
    settings = Settings(_env_file=None, data_dir=tmp_path / "library")
    for server in (None, "7"):
        folder, place = compose.library_dir(settings, server), compose.place(settings, server)
        with Index(folder, embedder, vectors=place) as index:
            index.put([RAIN])
    return tmp_path / "library"


def test_damage_is_told_of_and_mended_and_then_all_is_well(
    footnote: Footnote, library: Path
) -> None:
    with closing(sqlite3.connect(library / "servers" / "7" / "library.db")) as connection:
        connection.execute("DELETE FROM passages_fts")
        connection.commit()
    told = footnote("doctor")
    assert told.returncode == 1
    broken = [line for line in told.stdout.splitlines() if not line.startswith("ok ")]
    assert broken == [
        "broken  server 7 words: the index of words has 1 fault; run: footnote doctor --repair"
    ]
    told = footnote("doctor", "--repair")
    assert told.returncode == 0
    assert "mended  server 7 words: the index of words has 1 fault\n" in told.stdout
    told = footnote("doctor", "--json")
    assert told.returncode == 0
    assert all(one["ok"] and not one["problem"] for one in json.loads(told.stdout))
    assert {one["library"] for one in json.loads(told.stdout)} == {"shared", "server 7"}


def test_what_cannot_be_mended_is_told_of_without_a_traceback(
    footnote: Footnote, library: Path
) -> None:
    for path in library.glob("library.db*"):
        path.unlink()
    (library / "library.db").write_bytes(b"this is no database" * 1000)
    told = footnote("doctor", "--repair")
    assert told.returncode == 1
    assert told.stdout.startswith("broken  shared database: ")
    assert "footnote restore FILE" in told.stdout
    assert not told.stderr


def test_where_there_is_no_library_that_is_said(footnote: Footnote, tmp_path: Path) -> None:
    told = footnote("doctor")
    assert told.returncode == 2
    assert "There is no library" in told.stderr
    assert not (tmp_path / "library").exists()


def test_a_backup_is_made_and_put_back_by_two_commands(
    footnote: Footnote, library: Path, tmp_path: Path
) -> None:
    made = footnote("backup", "kept.zip")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("2 databases in kept.zip, ")
    footnote("remove", "rain.txt").check_returncode()
    refused = footnote("restore", "kept.zip")
    assert refused.returncode == 2
    assert "not empty" in refused.stderr
    assert footnote("restore", "kept.zip", "--force").stdout.startswith("Restored 2 databases of ")
    assert "rain.txt" in footnote("sources").stdout
    assert footnote("doctor").returncode == 0


def test_a_file_that_is_no_backup_is_one_sentence(
    footnote: Footnote, library: Path, tmp_path: Path
) -> None:
    (tmp_path / "kept.zip").write_bytes(b"PK")
    told = footnote("restore", "kept.zip", "--force")
    assert told.returncode == 2
    assert len(told.stderr.splitlines()) == 1
    assert "kept.zip is no backup of Footnote, or is damaged" in told.stderr
    assert "rain.txt" in footnote("sources").stdout
