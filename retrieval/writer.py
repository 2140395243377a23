"""Articles on their way into a library, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass

import numpy as np

from retrieval.embedding import Vectors
from retrieval.store import Entry, Store
from retrieval.types import Passage
from retrieval.vectors import VectorStore
from retrieval.wording import counted

GROUP = 64
"""Passages that are embedded and committed together; what an interruption can cost."""

Progress = Callable[[int, int], None]
"""Told (done, in all)."""


def ignore(*_: object) -> None:
    """Listen to a notice or to progress, and do nothing."""


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
            f"{counted(total, 'article')}: {self.added} added, "
            f"{self.updated} updated, {self.unchanged} unchanged, {self.removed} removed; "
            f"{counted(self.passages, 'passage')} in {self.seconds:.1f} s"
        )

    def __add__(self, other: Report) -> Report:
        return Report(
            *(left + right for left, right in zip(astuple(self), astuple(other), strict=True))
        )

    def to_dict(self) -> dict[str, object]:
        """Return the report as JSON-ready data."""
        return asdict(self)


class Writer:
    """Writes to a library whose lock is held, some articles at a time.

    While some are saved, the next ones are cut and embedded: the one waits for the disk,
    the other for the processor.  To be used in a ``with`` block, at whose end nothing is
    being saved any more.
    """

    def __init__(self, store: Store, vectors: VectorStore, progress: Progress = ignore) -> None:
        self._store = store
        self._vectors = vectors
        self._progress = progress
        self._waiting: list[Entry] = []
        self._unsaved: set[str] = set()
        self._put = self._embedded = 0
        self._saver = ThreadPoolExecutor(1)
        self._saving: Future[None] | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._saver.shutdown()

    def put(self, entry: Entry) -> None:
        """Make an article live, soon or together with the next ones."""
        if entry.article.id in self._unsaved:
            self.flush()
        self._unsaved.add(entry.article.id)
        self._waiting.append(entry)
        self._put += len(entry.passages)
        if sum(len(waiting.passages) for waiting in self._waiting) >= GROUP:
            self._hand_over()

    def flush(self) -> None:
        """Make live what is waiting, and return when it is."""
        self._hand_over()
        self._finish_saving()
        self._unsaved.clear()

    def _hand_over(self) -> None:
        """Embed what is waiting and let it be saved, when what was before is."""
        entries, self._waiting = self._waiting, []
        if not entries:
            return
        new = {passage.key: passage for entry in entries for passage in entry.passages}
        ids = [entry.article.id for entry in entries]
        old = self._store.keys(ids)
        fresh = [passage for key, passage in new.items() if key not in old]
        vectors = self._embed(fresh)
        self._finish_saving()
        self._unsaved = set(ids)
        self._saving = self._saver.submit(self._save, entries, fresh, vectors, old - new.keys())

    def _finish_saving(self) -> None:
        """Wait until what was handed over is saved; what went wrong with it is raised here."""
        saving, self._saving = self._saving, None
        if saving:
            saving.result()

    def _save(
        self,
        entries: Sequence[Entry],
        fresh: Sequence[Passage],
        vectors: Sequence[Vectors],
        doomed: Set[str],
    ) -> None:
        """Make articles live, and then forget the vectors of earlier versions."""
        if fresh:
            self._vectors.upsert(fresh, np.concatenate(vectors))
        self._store.put(entries)
        self._vectors.delete(doomed)

    def _embed(self, passages: Sequence[Passage]) -> list[Vectors]:
        vectors = []
        for start in range(0, len(passages), GROUP):
            vectors.append(self._vectors.embed(passages[start : start + GROUP]))
            self._embedded += len(vectors[-1])
            self._progress(self._embedded, self._put)
        return vectors

    def drop(self, ids: Sequence[str]) -> None:
        """Remove articles, and then their vectors."""
        for start in range(0, len(ids), GROUP):
            some = ids[start : start + GROUP]
            keys = self._store.keys(some)
            self._store.remove(some)
            self._vectors.delete(keys)
