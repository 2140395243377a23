"""Zip archives are read in place: what is in them becomes articles, and nothing else happens."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import archives, articles, sync
from retrieval.archives import Archives
from retrieval.errors import SourceError
from retrieval.index import Index

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make an archive of files by their names, in a folder of its own."""

    def make(files: dict[str, str | bytes], name: str = "news.zip") -> Path:
        path = tmp_path / "articles" / name
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inner, data in files.items():
                archive.writestr(inner, data)
        return path

    return make


def live(index: Index) -> dict[str, str | None]:
    return {source.id: source.path for source in index.store.sources()}


def contents(path: Path) -> archives.Contents:
    with Archives() as opened:
        return opened.contents(path)


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        contents(path)
    return str(caught.value)


def test_the_files_of_an_archive_are_added_under_its_name(index: Index, make: Make) -> None:
    path = make({
        "ferry.md": "# Ferry\n\nIt sails at noon.", "2024/storm.txt": "It stormed.",
        "2024/": "", "photo.jpg": b"\xff\xd8", ".hidden.md": "No.", "__MACOSX/ferry.md": b"\0",
    })  # fmt: skip
    report = sync.add(index, path)
    assert (report.added, report.problems) == (2, ())
    assert live(index) == {
        "news.zip/2024/storm.txt": str(path / "2024/storm.txt"),
        "news.zip/ferry.md": str(path / "ferry.md"),
    }
    assert index.store.articles(["news.zip/ferry.md"])["news.zip/ferry.md"].title == "Ferry"
    assert sync.add(index, path).unchanged == 2


def test_an_archive_in_a_folder_is_part_of_it(index: Index, make: Make) -> None:
    path = make({"a.md": "One.", "b.md": "Two."})
    (path.parent / "c.md").write_text("Three.", "utf-8")
    assert sync.sync(index, path.parent).added == 3
    assert sync.sync(index, path.parent).unchanged == 3
    make({"a.md": "One, anew.", "d.md": "Four."})
    report = sync.sync(index, path.parent)
    assert (report.added, report.updated, report.unchanged, report.removed) == (1, 1, 1, 1)
    assert set(live(index)) == {"c.md", "news.zip/a.md", "news.zip/d.md"}


def test_a_file_that_cannot_be_read_holds_up_no_other(index: Index, make: Make) -> None:
    path = make({"a.md": "One.", "b.txt": b"\0\1\2", "c.txt": b""})
    report = sync.add(index, path)
    assert report.added == 1
    assert [problem.partition(" ")[0] for problem in report.problems] == [
        str(path / "b.txt"), str(path / "c.txt"),
    ]  # fmt: skip


def test_an_archive_that_has_become_unreadable_keeps_its_articles(index: Index, make: Make) -> None:
    path = make({"a.md": "One.", "b.md": "Two."})
    sync.sync(index, path.parent)
    path.write_bytes(path.read_bytes()[:-30])
    report = sync.sync(index, path.parent)
    assert (report.removed, len(report.problems)) == (0, 1)
    assert "is no zip archive that can be read" in report.problems[0]
    assert len(live(index)) == 2
    path.unlink()
    (path.parent / "c.md").write_text("Three.", "utf-8")
    assert sync.sync(index, path.parent).removed == 2


def test_nothing_is_written_beside_the_library(index: Index, make: Make, tmp_path: Path) -> None:
    path = make({"a.md": "One.", "../outside.md": "No.", "/root.md": "No.", "..\\b.md": "No."})
    before = {one for one in tmp_path.rglob("*") if "library" not in one.parts}
    report = sync.add(index, path)
    assert report.added == 1
    assert report.problems == (
        f"In {path}, 3 files with a name that leads out of it; add them by themselves if you "
        "trust them.",
    )
    assert {one for one in tmp_path.rglob("*") if "library" not in one.parts} == before
    assert list(live(index)) == ["news.zip/a.md"]


def test_links_and_archives_within_are_left_out_and_told(index: Index, make: Make) -> None:
    link = zipfile.ZipInfo("passwords.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep.md", "Deep.")
    path = make({"a.md": "One.", "inner.zip": inner.getvalue()})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    (problem,) = sync.add(index, path).problems
    assert "1 file that is an archive itself, 1 file that is a link or no file" in problem
    assert list(live(index)) == ["news.zip/a.md"]


def test_a_locked_archive_is_refused_in_one_sentence(index: Index, make: Make) -> None:
    path = make({"a.md": "One.", "b.md": "Two."})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            data[at + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"2 files locked with a password; add them"):
        sync.add(index, path)
    assert live(index) == {}


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"no archive" * 99, b"PK\5\6" + bytes(18), b"PK\5\6" + b"\xff" * 18]
)
def test_what_is_no_archive_or_has_nothing_in_it_is_refused(
    index: Index, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "news.zip"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"is no zip archive that can be read|holds no articles"):
        sync.add(index, path)
    with pytest.raises(SourceError, match="cannot be read"):
        sync.add(index, tmp_path / "none.zip")


