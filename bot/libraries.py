"""The shared library, and one of each Discord server beside it.

A question from a server sees both, and never another server's.  Each library has
files of its own, so what one server adds cannot reach another by a wrong query.
The ids of a server's articles begin with the server's own, which keeps them apart
from the shared ones.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import seeds
from retrieval import articles, sync, web
from retrieval.chain import Pipeline
from retrieval.embedding import Embedder
from retrieval.errors import SourceError
from retrieval.index import Index, Progress, Report, ignore
from retrieval.store import Source, named
from retrieval.types import Answer, Article

_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME, _LONGEST_HANDLE = 60, 100


@dataclass(frozen=True)
class Added:
    """An article that was added, and what that did."""

    article: Article
    report: Report


class Libraries:
    """Opens libraries when they are first asked for, and answers from them; safe for threads.

    Args:
        folder: holds a folder for each server that has articles of its own.
        open_shared: opens the shared library.
        open_own: opens that of a server, with the embedding model of the shared one.
        build: joins libraries to a function that answers.
        allow_private_urls: whether articles may be fetched from private addresses.
    """

    def __init__(
        self,
        folder: Path,
        open_shared: Callable[[], Index],
        open_own: Callable[[str, Embedder], Index],
        build: Callable[..., Pipeline],
        *,
        allow_private_urls: bool = False,
    ) -> None:
        self._folder = folder
        self._open_shared = open_shared
        self._open_own = open_own
        self._build = build
        self._allow_private_urls = allow_private_urls
        self._lock = threading.RLock()
        self._open: dict[str | None, Index] = {}
        self._pipelines: dict[str | None, Pipeline] = {}

    def load(self, progress: Progress = ignore) -> None:
        """Open the shared library, and index the seed articles on first use.

        Raises:
            LibraryError: if the library cannot be used.
            ModelError: if the model cannot be loaded.
        """
        with self._lock:
            if None not in self._open:
                shared = self._open_shared()
                sync.seed(shared, seeds.FOLDER, progress)
                self._open[None] = shared

    @property
    def is_loaded(self) -> bool:
        """Whether questions can be answered at once."""
        return None in self._open

    def close(self) -> None:
        """Close all libraries."""
        with self._lock:
            for library in self._open.values():
                library.close()
            self._open.clear()
            self._pipelines.clear()

    def answer(self, question: str, server: str | None, source: str | None = None) -> Answer:
        """Return the answer from the shared articles and a server's own.

        ``source`` names the only article to answer from, by id or part of the title.

        Raises:
            QuestionError: if the question is empty or overlong.
            SourceError: if no article, or more than one, has that name.
        """
        only = self.find(source, server).id if source else None
        return self._pipeline(server)(question, only)

    def sources(self, server: str | None) -> list[Source]:
        """List the articles that a server sees, its own first."""
        own = self.own_sources(server)
        return own + self._shared().store.sources()

    def own_sources(self, server: str | None) -> list[Source]:
        """List the articles that a server has added."""
        own = self._own(server)
        return own.store.sources() if own else []

    def find(self, name: str, server: str | None) -> Source:
        """Return the article with an id, or the only one whose id or title has a name in it.

        Raises:
            SourceError: if there is none, or more than one.
        """
        found = _find(name, self.sources(server))
        if len(found) == 1:
            return found[0]
        raise SourceError(
            f"{len(found)} articles have {name!r} in their titles; give more of the title."
            if found
            else f"No article has {name!r} in its title; /sources lists them."
        )

    def article(self, article_id: str, server: str | None) -> Article | None:
        """Return an article that a server sees, or None if it is gone."""
        for library in (self._own(server), self._shared()):
            if library and (found := library.store.articles([article_id])):
                return found[article_id]
        return None

    def add_file(self, server: str, name: str, data: bytes, progress: Progress = ignore) -> Added:
        """Add a file to a server's own articles, or renew it.

        Raises:
            SourceError: if it cannot be read.
            LibraryError: if the library cannot be written.
        """
        article = articles.parse(data, PurePath(name), f"{server}/{_safe(name)}")
        return self._add(server, replace(article, path=None), progress)

    def add_url(self, server: str, url: str, progress: Progress = ignore) -> Added:
        """Add a page of the web to a server's own articles, or renew it.

        Raises:
            SourceError: if it cannot be fetched or read.
            LibraryError: if the library cannot be written.
        """
        article_id = f"{server}/{_safe(url.split('://', 1)[-1])}"
        article = web.read(url, article_id, allow_private=self._allow_private_urls)
        return self._add(server, article, progress)

    def remove(self, server: str, name: str) -> Source:
        """Remove one of a server's own articles, named as in :meth:`find`, and return it.

        Raises:
            SourceError: if this server added no such article, or more than one.
            LibraryError: if the library cannot be written.
        """
        own = self._own(server)
        found = _find(name, own.store.sources()) if own else []
        if own is None or len(found) != 1:
            raise SourceError(
                f"{len(found)} articles have {name!r} in their titles; give more of the title."
                if found
                else f"This server has added no article with {name!r} in its title; only what was "
                "added with /source add can be removed here."
            )
        own.remove([found[0].id])
        return found[0]

    def _add(self, server: str, article: Article, progress: Progress) -> Added:
        report = self._own_or_new(server).put([article], progress)
        return Added(article, report)

    def _shared(self) -> Index:
        with self._lock:
            self.load()
            return self._open[None]

    def _own(self, server: str | None) -> Index | None:
        """Return a server's library, if it has one."""
        if server is None or not (server in self._open or (self._folder / server).exists()):
            return None
        return self._own_or_new(server)

    def _own_or_new(self, server: str) -> Index:
        if not server.isdecimal():
            raise ValueError(f"{server!r} is no id of a Discord server")
        with self._lock:
            if server not in self._open:
                self._open[server] = self._open_own(server, self._shared().embedder)
            return self._open[server]

    def _pipeline(self, server: str | None) -> Pipeline:
        with self._lock:
            own = self._own(server)
            key = server if own else None
            if key not in self._pipelines:
                shared = self._shared()
                self._pipelines[key] = self._build(shared, own) if own else self._build(shared)
            return self._pipelines[key]


def handle(article_id: str) -> str:
    """Return a name of at most 100 characters by which an article is found."""
    if len(article_id) <= _LONGEST_HANDLE:
        return article_id
    return hashlib.sha256(article_id.encode()).hexdigest()


def _find(name: str, sources: Sequence[Source]) -> list[Source]:
    exact = [source for source in sources if handle(source.id) == name]
    return exact or named(name, sources)


def _safe(name: str) -> str:
    """Return a name that can stand in an id, another for each name: ``a.md`` → ``a.md``."""
    safe = _UNSAFE.sub("-", name)
    if safe == name and len(name) <= _LONGEST_NAME:
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[:_LONGEST_NAME]}-{mark}"
