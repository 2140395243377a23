"""Keeps the store and the vectors in step, whatever happens in between.

Writing articles: embed, keep the vectors of the new versions, make those
versions live in one SQL transaction, forget the old vectors.  The library is
marked as unfinished for as long as that lasts; whoever writes next and finds
the mark compares both sides by key and mends the vectors.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from types import MappingProxyType, TracebackType

from retrieval import passages
from retrieval.database import Home
from retrieval.embedding import Embedder, Notify
from retrieval.errors import LibraryError, SourceError
from retrieval.locking import folder_errors
from retrieval.sqlite import File
from retrieval.store import NOT_FETCHED, Entry, Fetched, Source, Store, named
from retrieval.types import Article, Passage
from retrieval.vectors import Place, VectorStore
from retrieval.writer import GROUP, Progress, Report, Writer, ignore

_GENERATION = "generation"
_SEEDING = "seeding"
_UNFINISHED = "unfinished"
_MODEL = "embedding_model"
_REINDEXING = "none yet: they are being made anew, or that was interrupted"


class Index:
    """A library on disk: ``library.db`` (the store), ``chroma/`` (the vectors) and a lock.

    Any number of processes may read while one writes; a second writer waits.
    ``articles`` names another place for the store, like a schema of PostgreSQL, and
    ``vectors`` one for the vectors, like a Chroma server; with both, no folder is made.

    Raises:
        LibraryError: if one of these places cannot be used, is damaged, or was made with
            another embedding model.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        notify: Notify = ignore,
        *,
        articles: Home | None = None,
        vectors: Place | None = None,
        discard_vectors: bool = False,
    ) -> None:
        self.embedder = embedder
        self._notify = notify
        self._home = articles or File(folder / "library.db")
        self._refreshing = threading.Lock()
        place = vectors or Place(folder / "chroma")
        if place.url is None:
            with folder_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
        is_whole = self._home.exists() and place.exists() and not discard_vectors
        with nullcontext() if is_whole else self.locked():
            if not self._home.exists():
                place.clear()  # vectors without their articles
            self.store = Store(self._home)
            try:
                self._open(place, is_whole, discard_vectors)
            except BaseException:
                self.store.close()
                raise

    def _open(self, place: Place, is_whole: bool, discard_vectors: bool) -> None:
        """Open the vectors, if they are there and fit the store."""
        if discard_vectors:
            self.store.set_meta(_MODEL, _REINDEXING)
            place.clear()
        # Whoever waited for the lock asks again: another process may have written meanwhile.
        elif not (is_whole or place.exists()) and self.store.keys():
            raise LibraryError(f"The vectors in {place} are gone; run: footnote reindex")
        else:
            self._check_model()
        self._generation = self.store.meta(_GENERATION)
        self.vectors = VectorStore(place, self.embedder)

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back files and connections."""
        self.vectors.close()
        self.store.close()

    def refresh(self) -> None:
        """See what another process has written to the library since; cheap if none has.

        Raises:
            LibraryError: if it was made anew with another embedding model.
        """
        generation = self.store.meta(_GENERATION)
        with self._refreshing:
            if generation != self._generation:
                self._check_model()
                self.vectors.reopen()
                self._generation = generation

    @property
    def wants_seeds(self) -> bool:
        """Whether nothing was ever written to this library but seeds, and not all of these."""
        return self.store.meta(_MODEL) is None or self.store.flag(_SEEDING)

    def put(
        self,
        found: Iterable[Article],
        progress: Progress = ignore,
        fetched: Mapping[str, Fetched] = MappingProxyType({}),
    ) -> Report:
        """Add articles that are already read, or renew those with the same ids.

        ``progress`` counts passages of the articles met so far; ``fetched`` tells by their
        ids how those were fetched that come from the web.

        Raises:
            LibraryError: if the library cannot be written.
        """
        started = time.monotonic()
        new = changed = passage_count = 0
        with self.writing(progress) as writer:
            known = {source.id for source in self.store.sources()}
            for article in found:
                how = fetched.get(article.id, NOT_FETCHED)
                entry = Entry(article, self.cut(article), "added", article.version, how)
                writer.put(entry)
                new, changed = new + (article.id not in known), changed + (article.id in known)
                passage_count += len(entry.passages)
            writer.flush()
        seconds = time.monotonic() - started
        return Report(added=new, updated=changed, passages=passage_count, seconds=seconds)

    def remove(self, ids: Sequence[str]) -> Report:
        """Remove articles, with their passages and vectors.

        Raises:
            SourceError: if one of them is not there; then none is removed.
            LibraryError: if the library cannot be written.
        """
        started = time.monotonic()
        with self.locked():
            known = {source.id for source in self.store.sources()}
            for article_id in ids:
                if article_id not in known:
                    raise SourceError(_no_article(article_id))
            with self.writing() as writer:
                writer.drop(ids)
        return Report(removed=len(ids), seconds=time.monotonic() - started)

    def remake(self, progress: Progress = ignore) -> Report:
        """Cut and embed all stored articles anew; see :func:`reindex`."""
        started = time.monotonic()
        with self.locked():
            sources = self.store.sources()
            count = 0
            for done, source in enumerate(sources):
                progress(done, len(sources))
                article = self.store.articles([source.id])[source.id]
                cut = self.cut(article)
                entry = Entry(article, cut, source.origin, source.digest, source.fetched)
                self.vectors.upsert(entry.passages, self.vectors.embed(entry.passages))
                self.store.put([entry])
                count += len(entry.passages)
            progress(len(sources), len(sources))
            self.store.set_meta(_MODEL, self.embedder.card.fingerprint)
            self._finish()
        return Report(unchanged=len(sources), passages=count, seconds=time.monotonic() - started)

    def find_source(self, name: str) -> Source:
        """Return the article with an id, or the only one whose id or title contains ``name``.

        Raises:
            SourceError: if there is none, or more than one.
        """
        found = named(name, self.store.sources())
        if not found:
            raise SourceError(_no_article(name))
        if len(found) > 1:
            some = ", ".join(source.id for source in found[:5])
            raise SourceError(f"{name!r} fits {len(found)} articles ({some}); give more of it.")
        return found[0]

    def cut(self, article: Article) -> list[Passage]:
        """Return the passages of an article, as long as the embedding model reads."""
        return passages.split(article, self.embedder.pieces, self.embedder.card.max_pieces)

    @contextmanager
    def writing(self, progress: Progress = ignore, *, seeding: bool = False) -> Iterator[Writer]:
        """Wait for the lock, mend what an interruption left, and mark the library as unfinished.

        The mark goes when the block ends without an error.  ``progress`` counts the
        passages; ``seeding`` marks what is written as seeds, which are completed by
        themselves.
        """
        with self.locked():
            self.refresh()
            if self.store.flag(_UNFINISHED):
                self._mend()
            self.store.set_flag(_UNFINISHED, True)
            self.store.set_flag(_SEEDING, seeding)
            self.store.set_meta(_MODEL, self.embedder.card.fingerprint)
            try:
                with Writer(self.store, self.vectors, progress) as writer:
                    yield writer
            except BaseException:
                with suppress(LibraryError):  # of which the error itself tells
                    self._announce()
                raise
            self.store.set_flag(_SEEDING, False)
            self._finish()

    def _finish(self) -> None:
        """Say that all is written, and let other processes know that something was."""
        self._announce()
        self.store.set_flag(_UNFINISHED, False)

    def _announce(self) -> None:
        """Let other processes know that something was written."""
        self._generation = secrets.token_hex(8)
        self.store.set_meta(_GENERATION, self._generation)

    def mend(self, doomed: Iterable[str] = ()) -> None:
        """Make the vectors fit the store; those with keys among ``doomed`` are made anew."""
        with self.locked():
            self.vectors.delete(doomed)
            self._mend()
            self._finish()

    def _mend(self) -> None:
        """Make the vectors fit the store."""
        live, embedded = self.store.keys(), self.vectors.keys()
        self.vectors.delete(embedded - live)
        missing = sorted(live - embedded)
        for start in range(0, len(missing), GROUP):
            found = list(self.store.passages(missing[start : start + GROUP]).values())
            self.vectors.upsert(found, self.vectors.embed(found))

    def _check_model(self) -> None:
        made_with = self.store.meta(_MODEL)
        if made_with not in {None, self.embedder.card.fingerprint}:
            raise LibraryError(
                f"The vectors of this library come from another embedding model ({made_with})"
                f" than the present one, {self.embedder.card.name}; wait for a reindex that is "
                "running, set EMBEDDING_MODEL back, or run: footnote reindex"
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the right to write; one may ask for it again while one has it."""
        with self._home.locked(self._notify):
            yield


