"""Keeps the store and the vectors in step, whatever happens in between.

Writing articles: embed, keep the vectors of the new versions, make those
versions live in one SQL transaction, forget the old vectors.  The library is
marked as unfinished for as long as that lasts; whoever writes next and finds
the mark compares both sides by key and mends the vectors.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import filelock

from retrieval import articles, intake, passages
from retrieval.embedding import Embedder, Notify
from retrieval.errors import LibraryError, SourceError
from retrieval.store import Entry, Origin, Source, Store
from retrieval.types import Article, Passage
from retrieval.vectors import VectorStore

GROUP = 64
"""Passages that are embedded and committed together; what an interruption can cost."""

_LOCK_SECONDS = 600
_YES, _NO = "yes", "no"
_MODEL, _UNFINISHED, _SEEDING = "embedding_model", "unfinished", "seeding"
_REINDEXING = "none, as it was interrupted while they were made anew"

Progress = Callable[[int, int], None]
"""Told (files done, files in all)."""


@dataclass(frozen=True)
class Report:
    """What a write did.  ``problems`` has one sentence for each file that was passed over."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    seconds: float = 0.0
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        total = self.added + self.updated + self.unchanged
        return (
            f"{total} article{'' if total == 1 else 's'}: {self.added} added, "
            f"{self.updated} updated, {self.unchanged} unchanged, {self.removed} removed; "
            f"{self.passages} passages in {self.seconds:.1f} s"
        )

    def to_dict(self) -> dict[str, object]:
        """Return the report as JSON-ready data."""
        return asdict(self)


