"""A process that is killed in the middle of its work loses nothing and breaks nothing."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot import compose
from retrieval import sync
from retrieval.embedding import Embedder
from retrieval.index import Index
from tests.keeping import Keeping

ARTICLES = 300
KILLS_A_TEST, KILLS_ON_SERVERS = 5, 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("articles")
    for number in range(ARTICLES):
        (folder / f"{number:03}.md").write_text(
            f"---\ntitle: Report {number}\n---\nThe inspectors of district {number} counted "
            f"{number * 7 + 1} herons.\n",
            "utf-8",
        )
    return folder


def contents(index: Index) -> tuple[set[str], set[str]]:
    return index.store.keys(), index.vectors.keys()


@pytest.fixture(scope="module")
def undisturbed(
    folder: Path,
    embedder: Embedder,
    tmp_path_factory: pytest.TempPathFactory,
    keeping: Keeping,
) -> tuple[tuple[set[str], set[str]], float]:
    """What a sync that nobody disturbs leaves behind, and the seconds it takes."""
    started = time.monotonic()
    library = tmp_path_factory.mktemp("undisturbed")
    with Index(library, embedder, **keeping.places(library)) as index:
        assert sync.sync(index, folder).added == ARTICLES
        return contents(index), time.monotonic() - started


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_sync_can_be_read_and_is_completed_by_the_next(
    seed: int,
    folder: Path,
    undisturbed: tuple[tuple[set[str], set[str]], float],
    tmp_path: Path,
    environment: dict[str, str],
    keeping: Keeping,
) -> None:
    expected, seconds = undisturbed
    moments = random.Random(seed)
    settings = keeping.settings(tmp_path / "library")
    articles, vectors = compose.articles(settings), compose.place(settings)
    for _ in range(KILLS_ON_SERVERS if keeping.is_remote else KILLS_A_TEST):
        vectors.clear()
        articles.clear()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "sync", str(folder)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not articles.exists() and process.poll() is None:
            time.sleep(0.02 if keeping.is_remote else 0.005)
        time.sleep(moments.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        process.wait()

        with compose.library(settings, lambda _: None) as index:
            chain = compose.chain(index)
            live = {source.id for source in index.store.sources()}
            for number in (0, 150, 299):
                answer = chain.invoke(f"how many herons were counted in district {number}?")
                for citation in answer.citations:
                    assert citation.article.id in live
                    assert citation.article.text[citation.start : citation.end] == citation.quote
                if f"{number:03}.md" in live:
                    assert answer.short == str(number * 7 + 1)
            sync.sync(index, folder)
            assert contents(index) == expected
