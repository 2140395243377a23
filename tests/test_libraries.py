"""Each Discord server has articles of its own beside the shared ones, and sees no other's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot import compose
from bot.libraries import Libraries
from bot.settings import Settings
from retrieval.errors import LibraryError, QuestionError, SourceError
from tests.keeping import Keeping
from tests.sites import Reply, Site

FERRY = b"# Ferry of Lund\n\nThe ferry of Lund carried 4,812 passengers in May.\n"
QUESTION = "How many passengers did the ferry of Lund carry?"


@pytest.fixture
def open_libraries(tmp_path: Path, keeping: Keeping) -> Iterator[Callable[..., Libraries]]:
    opened: list[Libraries] = []

    def opener(most_articles: int = 1_000, most_open: int = 32) -> Libraries:
        settings = keeping.settings(tmp_path, allow_private_urls=True, server_sources=most_articles)
        opened.append(compose.libraries(settings, lambda _: None))
        opened[-1]._most_open = most_open
        return opened[-1]

    yield opener
    for libraries in opened:
        libraries.close()


@pytest.fixture
def libraries(open_libraries: Callable[[], Libraries]) -> Libraries:
    return open_libraries()


def test_every_server_and_none_sees_the_shared_articles(libraries: Libraries) -> None:
    for server in (None, "77", "78"):
        answer = libraries.answer("how many were arrested?", server)
        assert answer.short == "nearly 10,000"
        assert len(libraries.sources(server)) == 14


def test_what_a_server_adds_only_its_own_members_see(libraries: Libraries) -> None:
    added = libraries.add_file("77", "ferry.md", FERRY)
    assert added.article.title == "Ferry of Lund"
    assert (added.report.added, added.report.passages) == (1, 1)
    answer = libraries.answer(QUESTION, "77")
    assert answer.short == "4,812"
    assert answer.citations[0].quote == "The ferry of Lund carried 4,812 passengers in May."
    assert libraries.sources("77")[0].title == "Ferry of Lund"
    own = libraries.find(added.article.id, "77")
    for other in (None, "78"):
        assert libraries.answer(QUESTION, other, own).closest == ()
        assert all("Ferry" not in c.quote for c in libraries.answer(QUESTION, other).closest)
        assert not libraries.answer(QUESTION, other).answered
        assert libraries.article(added.article.id, other) is None
        assert "Ferry of Lund" not in {source.title for source in libraries.sources(other)}
        with pytest.raises(SourceError, match="No article"):
            libraries.find(added.article.id, other)


def test_a_server_without_articles_gets_no_library_by_asking(
    libraries: Libraries, tmp_path: Path, keeping: Keeping
) -> None:
    libraries.answer(QUESTION, "77")
    libraries.sources("77")
    assert compose.servers(keeping.settings(tmp_path)) == []
    assert not (tmp_path / "servers").exists()
    libraries.add_file("77", "ferry.md", FERRY)
    assert compose.servers(keeping.settings(tmp_path)) == ["77"]


def test_what_is_kept_of_a_server_can_be_forgotten(
    open_libraries: Callable[..., Libraries], tmp_path: Path, keeping: Keeping
) -> None:
    before = open_libraries()
    for server in ("77", "78"):
        before.add_file(server, "ferry.md", FERRY)
    before.close()
    settings = keeping.settings(tmp_path)
    compose.forget(settings, "77")
    assert compose.servers(settings) == ["78"]
    after = open_libraries()
    assert not after.answer(QUESTION, "77").answered
    assert after.answer(QUESTION, "78").short == "4,812"
    after.add_file("77", "ferry.md", FERRY)
    assert after.answer(QUESTION, "77").short == "4,812"


def test_what_was_added_is_there_after_a_restart(
    open_libraries: Callable[[], Libraries],
) -> None:
    first = open_libraries()
    first.add_file("77", "ferry.md", FERRY)
    first.close()
    assert open_libraries().answer(QUESTION, "77").short == "4,812"


def test_the_same_file_again_renews_the_article(libraries: Libraries) -> None:
    libraries.add_file("77", "ferry.md", FERRY)
    again = libraries.add_file("77", "ferry.md", FERRY.replace(b"4,812", b"5,001"))
    assert (again.report.added, again.report.updated) == (0, 1)
    assert libraries.answer(QUESTION, "77").short == "5,001"
    assert len(libraries.own_sources("77")) == 1


def test_files_of_different_names_are_different_articles(libraries: Libraries) -> None:
    for name in ("a b.md", "a-b.md", "a/b.md", "../b.md", "ä" * 90 + ".md", "ä" * 91 + ".md"):
        libraries.add_file("77", name, FERRY)
    ids = [source.id for source in libraries.own_sources("77")]
    assert len(set(ids)) == 6
    assert all(article_id.startswith("77/") and len(article_id) <= 100 for article_id in ids)


def test_only_what_a_server_added_can_it_remove(libraries: Libraries) -> None:
    libraries.add_file("77", "ferry.md", FERRY)
    with pytest.raises(SourceError, match="can be removed here"):
        libraries.remove("77", "kazakhstan-blue-helmets.md")
    with pytest.raises(SourceError, match="can be removed here"):
        libraries.remove("78", "Ferry of Lund")
    assert libraries.remove("77", "ferry of").title == "Ferry of Lund"
    assert not libraries.answer(QUESTION, "77").answered
    assert libraries.own_sources("77") == []


def test_an_answer_can_be_asked_of_one_article(libraries: Libraries) -> None:
    only = libraries.find("chandrayaan-3", None)
    answer = libraries.answer("how many were arrested?", None, only)
    assert {c.article.id for c in (*answer.citations, *answer.closest)} == {
        "chandrayaan-3-moon-landing.md"
    }
    with pytest.raises(SourceError, match="articles have 'e' in their titles"):
        libraries.find("e", None)


@pytest.mark.parametrize("name", ["report.doc", "noext", "", "."])
def test_a_file_that_cannot_be_read_changes_nothing(libraries: Libraries, name: str) -> None:
    with pytest.raises(SourceError, match="cannot be read; use"):
        libraries.add_file("77", name, FERRY)
    assert libraries.own_sources("77") == []


def test_a_question_that_is_none_is_refused(libraries: Libraries) -> None:
    with pytest.raises(QuestionError):
        libraries.answer(" ?", "77")


def test_many_servers_at_once_do_not_get_in_each_others_way(libraries: Libraries) -> None:
    def add_and_ask(number: int) -> str | None:
        server = str(70 + number)
        libraries.add_file(server, "ferry.md", FERRY.replace(b"4,812", f"{number}00".encode()))
        return libraries.answer(QUESTION, server).short

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(add_and_ask, range(1, 9))) == [f"{n}00" for n in range(1, 9)]


def test_few_libraries_of_servers_are_kept_open(
    open_libraries: Callable[..., Libraries],
) -> None:
    libraries = open_libraries(most_open=2)
    for server in ("70", "71", "72", "73"):
        libraries.add_file(server, "ferry.md", FERRY)
    for server in ("70", "71", "72", "73", "70"):
        assert libraries.answer(QUESTION, server).short == "4,812"
        assert len(libraries._open) <= 2
    with ThreadPoolExecutor(8) as pool:
        servers = [str(70 + n % 4) for n in range(40)]
        answers = list(pool.map(lambda server: libraries.answer(QUESTION, server), servers))
    assert {answer.short for answer in answers} == {"4,812"}
    assert len(libraries._open) <= 2


def test_a_library_that_cannot_be_opened_counts_no_user(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    libraries = compose.libraries(settings, lambda _: None)
    libraries._most_open = 0
    database = tmp_path / "servers" / "77" / "library.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"no database" * 99)
    with pytest.raises(LibraryError, match="is damaged"):
        libraries.own_sources("77")
    assert "77" not in libraries._users
    database.unlink()
    assert libraries.own_sources("77") == []
    assert libraries._open == {}
    libraries.close()


def test_a_server_may_add_only_so_many(open_libraries: Callable[..., Libraries]) -> None:
    libraries = open_libraries(most_articles=2)
    libraries.add_file("77", "a.md", FERRY)
    libraries.add_file("77", "b.md", FERRY)
    with pytest.raises(SourceError, match="may have no more; remove one first"):
        libraries.add_file("77", "c.md", FERRY)
    libraries.add_file("77", "b.md", FERRY + b"\nMore of it.\n")
    libraries.remove("77", "77/a.md")
    libraries.add_file("77", "c.md", FERRY)


def test_a_server_whose_library_is_held_up_holds_up_no_other(
    libraries: Libraries, tmp_path: Path, keeping: Keeping
) -> None:
    libraries.load()
    home = compose.articles(keeping.settings(tmp_path), "77")
    with ThreadPoolExecutor(1) as pool:
        with home.locked(lambda _: None):
            held_up = pool.submit(libraries.add_file, "77", "ferry.md", FERRY)
            assert libraries.answer("how many were arrested?", "78").answered
            assert not held_up.done()
        assert held_up.result().report.added == 1


def test_a_web_page_can_be_added(libraries: Libraries, site: Site) -> None:
    site.routes["/news/ferry.md"] = Reply(FERRY, "text/markdown")
    url = f"{site.url}/news/ferry.md"
    assert libraries.add_url("77", url).article.url == url
    assert libraries.answer(QUESTION, "77").citations[0].article.url == url


def test_private_addresses_are_not_fetched_unless_that_is_set(tmp_path: Path) -> None:
    libraries = compose.libraries(Settings(_env_file=None, data_dir=tmp_path), lambda _: None)
    with pytest.raises(SourceError):
        libraries.add_url("77", "http://127.0.0.1:9/ferry.md")
    libraries.close()


def test_a_server_is_named_by_its_number_and_nothing_else(libraries: Libraries) -> None:
    with pytest.raises(ValueError, match="no id of a Discord server"):
        libraries.add_file("../77", "ferry.md", FERRY)
