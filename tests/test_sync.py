"""A folder is the desired state of a library."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import seeds
from retrieval import sync
from retrieval.embedding import Embedder
from retrieval.errors import SourceError
from retrieval.index import Index
from tests.keeping import Keeping


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    (folder / "2024").mkdir(parents=True)
    (folder / "bridge.md").write_text("# The bridge\n\nThe bridge is 503 metres long.\n", "utf-8")
    (folder / "2024" / "ferry.txt").write_text("The ferry sails at noon.", "utf-8")
    return folder


def live(index: Index) -> list[str]:
    return [source.id for source in index.store.sources()]


def in_step(index: Index) -> bool:
    return index.store.keys() == index.vectors.keys()


def test_new_articles_are_added_and_named_by_their_path(index: Index, folder: Path) -> None:
    report = sync.sync(index, folder)
    assert (report.added, report.updated, report.unchanged, report.removed) == (2, 0, 0, 0)
    assert live(index) == ["2024/ferry.txt", "bridge.md"]
    assert report.passages == len(index.store.keys())
    assert in_step(index)


def test_syncing_twice_changes_nothing(index: Index, folder: Path) -> None:
    sync.sync(index, folder)
    before = index.store.keys(), index.store.sources()
    report = sync.sync(index, folder)
    assert (report.unchanged, report.passages) == (2, 0)
    assert (index.store.keys(), index.store.sources()) == before


def test_a_changed_article_replaces_its_earlier_version(index: Index, folder: Path) -> None:
    sync.sync(index, folder)
    old = index.store.keys(["bridge.md"])
    (folder / "bridge.md").write_text("# The bridge\n\nIt was closed on Monday.\n", "utf-8")
    report = sync.sync(index, folder)
    assert (report.updated, report.unchanged) == (1, 1)
    assert index.store.passages(old) == {}
    assert in_step(index)
    assert [key for key, _ in index.store.lexical("503 metres", 9)] == []


def test_a_change_of_date_alone_does_not_embed_again(index: Index, folder: Path) -> None:
    path = folder / "bridge.md"
    path.write_text("---\npublished: 2024-01-01\n---\nThe bridge is long.\n", "utf-8")
    sync.sync(index, folder)
    keys = index.store.keys()
    path.write_text("---\npublished: 2024-01-02\n---\nThe bridge is long.\n", "utf-8")
    assert sync.sync(index, folder).updated == 1
    assert index.store.keys() == keys
    assert str(index.store.articles(["bridge.md"])["bridge.md"].published) == "2024-01-02"
    assert in_step(index)


def test_what_is_gone_from_the_folder_is_gone_from_the_library(index: Index, folder: Path) -> None:
    sync.sync(index, folder)
    (folder / "bridge.md").unlink()
    assert sync.sync(index, folder).removed == 1
    assert live(index) == ["2024/ferry.txt"]
    assert in_step(index)


def test_another_folder_takes_the_place_of_the_first(
    index: Index, folder: Path, tmp_path: Path
) -> None:
    sync.sync(index, folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "bridge.md").write_text("# The other bridge\n\nIt is short.\n", "utf-8")
    report = sync.sync(index, other)
    assert (report.added, report.updated, report.removed) == (0, 1, 1)
    assert index.store.articles(["bridge.md"])["bridge.md"].title == "The other bridge"


def test_added_articles_outlive_a_sync(index: Index, folder: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The toll is three crowns.", "utf-8")
    sync.add(index, note)
    sync.sync(index, folder)
    assert live(index) == ["2024/ferry.txt", "bridge.md", "note.txt"]


def test_two_files_of_one_name_are_both_kept(index: Index, folder: Path, tmp_path: Path) -> None:
    namesake = tmp_path / "bridge.md"
    namesake.write_text("Another bridge altogether.", "utf-8")
    sync.add(index, namesake)
    sync.sync(index, folder)
    assert len(live(index)) == 3
    assert sync.add(index, namesake).unchanged == 1
    assert len(live(index)) == 3


def test_two_files_of_the_same_text_are_both_kept(index: Index, folder: Path) -> None:
    (folder / "copy.md").write_bytes((folder / "bridge.md").read_bytes())
    assert sync.sync(index, folder).added == 3
    assert {"bridge.md", "copy.md"} <= set(live(index))
    assert in_step(index)


def test_one_bad_file_does_not_stop_the_others(index: Index, folder: Path) -> None:
    for number in range(97):
        (folder / f"{number}.txt").write_text(f"Note {number}.", "utf-8")
    (folder / "bad.txt").write_bytes(b"\xff\xfe\x00\xd8broken")
    (folder / "worse.md").write_text("---\ntitle: [\n---\nText.", "utf-8")
    report = sync.sync(index, folder)
    assert report.added == 99
    assert len(report.problems) == 2
    assert "bad.txt" in report.problems[0]
    assert "worse.md" in report.problems[1]


def test_an_article_that_became_unreadable_keeps_its_last_version(
    index: Index, folder: Path
) -> None:
    sync.sync(index, folder)
    (folder / "bridge.md").write_bytes(b"\xc3\x28")
    report = sync.sync(index, folder)
    assert len(report.problems) == 1
    assert "bridge.md" in live(index)


def test_a_folder_without_articles_is_refused_and_changes_nothing(
    index: Index, folder: Path, tmp_path: Path
) -> None:
    sync.sync(index, folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SourceError, match="nothing was changed"):
        sync.sync(index, empty)
    assert len(live(index)) == 2


def test_a_removed_article_is_not_found_any_more(index: Index, folder: Path) -> None:
    sync.sync(index, folder)
    assert index.remove(["bridge.md"]).removed == 1
    assert live(index) == ["2024/ferry.txt"]
    assert in_step(index)
    with pytest.raises(SourceError, match=r"no article 'bridge\.md'"):
        index.remove(["2024/ferry.txt", "bridge.md"])
    assert live(index) == ["2024/ferry.txt"]


def test_seeds_fill_a_new_library_once(index: Index) -> None:
    assert sync.seed(index, seeds.FOLDER) is not None
    count = len(live(index))
    assert count >= 10
    assert sync.seed(index, seeds.FOLDER) is None
    index.remove(live(index))
    assert sync.seed(index, seeds.FOLDER) is None
    assert live(index) == []


def test_seeding_that_was_interrupted_goes_on(open_index: Callable[[], Index]) -> None:
    def interrupt(done: int, _all: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync.seed(open_index(), seeds.FOLDER, interrupt)
    index = open_index()
    assert sync.seed(index, seeds.FOLDER) is not None
    assert len(live(index)) >= 10
    assert in_step(index)


def test_a_sync_while_another_process_seeds_is_not_undone(
    open_index: Callable[[], Index], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_index(), open_index()
    asked = iter([True])

    def was_new_when_asked(index: Index) -> bool:
        if next(asked, False):
            sync.sync(second, folder)
            return True
        return index.store.meta("embedding_model") is None

    monkeypatch.setattr(Index, "wants_seeds", property(was_new_when_asked))
    assert sync.seed(first, seeds.FOLDER) is None
    assert live(first) == ["2024/ferry.txt", "bridge.md"]


def test_removing_from_a_new_library_leaves_it_new(index: Index) -> None:
    with pytest.raises(SourceError):
        index.remove(["nothing.md"])
    assert sync.seed(index, seeds.FOLDER) is not None


def test_a_name_that_is_not_unicode_is_passed_over(index: Index, folder: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/\xff.md")).write_text("Odd.", "utf-8")
    except OSError:
        pytest.skip("this file system keeps names in Unicode")
    report = sync.sync(index, folder)
    assert report.added == 2
    assert "rename it" in report.problems[0]


def test_a_link_to_an_article_is_an_article_of_its_own(index: Index, folder: Path) -> None:
    (folder / "alias.md").symlink_to(folder / "bridge.md")
    assert sync.sync(index, folder).added == 3
    assert sync.sync(index, folder).unchanged == 3


def test_a_users_folder_is_never_mixed_with_the_seeds(
    open_index: Callable[[], Index], folder: Path
) -> None:
    def interrupt(done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync.sync(open_index(), folder, interrupt)
    index = open_index()
    assert sync.seed(index, seeds.FOLDER) is None
    assert sync.sync(index, folder).added == 2


def test_a_second_sync_waits_for_the_first(
    open_index: Callable[[], Index],
    folder: Path,
    tmp_path: Path,
    embedder: Embedder,
    keeping: Keeping,
) -> None:
    notices: list[str] = []
    started, go_on = threading.Event(), threading.Event()

    def pause(done: int, _all: int) -> None:
        started.set()
        go_on.wait(30)

    first = threading.Thread(target=lambda: sync.sync(open_index(), folder, pause))
    first.start()
    assert started.wait(30)

    def tell(notice: str) -> None:
        notices.append(notice)
        go_on.set()

    library = tmp_path / "library"
    with Index(library, embedder, tell, **keeping.places(library)) as second:
        report = sync.sync(second, folder)
        first.join()
        assert report.unchanged == 2
        assert in_step(second)
    assert "waiting" in notices[0]


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own on Windows")
def test_a_linked_folder_that_leads_back_is_not_followed(index: Index, folder: Path) -> None:
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    assert sync.sync(index, folder).added == 2