class Index:
    """A library on disk: ``library.db`` (the store), ``chroma/`` (the vectors) and a lock.

    Any number of processes may read while one writes; a second writer waits.

    Raises:
        LibraryError: if the folder cannot be used, is damaged, or was made with
            another embedding model.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        notify: Notify = lambda _: None,
        *,
        discard_vectors: bool = False,
    ) -> None:
        self.embedder = embedder
        self._notify = notify
        self._lock = filelock.FileLock(folder / "lock")
        database, chroma = folder / "library.db", folder / "chroma"
        with _folder_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        if database.exists() and chroma.exists() and not discard_vectors:
            self.store = Store(database)
        else:
            with self._locked():
                self.store = Store(database)
                if discard_vectors:
                    self.store.set_meta(_MODEL, _REINDEXING)
                    shutil.rmtree(chroma, ignore_errors=True)
                elif self.store.sources():
                    raise LibraryError(f"The vectors in {chroma} are gone; run: footnote reindex")
        if not discard_vectors:
            self._check_model()
        self.vectors = VectorStore(chroma, embedder)

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

    def seed(self, folder: Path, progress: Progress = lambda _done, _all: None) -> Report | None:
        """Sync a library that nothing was ever written to; None if something was.

        Raises:
            LibraryError: if the library cannot be written.
        """
        if self.store.meta(_MODEL) is not None and self.store.meta(_SEEDING) != _YES:
            return None
        self.store.set_meta(_SEEDING, _YES)
        report = self._write(intake.files(folder), "synced", progress)
        self.store.set_meta(_SEEDING, _NO)
        return report

    def sync(self, folder: Path, progress: Progress = lambda _done, _all: None) -> Report:
        """Make the library hold what a folder holds.

        Articles that came from a folder and are not in this one are removed;
        those that were added one by one stay.  A file that cannot be read is
        passed over and reported, and an earlier version of it stays.

        Raises:
            SourceError: if there is no such folder, or no article in it.
            LibraryError: if the library cannot be written.
        """
        files = intake.files(folder)
        self.store.set_meta(_SEEDING, _NO)
        return self._write(files, "synced", progress)

    def add(self, path: Path, progress: Progress = lambda _done, _all: None) -> Report:
        """Add an article, or those of a folder, or renew them; others stay as they are.

        Raises:
            SourceError: if there is nothing to add, or a single file cannot be read.
            LibraryError: if the library cannot be written.
        """
        files = intake.files(path) if path.is_dir() else [(path.resolve(), path.name)]
        if not path.is_dir():
            articles.parse(articles.load(path), path, path.name)
        self.store.set_meta(_SEEDING, _NO)
        return self._write(files, "added", progress)

    def put(self, found: Iterable[Article]) -> Report:
        """Add articles that are already read, or renew those with the same ids.

        Raises:
            LibraryError: if the library cannot be written.
        """
        started = time.monotonic()
        with self._locked(), self._unfinished():
            known = {source.id for source in self.store.sources()}
            group: list[Entry] = []
            added = updated = passage_count = 0
            for article in found:
                entry = Entry(article, self._cut(article), "added", article.version)
                self._stage(entry, group)
                added, updated = added + (article.id not in known), updated + (article.id in known)
                passage_count += len(entry.passages)
            self._publish(group)
        seconds = time.monotonic() - started
        return Report(added=added, updated=updated, passages=passage_count, seconds=seconds)

    def remove(self, ids: Sequence[str]) -> Report:
        """Remove articles, with their passages and vectors.

        Raises:
            SourceError: if one of them is not there; then none is removed.
            LibraryError: if the library cannot be written.
        """
        started = time.monotonic()
        with self._locked():
            known = {source.id for source in self.store.sources()}
            for article_id in ids:
                if article_id not in known:
                    raise SourceError(_no_article(article_id))
            with self._unfinished():
                self._drop(ids)
        return Report(removed=len(ids), seconds=time.monotonic() - started)

    def _remake(self, progress: Progress) -> Report:
        started = time.monotonic()
        with self._locked():
            sources = self.store.sources()
            count = 0
            for done, source in enumerate(sources):
                progress(done, len(sources))
                article = self.store.articles([source.id])[source.id]
                entry = Entry(article, self._cut(article), source.origin, source.digest)
                self.vectors.upsert(entry.passages)
                self.store.put([entry])
                count += len(entry.passages)
            progress(len(sources), len(sources))
            self.store.set_meta(_UNFINISHED, _NO)
            self.store.set_meta(_MODEL, self.embedder.card.fingerprint)
        return Report(unchanged=len(sources), passages=count, seconds=time.monotonic() - started)

    def find_source(self, name: str) -> Source:
        """Return the article with an id, or the only one whose id or title contains ``name``.

        Raises:
            SourceError: if there is none, or more than one.
        """
        sources = self.store.sources()
        part = name.casefold()
        exact = [source for source in sources if source.id == name]
        found = exact or [
            s for s in sources if part in s.id.casefold() or part in s.title.casefold()
        ]
        if not found:
            raise SourceError(_no_article(name))
        if len(found) > 1:
            some = ", ".join(source.id for source in found[:5])
            raise SourceError(f"{name!r} fits {len(found)} articles ({some}); give more of it.")
        return found[0]

    def _write(
        self, files: Sequence[tuple[Path, str]], origin: Origin, progress: Progress
    ) -> Report:
        started = time.monotonic()
        with self._locked(), self._unfinished():
            known = {source.id: source for source in self.store.sources()}
            named = intake.assign_ids(files, origin, known)
            moved: dict[str, tuple[str, Origin]] = {}
            problems: list[str] = []
            group: list[Entry] = []
            added = updated = unchanged = passage_count = 0
            for done, (path, article_id) in enumerate(named):
                progress(done, len(named))
                before = known.get(article_id)
                try:
                    data = articles.load(path)
                    digest = intake.digest(path, data)
                    if before and before.digest == digest:
                        unchanged += 1
                        if (before.path, before.origin) != (str(path), origin):
                            moved[article_id] = (str(path), origin)
                        continue
                    article = articles.parse(data, path, article_id)
                except SourceError as error:
                    problems.append(str(error))
                    continue
                entry = Entry(article, self._cut(article), origin, digest)
                self._stage(entry, group)
                added, updated = added + (before is None), updated + (before is not None)
                passage_count += len(entry.passages)
            self._publish(group)
            self.store.relocate(moved)
            kept = {article_id for _, article_id in named}
            gone = [
                source.id
                for source in known.values()
                if origin == source.origin == "synced" and source.id not in kept
            ]
            self._drop(gone)
            progress(len(named), len(named))
        return Report(
            added,
            updated,
            unchanged,
            len(gone),
            passage_count,
            time.monotonic() - started,
            tuple(problems),
        )

    def _cut(self, article: Article) -> list[Passage]:
        return passages.split(article, self.embedder.pieces, self.embedder.card.max_pieces)

    def _stage(self, entry: Entry, group: list[Entry]) -> None:
        """Put an entry in the group, and publish the group when it is large enough."""
        group.append(entry)
        if sum(len(waiting.passages) for waiting in group) >= GROUP:
            self._publish(group)
            group.clear()

    def _publish(self, entries: Sequence[Entry]) -> None:
        """Make new versions live, and then forget the old ones' vectors."""
        if not entries:
            return
        new = {passage.key: passage for entry in entries for passage in entry.passages}
        old = self.store.keys([entry.article.id for entry in entries])
        self.vectors.upsert([passage for key, passage in new.items() if key not in old])
        self.store.put(entries)
        self.vectors.delete(old - new.keys())

    def _drop(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), GROUP):
            some = ids[start : start + GROUP]
            keys = self.store.keys(some)
            self.store.remove(some)
            self.vectors.delete(keys)

    def _mend(self) -> None:
        """Make the vectors fit the store, after an interruption."""
        live, embedded = self.store.keys(), self.vectors.keys()
        self.vectors.delete(embedded - live)
        missing = sorted(live - embedded)
        for start in range(0, len(missing), GROUP):
            found = self.store.passages(missing[start : start + GROUP])
            self.vectors.upsert(list(found.values()))

    def _check_model(self) -> None:
        made_with = self.store.meta(_MODEL)
        if made_with not in (None, self.embedder.card.fingerprint):
            raise LibraryError(
                f"The vectors of this library come from another embedding model ({made_with[:60]})"
                f" than the present one, {self.embedder.card.name}; set EMBEDDING_MODEL back, or "
                "run: footnote reindex"
            )

    @contextmanager
    def _unfinished(self) -> Iterator[None]:
        """Mark the library as unfinished for as long as the block runs; mend it first if it was."""
        if self.store.meta(_UNFINISHED) == _YES:
            self._mend()
        self.store.set_meta(_UNFINISHED, _YES)
        self.store.set_meta(_MODEL, self.embedder.card.fingerprint)
        yield
        self.store.set_meta(_UNFINISHED, _NO)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with _folder_errors(Path(self._lock.lock_file).parent):
            try:
                self._lock.acquire(timeout=0)
            except filelock.Timeout:
                self._notify("Another process is writing to this library; waiting for it to finish")
                self._wait()
        try:
            yield
        finally:
            self._lock.release()

    def _wait(self) -> None:
        try:
            self._lock.acquire(timeout=_LOCK_SECONDS)
        except filelock.Timeout:
            raise LibraryError(
                f"Another process has been writing to this library for {_LOCK_SECONDS // 60} "
                "minutes; wait for it or stop it, and try again."
            ) from None


def reindex(
    folder: Path,
    embedder: Embedder,
    notify: Notify = lambda _: None,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Make all passages and vectors anew from the stored articles, with ``embedder``.

    For a library whose vectors are damaged or come from another model.

    Raises:
        LibraryError: if there is no library, or it cannot be written.
    """
    if not (folder / "library.db").exists():
        raise LibraryError(f"There is no library in {folder}; run: footnote sync FOLDER")
    with Index(folder, embedder, notify, discard_vectors=True) as index:
        return index._remake(progress)


def _no_article(name: str) -> str:
    return f"There is no article {name!r}; `footnote sources` lists them."


@contextmanager
def _folder_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LibraryError(
            f"The folder {folder} cannot be written ({error.strerror}); change its permissions or "
            "set DATA_DIR to another folder."
        ) from error
