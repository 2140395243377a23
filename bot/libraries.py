"""The shared library, and one of each Discord server beside it.

A question from a server sees both, and never another server's.  Each library has
files of its own, or on servers a schema of PostgreSQL and a collection of Chroma, so what
one server adds cannot reach another by a wrong query.  The ids of a server's articles begin
with the server's own, which keeps them apart from the shared ones.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePath

import seeds
from retrieval import addresses, articles, refresh, sync, web
from retrieval.chain import Hear, Pipeline
from retrieval.conversation import Conversation
from retrieval.embedding import Embedder
from retrieval.errors import SourceError
from retrieval.index import Index
from retrieval.question import Query
from retrieval.store import NOT_FETCHED, Fetched, Source, named
from retrieval.types import Answer, Article
from retrieval.visits import Visitor
from retrieval.writer import Progress, Report, ignore

_UNSAFE = re.compile(r"[^\w.-]+")
_TOO_MANY = "{} articles have {!r} in their titles; give more of the title."
_LONGEST_NAME, _LONGEST_HANDLE = 60, 100


@dataclass(frozen=True)
class Added:
    """An article that was added, and what that did."""

    article: Article
    report: Report


class Libraries:
    """Opens libraries when they are first asked for, and answers from them; safe for threads.

    Args:
        has_own: tells whether a server has articles of its own.
        list_own: lists the ids of those that have.
        open_shared: opens the shared library.
        open_own: opens that of a server, with the embedding model of the shared one.
        build: joins libraries to a function that answers.
        stand_alone: gives a follow-up question what it leaves out.
        allow_private_urls: whether articles may be fetched from private addresses.
        most_articles: how many articles a server may have of its own.
        most_open: how many libraries of servers are kept open while nobody asks there;
            each takes some files, threads and megabytes.
    """

    def __init__(
        self,
        has_own: Callable[[str], bool],
        list_own: Callable[[], list[str]],
        open_shared: Callable[[], Index],
        open_own: Callable[[str, Embedder], Index],
        build: Callable[..., Pipeline],
        *,
        stand_alone: Callable[[Conversation, str], Query] = Conversation.stand_alone,
        allow_private_urls: bool = False,
        most_articles: int = 1_000,
        most_open: int = 32,
    ) -> None:
        self._has_own = has_own
        self._list_own = list_own
        self._open_shared = open_shared
        self._open_own = open_own
        self._build = build
        self.stand_alone = stand_alone
        self._allow_private_urls = allow_private_urls
        self._most_articles = most_articles
        self._most_open = most_open
        self._shared: Index | None = None
        self._loading = threading.Lock()
        self._changing = threading.Lock()
        self._opening: dict[str, threading.Lock] = {}
        self._open: dict[str, Index] = {}
        self._users: Counter[str] = Counter()

    def load(self, progress: Progress = ignore) -> Index:
        """Open the shared library, index the seed articles on first use, and return it.

        Raises:
            LibraryError: if the library cannot be used.
            ModelError: if the model cannot be loaded.
        """
        with self._loading:
            if self._shared is None:
                shared = self._open_shared()
                sync.seed(shared, seeds.FOLDER, progress)
                self._shared = shared
            return self._shared

    @property
    def is_loaded(self) -> bool:
        """Whether questions can be answered at once."""
        return self._shared is not None

    def close(self) -> None:
        """Close all libraries."""
        with self._loading, self._changing:
            for library in self._open.values():
                library.close()
            self._open.clear()
            if self._shared:
                self._shared.close()
            self._shared = None

    def answer(
        self,
        question: str | Query,
        server: str | None,
        source: Source | None = None,
        hear: Hear = lambda _: None,
    ) -> Answer:
        """Return the answer from the shared articles and a server's own.

        ``source`` is the only article to answer from, as :meth:`find` gives it; ``hear`` is
        told what is verified of the answer so far.

        Raises:
            QuestionError: if the question is empty or overlong.
        """
        with self._seen_by(server) as libraries:
            answer_to = self._build(*libraries)
            return answer_to(question, source.id if source else None, hear=hear)

    def sources(self, server: str | None) -> list[Source]:
        """List the articles that a server sees, its own first."""
        with self._seen_by(server) as (shared, *own):
            return [source for library in (*own, shared) for source in library.store.sources()]

    def own_sources(self, server: str) -> list[Source]:
        """List the articles that a server has added."""
        with self._seen_by(server) as (_, *own):
            return [source for library in own for source in library.store.sources()]

    def find(self, name: str, server: str | None) -> Source:
        """Return the article with an id, or the only one whose id or title has a name in it.

        Raises:
            SourceError: if there is none, or more than one.
        """
        found = _find(name, self.sources(server))
        if len(found) == 1:
            return found[0]
        raise SourceError(
            _TOO_MANY.format(len(found), name)
            if found
            else f"No article has {name!r} in its title; /sources lists them."
        )

    def article(self, article_id: str, server: str | None) -> Article | None:
        """Return an article that a server sees, or None if it is gone."""
        with self._seen_by(server) as libraries:
            found = [library.store.articles([article_id]) for library in libraries]
        return next((articles[article_id] for articles in found if articles), None)

    def add_file(self, server: str, name: str, data: bytes, progress: Progress = ignore) -> Added:
        """Add a file to a server's own articles, or renew it.

        Raises:
            SourceError: if it cannot be read, or the server has too many.
            LibraryError: if the library cannot be written.
        """
        article = articles.parse(data, PurePath(name), f"{server}/{_safe(name)}")
        return self._add(server, replace(article, path=None), progress)

    def add_url(self, server: str, url: str, progress: Progress = ignore) -> Added:
        """Add a page of the web to a server's own articles, or renew it.

        Raises:
            SourceError: if it cannot be fetched or read, or the server has too many.
            LibraryError: if the library cannot be written.
        """
        article_id = f"{server}/{_safe(url.split('://', 1)[-1])}"
        page = Visitor(self._allow_private_urls).fetch(url)
        validators = page.validators
        how = Fetched(validators.etag, validators.modified, addresses.as_id(url))
        return self._add(server, web.article(page, article_id), progress, how)

    def servers(self) -> list[str]:
        """List the ids of the servers that have articles of their own."""
        return self._list_own()

    def refresh(self, server: str | None, stop: Callable[[], bool]) -> Report:
        """Read again what came from the web to the shared library, or to a server's own.

        ``stop`` tells whether to leave the rest for the next time.

        Raises:
            LibraryError: if the library cannot be written.
        """
        visitor = Visitor(self._allow_private_urls, stop=stop)
        if server is None:
            return refresh.refresh(self.load(), [], visitor)
        with self._own(server) as own:
            return refresh.refresh(own, [], visitor)

    def remove(self, server: str, name: str) -> Source:
        """Remove one of a server's own articles, named as in :meth:`find`, and return it.

        Raises:
            SourceError: if this server added no such article, or more than one.
            LibraryError: if the library cannot be written.
        """
        found = _find(name, self.own_sources(server))
        if len(found) != 1:
            raise SourceError(
                _TOO_MANY.format(len(found), name)
                if found
                else f"This server has added no article with {name!r} in its title; only what was "
                "added with /source add can be removed here."
            )
        with self._own(server) as own:
            try:
                own.remove([found[0].id])
            except SourceError as error:
                raise SourceError(f"{found[0].title!r} has been removed already.") from error
        return found[0]

    def _add(
        self, server: str, article: Article, progress: Progress, how: Fetched = NOT_FETCHED
    ) -> Added:
        with self._own(server) as own:
            known = {source.id for source in own.store.sources()}
            if article.id not in known and len(known) >= self._most_articles:
                raise SourceError(
                    f"This server has {len(known)} articles of its own, and may have no more; "
                    "remove one first."
                )
            return Added(article, own.put([article], progress, {article.id: how}))

    @contextmanager
    def _seen_by(self, server: str | None) -> Iterator[tuple[Index, ...]]:
        """Hold open the shared library, and that of a server if it has one."""
        shared = self.load()
        if server is None or not self._has_own(server):
            yield (shared,)
            return
        with self._own(server) as own:
            yield (shared, own)

    @contextmanager
    def _own(self, server: str) -> Iterator[Index]:
        """Hold a server's library open, and then close those that were not used for longest."""
        library = self._taken(server)
        try:
            yield library
        finally:
            with self._changing:
                self._users[server] -= 1
                unused = [name for name in self._open if not self._users[name]]
                ended = unused[: max(0, len(self._open) - self._most_open)]
                closing = [self._open.pop(name) for name in ended]
            for old in closing:
                old.close()

    def _taken(self, server: str) -> Index:
        """Open a server's library, while others go on with theirs."""
        if not server.isdecimal():
            raise ValueError(f"{server!r} is no id of a Discord server")
        with self._changing:
            opening = self._opening.setdefault(server, threading.Lock())
        with opening:
            with self._changing:
                if library := self._open.pop(server, None):
                    return self._lent(server, library)
            library = self._open_own(server, self.load().embedder)
            with self._changing:
                return self._lent(server, library)

    def _lent(self, server: str, library: Index) -> Index:
        """Count one more user of an open library, and make it the last to be closed."""
        self._users[server] += 1
        self._open[server] = library
        return library


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
