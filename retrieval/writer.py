"""Articles on their way into a library, some at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass

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
    """Writes to a library whose lock is held, some articles at a time."""

    def __init__(self, store: Store, vectors: VectorStore, progress: Progress = ignore) -> None:
        self._store = store
        self._vectors = vectors
        self._progress = progress
        self._waiting: list[Entry] = []
        self._put = self._embedded = 0

    def put(self, entry: Entry) -> None:
        """Make an article live, now or together with the next ones."""
        if any(waiting.article.id == entry.article.id for waiting in self._waiting):
            self.flush()
        self._waiting.append(entry)
        self._put += len(entry.passages)
        if sum(len(waiting.passages) for waiting in self._waiting) >= GROUP:
            self.flush()

    def flush(self) -> None:
        """Make live what is waiting, and then forget the vectors of earlier versions."""
        entries, self._waiting = self._waiting, []
        if not entries:
            return
        new = {passage.key: passage for entry in entries for passage in entry.passages}
        old = self._store.keys([entry.article.id for entry in entries])
        self._embed([passage for key, passage in new.items() if key not in old])
        self._store.put(entries)
        self._vectors.delete(old - new.keys())

    def _embed(self, passages: Sequence[Passage]) -> None:
        for start in range(0, len(passages), GROUP):
            some = passages[start : start + GROUP]
            self._vectors.upsert(some)
            self._embedded += len(some)
            self._progress(self._embedded, self._put)

    def drop(self, ids: Sequence[str]) -> None:
        """Remove articles, and then their vectors."""
        for start in range(0, len(ids), GROUP):
            some = ids[start : start + GROUP]
            keys = self._store.keys(some)
            self._store.remove(some)
            self._vectors.delete(keys)