def reindex(
    folder: Path,
    embedder: Embedder,
    notify: Notify = ignore,
    progress: Progress = ignore,
    *,
    articles: Home | None = None,
    vectors: Place | None = None,
) -> Report:
    """Make all passages and vectors anew from the stored articles, with ``embedder``.

    For a library whose vectors are damaged or come from another model; ``articles`` and
    ``vectors`` as in :class:`Index`.

    Raises:
        LibraryError: if there is no library, or it cannot be written.
    """
    home = articles or File(folder / "library.db")
    if not home.exists():
        raise LibraryError(f"There is no library in {home}; run: footnote sync FOLDER")
    with (
        home.locked(notify),
        Index(
            folder, embedder, notify, articles=home, vectors=vectors, discard_vectors=True
        ) as index,
    ):
        return index.remake(progress)


def _no_article(name: str) -> str:
    return f"There is no article {name!r}; `footnote sources` lists them."


def made_with(store: Store) -> str | None:
    """Return the fingerprint of the model of a library's vectors; None if there never were any."""
    return store.meta(_MODEL)


def is_unfinished(store: Store) -> bool:
    """Tell, while nobody writes, whether a write to a library was interrupted."""
    return store.flag(_UNFINISHED)


def expect_reindex(home: Home) -> None:
    """Note that the vectors of a library are to be made anew; until then it is refused."""
    with closing(Store(home)) as store:
        store.set_meta(_MODEL, _REINDEXING)
