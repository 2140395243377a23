"""Bad input gets one clear sentence that names the remedy, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bot.compose import cache_dir
from bot.settings import Settings
from retrieval.embedding import Embedder
from retrieval.index import Index
from retrieval.types import Article
from tests.wire.conftest import Footnote


@pytest.fixture
def library(tmp_path: Path, embedder: Embedder) -> Path:
    """A library of one article."""
    with Index(tmp_path / "library", embedder) as index:
        index.put([Article(id="rain.txt", title="Rain", text="It rained for 3 days.")])
    return tmp_path / "library"


def sentence(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """Return the one sentence that a failure prints."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("footnote: ")
    return lines[0]


def test_a_missing_folder(footnote: Footnote) -> None:
    said = sentence(footnote("sync", "nowhere"))
    assert "nowhere is not a folder" in said
    assert "name one" in said


def test_a_missing_file(footnote: Footnote) -> None:
    assert "check the path" in sentence(footnote("add", "nowhere.txt"))


def test_a_file_of_another_kind(footnote: Footnote, tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"PK")
    assert ".txt" in sentence(footnote("add", "a.docx"))


def test_a_folder_without_articles(footnote: Footnote, library: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "nothing was changed" in sentence(footnote("sync", "empty"))
    assert "rain.txt" in footnote("sources").stdout


@pytest.mark.parametrize(
    ("name", "data", "remedy"),
    [
        ("binary.txt", bytes(range(256)) * 50, "is binary, not text; convert it"),
        ("latin.txt", "Žižek café".encode("iso8859-2"), "save it as UTF-8"),
        ("blank.txt", b" \n\n \t", "holds no text"),
        ("yaml.md", b"---\ntitle: [oops\n---\nText.", "mend it"),
        ("date.md", b"---\npublished: soon\n---\nText.", "2022-01-31"),
        ("empty.html", b"<html><body></body></html>", "no article"),
    ],
)
def test_a_file_that_cannot_be_read(
    footnote: Footnote, tmp_path: Path, name: str, data: bytes, remedy: str
) -> None:
    (tmp_path / name).write_bytes(data)
    said = sentence(footnote("add", name))
    assert name in said
    assert remedy in said


def test_a_file_of_50_mb(footnote: Footnote, tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(50_000_000)
    said = sentence(footnote("add", "huge.txt"))
    assert "50 MB" in said
    assert "split it" in said


def test_one_bad_file_among_many_is_named_and_the_rest_is_there(
    footnote: Footnote, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(99):
        (folder / f"{number:02}.txt").write_text(f"Note {number}.", "utf-8")
    (folder / "bad.txt").write_bytes(b"\x00\x01\x02")
    done = footnote("sync", "articles")
    assert done.returncode == 1
    assert "99 added" in done.stdout
    assert "Passed over" in done.stderr
    assert "bad.txt" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("question", ["", "   ", "?!", "\n"])
def test_an_empty_question(footnote: Footnote, question: str) -> None:
    assert "empty" in sentence(footnote("ask", question))


def test_a_question_of_20_000_characters(footnote: Footnote) -> None:
    said = sentence(footnote("ask", "why " * 5_000))
    assert "at most 1,000" in said


def test_a_question_of_odd_characters_is_a_question(footnote: Footnote, library: Path) -> None:
    done = footnote("ask", "how long did it rain \U0001f327\ufe0f \u202e\x07 \udcff?")
    assert done.returncode == 0
    assert "3 days" in done.stdout


def test_an_unknown_article(footnote: Footnote, library: Path) -> None:
    assert "footnote sources" in sentence(footnote("show", "snow"))
    assert "footnote sources" in sentence(footnote("remove", "rain.txt", "snow"))
    assert "rain.txt" in footnote("sources").stdout


def test_a_corrupt_database(footnote: Footnote, library: Path) -> None:
    (library / "library.db").write_bytes(os.urandom(8192))
    said = sentence(footnote("ask", "how long did it rain?"))
    assert "damaged" in said
    assert "footnote sync" in said


def test_a_database_that_is_damaged_in_the_middle(footnote: Footnote, library: Path) -> None:
    for leftover in library.glob("library.db-*"):
        leftover.unlink()
    database = library / "library.db"
    data = bytearray(database.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    database.write_bytes(bytes(data))
    assert "damaged" in sentence(footnote("ask", "how long did it rain?"))


def test_damaged_vectors_are_made_again_by_reindex(footnote: Footnote, library: Path) -> None:
    (library / "chroma" / "chroma.sqlite3").write_bytes(os.urandom(8192))
    assert "footnote reindex" in sentence(footnote("ask", "how long did it rain?"))
    assert footnote("reindex").returncode == 0
    assert "3 days" in footnote("ask", "how long did it rain?").stdout


def test_lost_vectors_are_made_again_by_reindex(footnote: Footnote, library: Path) -> None:
    shutil.rmtree(library / "chroma")
    assert "footnote reindex" in sentence(footnote("ask", "how long did it rain?"))
    assert footnote("reindex").returncode == 0
    assert "3 days" in footnote("ask", "how long did it rain?").stdout


def test_a_library_of_another_embedding_model(
    footnote: Footnote, library: Path, embedder: Embedder
) -> None:
    with Index(library, embedder) as index:
        index.store.set_meta("embedding_model", "0" * 64)
    said = sentence(footnote("ask", "how long did it rain?"))
    assert "EMBEDDING_MODEL" in said
    assert "footnote reindex" in said


def test_an_embedding_model_that_is_not_there(footnote: Footnote, tmp_path: Path) -> None:
    done = footnote(
        "ask", "how long?", EMBEDDING_MODEL=str(tmp_path / "no-model"), HF_HUB_OFFLINE="1"
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "set EMBEDDING_MODEL" in done.stderr.splitlines()[-1]


def test_a_data_folder_that_cannot_be_written(footnote: Footnote, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = sentence(footnote("ask", "how long?", DATA_DIR=str(tmp_path / "file" / "library")))
    assert "DATA_DIR" in said


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system without writing")
def test_a_data_folder_on_a_file_system_that_takes_no_files(footnote: Footnote) -> None:
    assert "DATA_DIR" in sentence(footnote("ask", "how long?", DATA_DIR="/proc/footnote"))


@pytest.mark.skipif(
    os.name == "nt" or (os.geteuid() == 0 and not shutil.which("setpriv")),
    reason="root may write anywhere, unless setpriv (util-linux) takes the power away",
)
@pytest.mark.parametrize("command", [("ask", "how long did it rain?"), ("sync", ".")])
def test_a_library_that_may_not_be_written(
    environment: dict[str, str], library: Path, command: tuple[str, str]
) -> None:
    is_root = os.geteuid() == 0
    powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if is_root else []
    with tempfile.TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        copy, cache = Path(open_to_all, "library"), Path(open_to_all, "cache")
        shutil.copytree(library, copy)
        shutil.copytree(cache_dir(Settings()), cache)
        (copy.parent / "a.txt").write_text("It snowed.", "utf-8")
        for path in Path(open_to_all).rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        done = subprocess.run(
            [*powerless, sys.executable, "-m", "bot", *command],
            env=environment | {"DATA_DIR": str(copy), "CACHE_DIR": str(cache), "HOME": open_to_all},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=open_to_all,
            check=False,
        )
        for path in [copy, *copy.rglob("*"), *cache.rglob("*")]:
            path.chmod(0o755)
    said = sentence(done)
    assert "DATA_DIR" in said


@pytest.mark.parametrize(
    "command",
    [("ask", "how long?"), ("sync", "."), ("add", "."), ("reindex",), ("feedback",), ("discord",)],
)
def test_a_setting_file_that_cannot_be_read(
    footnote: Footnote, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / ".env").write_bytes(b"DATA_DIR=\xff\xfe\xfa")
    assert ".env" in sentence(footnote(*command, DATA_DIR=""))
