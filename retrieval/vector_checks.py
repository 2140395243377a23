"""What always holds in the vectors of a library, and how it is mended where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from retrieval.checking import Check
from retrieval.database import Home
from retrieval.embedding import Embedder, Notify
from retrieval.errors import LibraryError
from retrieval.index import is_unfinished, made_with
from retrieval.shelf import Shelf
from retrieval.store import Store
from retrieval.types import Passage
from retrieval.vectors import Kept, Place, VectorStore
from retrieval.wording import counted
from retrieval.writer import GROUP

_SAMPLE = 32
_SAME = 0.99
"""The cosine of a vector and the one that is made anew, from which on they are the same."""
_NEAREST = 10
_REMEDY = "run: footnote reindex"


def of_vectors(
    shelf: Shelf[Home], store: Store, embedder: Embedder, notify: Notify
) -> Iterator[Check]:
    """Yield the checks of a library's vectors, which are held against its store."""
    place = shelf.vectors

    def anew() -> None:
        shelf.reindex(embedder, notify)

    yield Check("model", lambda: _model(store, embedder), anew, _REMEDY)

    def finish() -> None:
        with shelf.open(embedder, notify) as index:
            index.mend(_wrong(index.vectors, store, embedder))

    def mend() -> None:
        try:
            finish()
        except LibraryError:
            anew()

    yield Check("vectors", lambda: _difference(place, store, embedder), mend, _REMEDY)
    yield Check("nearest", lambda: _search(place, store, embedder), anew, _REMEDY)
    yield Check("writes", lambda: _interruption(store), finish, _REMEDY)


def _model(store: Store, embedder: Embedder) -> str | None:
    found = made_with(store)
    if found in {None, embedder.card.fingerprint}:
        return None
    return f"the vectors were made with another model ({found}) than {embedder.card.name}"


def _interruption(store: Store) -> str | None:
    return "a write was interrupted, which the next one finishes" if is_unfinished(store) else None


def _difference(place: Place, store: Store, embedder: Embedder) -> str | None:
    """Hold the keys, the sizes and the places of all vectors against the passages."""
    live = store.keys()
    with _opened(place, live, embedder) as vectors:
        embedded = vectors.keys()
        wrong = _wrong(vectors, store, embedder)
    lacking, alone = len(live - embedded), len(embedded - live)
    found = [
        f"{counted(lacking, 'passage')} without a vector" if lacking else "",
        f"{counted(alone, 'vector')} of no passage" if alone else "",
        f"{counted(len(wrong), 'vector')} of another text or size" if wrong else "",
    ]
    return ", ".join(filter(None, found)) or None


def _search(place: Place, store: Store, embedder: Embedder) -> str | None:
    """Look for some vectors by themselves: the index in which they are found must have them."""
    live = store.keys()
    with _opened(place, live, embedder) as vectors:
        for kept in vectors.kept(_some(live)):
            found = vectors.nearest(kept.vector.tolist(), _NEAREST)
            if not any(key == kept.key or cosine >= _SAME for key, cosine in found):
                return f"the passage {kept.key} is not found by its own vector"
    return None


def _wrong(vectors: VectorStore, store: Store, embedder: Embedder) -> set[str]:
    """Return the keys of vectors that are not what would be made for their passages now.

    Size and place are looked at in all of them, the numbers in some.
    """
    keys = sorted(store.keys())
    size = len(embedder.embed_query("size"))
    wrong = set()
    for start in range(0, len(keys), GROUP):
        some = keys[start : start + GROUP]
        live = store.passages(some)
        wrong |= {kept.key for kept in vectors.kept(some) if not _fits(kept, live[kept.key], size)}
    sample = store.passages(set(_some(keys)) - wrong)
    made = dict(zip(sample, vectors.embed(list(sample.values())), strict=True)) if sample else {}
    return wrong | {
        kept.key for kept in vectors.kept(made) if np.dot(kept.vector, made[kept.key]) < _SAME
    }


def _fits(kept: Kept, passage: Passage, size: int) -> bool:
    has_place = kept.where == (passage.article.id, passage.start, passage.end)
    return has_place and kept.vector.shape == (size,) and bool(np.isfinite(kept.vector).all())


def _some(keys: set[str] | list[str]) -> list[str]:
    """Return some keys, evenly apart."""
    ordered = sorted(keys)
    return ordered[:: max(1, len(ordered) // _SAMPLE)]


@contextmanager
def _opened(place: Place, live: set[str], embedder: Embedder) -> Iterator[VectorStore]:
    """Open vectors that must be there, and are not made where they are not."""
    if live and not place.exists():
        raise LibraryError(f"the vectors in {place} are gone")
    vectors = VectorStore(place, embedder)
    try:
        yield vectors
    finally:
        vectors.close()
