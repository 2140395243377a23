"""Looks at all that always holds in a library, and mends what can be mended.

The store is the truth: words and vectors are made from it again.  What it has lost itself
comes back from a backup, or from the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from retrieval import passages, store_checks, vector_checks
from retrieval.checking import Check, Finding
from retrieval.database import Database, Home
from retrieval.embedding import Embedder, Notify
from retrieval.errors import LibraryError
from retrieval.shelf import Shelf
from retrieval.store import Store
from retrieval.types import Article, Passage

Say = Callable[[Finding], None]

_REMEDY = ("it", "run: footnote sync FOLDER, or: footnote restore FILE")


def examine(
    shelf: Shelf[Home], embedder: Embedder, say: Say, notify: Notify, *, repair: bool
) -> None:
    """Check a library, and mend it if ``repair``; ``say`` is told of each check as it ends.

    Nobody writes to it meanwhile.

    Raises:
        LibraryError: if there is no library, or its place cannot be used.
    """
    home = shelf.articles
    if not home.exists():
        raise LibraryError(f"There is no library in {home}; run: footnote sync FOLDER")
    database = home.open(*_REMEDY)
    with home.locked(notify), closing(database):
        whole = store_checks.damage(database).run(repair)
        say(whole)
        if not whole.is_well:
            return
        try:
            store = Store(home)  # which brings an earlier format up to date
        except LibraryError as error:
            say(Finding("format", str(error)))
            return
        say(Finding("format"))

        with closing(store):
            for check in _of_store(database, store, embedder):
                say(check.run(repair))
            for check in vector_checks.of_vectors(shelf, store, embedder, notify):
                say(check.run(repair))


def make_sound(home: Home, embedder: Embedder) -> None:
    """Mend the articles, passages and words of a library that nobody else uses; not its vectors.

    Raises:
        LibraryError: if they cannot be mended.
    """
    with closing(Store(home)) as store, closing(home.open(*_REMEDY)) as database:
        for check in _of_store(database, store, embedder):
            found = check.run(True)
            if not found.is_well:
                raise LibraryError(f"{home} is damaged: {found.problem}; {found.remedy}")


def _of_store(database: Database, store: Store, embedder: Embedder) -> Iterator[Check]:
    def cut(article: Article) -> Sequence[Passage]:
        return passages.split(article, embedder.pieces, embedder.card.max_pieces)

    return store_checks.of_store(database, store, cut)