class TestNames:
    @pytest.mark.parametrize("name", ["café.md", "Шторм.md", "嵐.md", "a b'c.md"])
    def test_names_are_unicode(self, make: Make, name: str) -> None:
        assert [str(one) for one in contents(make({name: "One."})).members] == [name]

    def test_a_name_in_utf_8_that_is_not_marked_so_is_read_right(self, make: Make) -> None:
        path = make({"cafXX.md": "One."})
        path.write_bytes(path.read_bytes().replace(b"XX", "é".encode()))
        assert [str(one) for one in contents(path).members] == ["café.md"]

    def test_a_name_in_another_encoding_is_kept_as_it_can_be_read(self, make: Make) -> None:
        path = make({"cafX.md": "One."})
        path.write_bytes(path.read_bytes().replace(b"X", b"\x82"))
        assert [str(one) for one in contents(path).members] == ["café.md"]

    def test_slashes_of_windows_divide_too(self, make: Make) -> None:
        assert [str(one) for one in contents(make({"2024\\a.md": "One."})).members] == ["2024/a.md"]


class TestBombs:
    def test_a_file_that_would_grow_to_far_more_is_refused_without_unpacking(
        self, make: Make
    ) -> None:
        path = make({f"{n}.txt": bytes(9_000_000) for n in range(5)})
        assert "would unpack to 45 MB, which is too much for it; unpack what" in refusal(path)

    def test_files_that_overlap_are_a_bomb_too(self, make: Make) -> None:
        """As in archives of kilobytes that unpack to petabytes."""
        path = make({"0.txt": b"x" * 9_000_000})
        with zipfile.ZipFile(path) as archive:
            (first,) = archive.infolist()
        data = path.read_bytes()
        start = data.index(b"PK\1\2")
        entry, end = data[start : data.index(b"PK\5\6")], data[data.index(b"PK\5\6") :]
        many = entry * 200
        counts = struct.pack("<HHII", 200, 200, len(many), start)
        path.write_bytes(data[:start] + many + end[:8] + counts + end[20:])
        assert first.file_size == 9_000_000
        assert len(contents(path).members) == 1

    def test_a_file_that_says_it_is_smaller_than_it_is_is_broken(self, make: Make) -> None:
        path = make({"a.txt": b"x" * 50_000})
        data = path.read_bytes().replace(struct.pack("<I", 50_000), struct.pack("<I", 100))
        path.write_bytes(data)
        with Archives() as opened:
            (name,) = opened.contents(path).members
            with pytest.raises(SourceError, match=r"a\.txt is broken; make its archive anew"):
                opened.load(path, name)

    def test_a_file_that_is_too_large_is_not_unpacked(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(articles, "MAX_BYTES", 1_000)
        path = make({"a.txt": b"x" * 1_001, "b.txt": b"x" * 1_000})
        with Archives() as opened:
            first, second = opened.contents(path).members
            with pytest.raises(SourceError, match="split it into files of at most"):
                opened.load(path, first)
            assert len(opened.load(path, second)) == 1_000

    def test_too_many_files_are_refused(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archives, "MOST_FILES", 20)
        assert contents(make({f"{n}.md": "One." for n in range(20)})).members
        said = refusal(make({f"{n}.md": "One." for n in range(21)}))
        assert "has 21 files, and 20 may be in one archive; split it." in said

    def test_too_much_altogether_is_refused(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archives, "MOST_UNPACKED", 5)
        assert "which is too much for it" in refusal(make({"a.md": "One.", "b.md": "Two."}))

    def test_a_list_of_contents_of_millions_is_not_read(self, make: Make) -> None:
        path = make({"a.md": "One."})
        data = path.read_bytes()
        start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
        many = data[start:end] * 100_000
        counts = struct.pack("<HHII", 0xFFFF, 0xFFFF, len(many), start)
        path.write_bytes(data[:start] + many + data[end : end + 8] + counts + data[end + 20 :])
        del many
        tracemalloc.start()
        try:
            assert "is no zip archive that can be read" in refusal(path)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 10_000_000


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.integers(0, 400))
def test_whatever_an_archive_holds_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, cut: int
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.md", "One. " * 50)
        archive.writestr("2024/b.txt", "Two.")
    data = bytearray(file.getvalue())
    data[place % len(data)] = byte
    path = tmp_path_factory.mktemp("zip") / "news.zip"
    path.write_bytes(data[: len(data) - cut % 30 if cut > 370 else len(data)])
    with Archives() as opened:
        try:
            for name in opened.contents(path).members:
                opened.load(path, name)
        except SourceError as error:
            assert "\n" not in str(error)  # noqa: PT017 - none is to be expected
