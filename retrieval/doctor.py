"""Looks at all that always holds in a library, and mends what can be mended.

The store is the truth: words and vectors are made from it again.  What it has lost itself
comes back from a backup, or from the files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from retrieval import locking, passages, store_checks, vector_checks
from retrieval.checking import RESTORE, Finding
from retrieval.embedding import Embedder, Notify
from retrieval.errors import LibraryError
from retrieval.sqlite import File, SQLite
from retrieval.store import Store
from retrieval.types import Article, Passage
from retrieval.vectors import Place

Say = Callable[[Finding], None]


def examine(
    folder: Path,
    embedder: Embedder,
    place: Place,
    say: Say,
    notify: Notify,
    *,
    repair: bool,
) -> None:
    """Check a library, and mend it if ``repair``; ``say`` is told of each check as it ends.

    Nobody writes to the library meanwhile.

    Raises:
        LibraryError: if there is no library, or its folder cannot be used.
    """
    path = folder / "library.db"
    if not path.exists():
        raise LibraryError(f"There is no library in {folder}; run: footnote sync FOLDER")
    with locking.locked(folder, notify), closing(SQLite(path, RESTORE)) as database:
        whole = store_checks.damage(database).run(repair)
        say(whole)
        if not whole.is_well:
            return
        try:
            store = Store(File(path))  # which brings an earlier format up to date
        except LibraryError as error:
            say(Finding("format", str(error)))
            return
        say(Finding("format"))

        def cut(article: Article) -> Sequence[Passage]:
            return passages.split(article, embedder.pieces, embedder.card.max_pieces)

        with closing(store):
            for check in store_checks.of_store(database, store, cut):
                say(check.run(repair))
            for check in vector_checks.of_vectors(folder, place, store, embedder, notify):
                say(check.run(repair))
