"""A library that one process holds open is changed by another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot import compose
from retrieval.index import Index
from retrieval.search import Search
from retrieval.types import Article
from tests.keeping import Keeping
from tests.wire.conftest import Footnote

DOG = Article(id="dog.txt", title="Pets", text="Her puppy sleeps on the sofa.")
BANK = Article(id="bank.txt", title="Money", text="The central bank raised its rate.")


@pytest.fixture
def library(environment: dict[str, str], keeping: Keeping) -> Iterator[Index]:
    """The test's library, held open by this process."""
    settings = keeping.settings(Path(environment["DATA_DIR"]))
    with compose.library(settings, lambda _: None) as index:
        yield index


@pytest.fixture
def elsewhere(footnote: Footnote) -> Callable[..., None]:
    """Run the command line in a process of its own, over the same library; it must succeed."""

    def run(*arguments: str) -> None:
        footnote(*arguments).check_returncode()

    return run


def found(index: Index, question: str) -> list[str]:
    return [hit.passage.article.id for hit in Search(index)(question)]


def test_what_another_process_adds_is_found_by_meaning(
    library: Index, elsewhere: Callable[..., None], tmp_path: Path
) -> None:
    library.put([BANK])
    assert found(library, "canine companion") == ["bank.txt"]
    (tmp_path / "dog.txt").write_text(DOG.text)
    elsewhere("add", "dog.txt")
    assert found(library, "canine companion") == ["dog.txt", "bank.txt"]
    elsewhere("remove", "dog.txt")
    assert found(library, "canine companion") == ["bank.txt"]


def test_a_library_made_anew_by_another_process_is_still_searched(
    library: Index, elsewhere: Callable[..., None]
) -> None:
    library.put([DOG, BANK])
    elsewhere("reindex")
    assert found(library, "canine companion") == ["dog.txt", "bank.txt"]
    library.put([Article(id="cat.txt", title="Pets", text="The kitten purrs.")])
    assert len(library.vectors.keys()) == 3


def test_two_processes_that_write_in_turn_lose_nothing(
    library: Index, elsewhere: Callable[..., None], tmp_path: Path
) -> None:
    for turn in range(3):
        library.put([Article(id=f"ours{turn}", title="Ours", text=f"Our {turn} boats left.")])
        (tmp_path / f"theirs{turn}.txt").write_text(f"Their {turn} ships came.")
        elsewhere("add", f"theirs{turn}.txt")
    assert len(set(found(library, "vessels"))) == 6
    assert library.vectors.keys() == library.store.keys()


def test_questions_go_on_while_another_process_writes(
    library: Index, elsewhere: Callable[..., None], tmp_path: Path
) -> None:
    library.put([BANK])
    (tmp_path / "dog.txt").write_text(DOG.text)
    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(elsewhere, "add", "dog.txt")
        asked = []
        while not writing.done():
            asked += [pool.submit(found, library, "canine companion") for _ in range(3)]
            asked[-1].result()
        answers = {tuple(one.result()) for one in asked}
    assert answers <= {("bank.txt",), ("dog.txt", "bank.txt")}
    assert found(library, "canine companion") == ["dog.txt", "bank.txt"]
