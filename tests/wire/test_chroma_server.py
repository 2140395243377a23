"""The vectors may lie on a Chroma server: a real one, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import compose
from bot.settings import Settings
from retrieval.embedding import Embedder
from retrieval.errors import LibraryError
from retrieval.index import Index, reindex
from retrieval.search import Search
from retrieval.types import Article
from retrieval.vectors import Place
from tests.keeping import collect
from tests.services import ChromaServer, free_port

# Chroma's client leaves its connections to the collector when it is closed.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)

FERRY = Article(id="ferry", title="Ferry", text="The ferry runs 12 times a day.")
BRIDGE = Article(id="bridge", title="Bridge", text="The bridge is 300 metres long.")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a running server."""
    with ChromaServer() as server:
        yield server.url
    collect()


def test_a_library_on_a_server_is_searched_changed_and_opened_again(
    url: str, tmp_path: Path, embedder: Embedder
) -> None:
    place = Place(tmp_path / "chroma", url, "library")
    with Index(tmp_path, embedder, vectors=place) as index:
        index.put([FERRY, BRIDGE])
        assert Search(index)("how often does the boat go?")[0].passage.article == FERRY
        index.remove(["ferry"])
    with Index(tmp_path, embedder, vectors=place) as index:
        assert index.store.keys() == index.vectors.keys()
        assert [hit.passage.article for hit in Search(index)("ferry")] == [BRIDGE]
    assert not (tmp_path / "chroma").exists()


def test_two_libraries_on_one_server_do_not_see_each_other(
    url: str, tmp_path: Path, embedder: Embedder
) -> None:
    for name, article in (("left", FERRY), ("right", BRIDGE)):
        folder = tmp_path / name
        with Index(folder, embedder, vectors=Place(folder, url, f"two-{name}")) as index:
            index.put([article])
            assert len(index.vectors.keys()) == 1
            assert [hit.passage.article for hit in Search(index)("bridge or ferry?")] == [article]


def test_vectors_that_a_server_has_lost_are_made_anew_by_reindex(
    url: str, tmp_path: Path, embedder: Embedder
) -> None:
    place = Place(tmp_path / "chroma", url, "lost")
    with Index(tmp_path, embedder, vectors=place) as index:
        index.put([FERRY])
    place.clear()
    with pytest.raises(LibraryError, match="are gone; run: footnote reindex"):
        Index(tmp_path, embedder, vectors=place)
    assert reindex(tmp_path, embedder, vectors=place).passages == 1
    with Index(tmp_path, embedder, vectors=place) as index:
        assert Search(index)("ferry")[0].passage.article == FERRY


def test_a_server_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, data_dir=tmp_path, chroma_url=f"http://127.0.0.1:{free_port()}"
    )
    with pytest.raises(LibraryError, match="see that the server runs and that CHROMA_URL names it"):
        compose.library(settings, lambda _: None)
