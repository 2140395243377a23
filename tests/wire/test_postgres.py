"""All state on PostgreSQL and Chroma: real servers, also while they are stopped and started."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

import seeds
from bot import compose
from bot.settings import Settings
from retrieval import postgres_words, sync
from retrieval.errors import ConfigError, LibraryError
from retrieval.postgres import Schema
from retrieval.types import Article
from tests.keeping import Keeping
from tests.services import ChromaServer, PostgresServer, free_port
from tests.wire.conftest import Footnote

Servers = tuple[PostgresServer, ChromaServer]

QUESTION, ANSWER = "how many were arrested?", "nearly 10,000"
RAIN = Article(id="rain", title="Rain", text="It rained for 3 days.")


@pytest.fixture
def settings(keeping: Keeping, tmp_path: Path) -> Settings:
    return keeping.settings(tmp_path / "library")


def until(is_so: Callable[[], object]) -> None:
    """Wait until something is so; a test that waits in vain is ended by its time limit."""
    while not is_so():
        time.sleep(0.02)


def test_nothing_is_kept_on_the_machine(
    footnote: Footnote, keeping: Keeping, tmp_path: Path
) -> None:
    assert footnote("ask", QUESTION).stdout.startswith(f"{ANSWER}\n")
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "rain.txt").write_text(RAIN.text)
    for line in (["sync", "articles"], ["reindex"], ["sources"], ["feedback"]):
        footnote(*line).check_returncode()
    assert footnote("ask", "how long did it rain?").stdout.startswith("3 days\n")
    assert not (tmp_path / "library").exists()
    elsewhere = keeping.environment(tmp_path / "library") | {"DATA_DIR": str(tmp_path / "other")}
    assert footnote("ask", "how long did it rain?", **elsewhere).stdout.startswith("3 days\n")
    footnote("remove", "rain.txt", **elsewhere).check_returncode()
    assert "sources don't say" in footnote("ask", "how long did it rain?").stdout


@pytest.mark.parametrize("which", [0, 1], ids=["postgres", "chroma"])
def test_a_server_that_is_restarted_under_questions_is_said_so_and_then_answers_again(
    which: int, settings: Settings, servers: Servers
) -> None:
    server, name = servers[which], ("DATABASE_URL", "CHROMA_URL")[which]
    heard: list[str | LibraryError | None] = []
    is_over = threading.Event()
    with compose.library(settings, lambda _: None) as index, ThreadPoolExecutor(3) as pool:
        sync.seed(index, seeds.FOLDER)
        chain = compose.chain(index)

        def keep_asking() -> None:
            while not is_over.is_set():
                try:
                    heard.append(chain.invoke(QUESTION).short)
                except LibraryError as error:
                    heard.append(error)

        asking = [pool.submit(keep_asking) for _ in range(3)]
        try:
            until(lambda: ANSWER in heard)
            server.stop()
            until(lambda: any(isinstance(one, LibraryError) for one in heard))
            server.start()
            began = len(heard) + len(asking)  # those that are being asked began before
            until(lambda: ANSWER in heard[began:])
        finally:
            is_over.set()
        for one in asking:
            one.result()
        assert chain.invoke(QUESTION).short == ANSWER
    errors = [one for one in heard if isinstance(one, LibraryError)]
    assert {one for one in heard if not isinstance(one, LibraryError)} == {ANSWER}
    assert all(name in str(error) for error in errors)
    assert not any(servers[0].password in str(error) for error in errors)


def test_a_sync_during_which_postgres_is_restarted_writes_no_more_and_is_finished_by_the_next(
    settings: Settings, servers: Servers, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:03}.txt").write_text(f"The inspectors counted {number} herons.")
    is_restarted = threading.Event()

    def restart(done: int, _all: int) -> None:
        if done >= 100 and not is_restarted.is_set():
            is_restarted.set()
            servers[0].stop()
            servers[0].start()

    with compose.library(settings, lambda _: None) as index:
        with pytest.raises(LibraryError, match="DATABASE_URL"):
            sync.sync(index, folder, restart)
        assert len(index.store.sources()) < 300
        report = sync.sync(index, folder)
        assert report.added + report.unchanged == 300
        assert index.store.keys() == index.vectors.keys()
        assert index.store.frequencies(["heron"]) == ({"heron": 300}, 300)


def test_the_right_to_write_goes_with_the_process_that_has_it(
    settings: Settings, servers: Servers
) -> None:
    with compose.library(settings, lambda _: None) as index:
        with index.locked():
            index.store.set_meta("before", "yes")
            servers[0].execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            )
            with pytest.raises(LibraryError, match="DATABASE_URL"):
                index.store.set_meta("after", "yes")
            with pytest.raises(LibraryError, match=r"was lost .*do the same again"):
                index.store.set_meta("later", "yes")
        facts = [index.store.meta(key) for key in ("before", "after", "later")]
        assert facts == ["yes", None, None]
        index.put([RAIN])


@pytest.mark.parametrize(
    ("command", "user", "database", "reason"),
    [
        (["ask", QUESTION], "footnote:s3cr3t", "postgres", "password authentication failed"),
        (["sync", "."], "stranger:s3cr3t", "postgres", "password authentication failed"),
        (["reindex"], None, "nowhere", "does not exist"),
        (["feedback"], None, "postgres", "refused"),
    ],
)
def test_a_server_that_cannot_be_reached_or_refuses_is_said_in_a_sentence(
    command: list[str],
    user: str | None,
    database: str,
    reason: str,
    footnote: Footnote,
    servers: Servers,
    tmp_path: Path,
) -> None:
    (tmp_path / "rain.txt").write_text(RAIN.text)
    url = servers[0].url(database)
    own = url.split("//")[1].split("@")[0]
    url = url.replace(own, user or own)
    if reason == "refused":
        url = f"postgresql://footnote:s3cr3t@127.0.0.1:{free_port()}/postgres"
    done = footnote(*command, DATABASE_URL=url)
    said = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert reason in said
    assert "DATABASE_URL has its address, user and password" in said
    assert "Traceback" not in said
    for secret in ("s3cr3t", servers[0].password):
        assert secret not in done.stdout + done.stderr


@pytest.mark.usefixtures("keeping")
def test_what_postgres_lets_nobody_write_is_said_so(servers: Servers) -> None:
    url = servers[0].create()
    servers[0].execute("CREATE ROLE visitor LOGIN PASSWORD 'visitor'", url)
    visitor = url.replace(f"footnote:{servers[0].password}", "visitor:visitor")
    with pytest.raises(LibraryError, match=r"does not let us write .*may make schemas"):
        Schema(visitor, "footnote").open("", "")
    servers[0].execute("DROP ROLE visitor", url)


def test_damage_names_the_schema_and_the_remedy(settings: Settings, servers: Servers) -> None:
    assert settings.database_url
    with compose.library(settings, lambda _: None) as index:
        index.put([RAIN])
        servers[0].execute("DROP TABLE footnote.stems", settings.database_url.get_secret_value())
        with pytest.raises(LibraryError, match=r"schema footnote .*rename that schema and run"):
            index.store.frequencies(["rain"])


@pytest.mark.usefixtures("keeping")
def test_two_users_of_a_database_see_only_their_own_schema(servers: Servers) -> None:
    url = servers[0].create()
    with (
        closing(Schema(url, "left").open("", "")) as left,
        closing(Schema(url, "right").open("", "")) as right,
    ):
        with left.writing() as connection:
            connection.execute(sa.text("CREATE TABLE kept (word text)"))
        with right.reading() as connection:
            assert not sa.inspect(connection).has_table("kept")
        with left.reading() as connection:
            assert sa.inspect(connection).has_table("kept")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("s3cr3t", "not an address"),
        ("postgresql://u:s3cr3t@host:port/x", "not an address"),
        ("mysql://u:s3cr3t@host/x", "is of mysql"),
        ("sqlite:///s3cr3t.db", "is of sqlite"),
        ("postgresql://u:p@s3cr3t@host/x", "%40 for @"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_without_being_shown(
    url: str, reason: str, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url=url)
    with pytest.raises(ConfigError, match=reason) as raised:
        compose.library(settings, lambda _: None)
    assert "postgresql+psycopg://USER:PASSWORD@HOST:5432/DATABASE" in str(raised.value)
    assert "s3cr3t" not in f"{raised.value}{settings!r}"


def test_a_missing_driver_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"pip install 'footnote-bot\[postgres\]'"):
        Schema("postgresql://nobody@127.0.0.1/nothing", "footnote").exists()


def test_common_words_only_rank_what_rarer_words_find_where_that_is_enough(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        **{f"common{n}": "The ferry came. The ferry left." for n in range(9)},
        **{f"rare{n}": "A herring was sold." for n in range(3)},
        "both": "A herring was on the ferry.",
    }
    with compose.library(settings, lambda _: None) as index:
        index.put([Article(id=name, title="", text=text) for name, text in texts.items()])

        def found(question: str, article: str | None = None) -> list[str]:
            ranked = index.store.lexical(question, 50, article)
            passages = index.store.passages([key for key, _ in ranked])
            return [passage.article.id for passage in passages.values()]

        everything = found("Which ferry had herring?")
        assert set(everything[:4]) == {"both", "rare0", "rare1", "rare2"}
        assert set(everything) == set(texts)
        monkeypatch.setattr(postgres_words, "_ENOUGH", 4)
        assert found("Which ferry had herring?") == everything[:4]
        assert len(found("Which ferry had trout?")) == 10  # all that there is
        assert found("Which ferry had herring?", "common3") == ["common3"]
