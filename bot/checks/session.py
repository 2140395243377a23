"""What a run of pytest answers from: opened when a test first asks, closed at its end."""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bot import compose
from bot.checks.questions import Row
from bot.checks.run import KEPT_IN, Result, checker, open_folder
from bot.settings import Settings, load_settings
from retrieval.errors import FootnoteError
from retrieval.types import Answer

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from retrieval.index import Index
    from retrieval.reading_model import ReadingModel


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings of the libraries beneath from a project that makes errors of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Session:
    """The index that the tests of one process ask.

    Args:
        folder: holds the articles; without one, the library of the settings is asked.
        data: replaces the DATA_DIR of the settings; the index of ``folder`` is kept
            in a part of it that no library uses.
        cache: where that is kept otherwise; without one, it goes with the session.
    """

    def __init__(self, folder: Path | None, data: Path | None, cache: Path | None) -> None:
        self._folder = folder
        self._data = data
        self._cache = cache
        self._closing = ExitStack()

    def close(self) -> None:
        """Close the index, if one was opened."""
        self._closing.close()

    @property
    def index(self) -> Index:
        """The index; one that could not be opened is not tried again.

        Raises:
            FootnoteError: if it cannot be opened.
        """
        if isinstance(self._opened, FootnoteError):
            raise self._opened
        return self._opened

    def check(self, row: Row) -> Result:
        """Ask the question of a row and judge the answer.

        Raises:
            FootnoteError: if the index cannot be used.
        """
        with quiet():
            return self._check(row)

    def chain(self) -> Runnable[str, Answer]:
        """Return the LangChain chain that answers from the index.

        Raises:
            FootnoteError: if the index cannot be opened.
        """
        with quiet():
            return compose.chain(self.index, self._reader)

    @cached_property
    def _check(self) -> Callable[[Row], Result]:
        return checker(self.index, self._reader)

    @cached_property
    def _reader(self) -> ReadingModel:
        return compose.reading_model(load_settings(), _notify)

    @cached_property
    def _opened(self) -> Index | FootnoteError:
        try:
            with quiet():
                return self._closing.enter_context(self._open())
        except FootnoteError as error:
            return error

    def _open(self) -> Index:
        settings = load_settings()
        if self._folder:
            return self._open_folder(self._folder, settings)
        if self._data:
            settings = settings.model_copy(update={"data_dir": self._data})
        index = compose.library(settings, _notify)
        self._closing.callback(index.close)
        import seeds
        from retrieval.sync import seed

        seed(index, seeds.FOLDER)
        return index

    def _open_folder(self, folder: Path, settings: Settings) -> Index:
        from retrieval.writer import ignore

        within = self._data / KEPT_IN if self._data else self._cache
        if within is None:
            within = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        embedder = compose.embedder(settings, _notify)
        index, report = open_folder(folder, within, embedder, _notify, ignore)
        for problem in report.problems:
            _notify(f"Passed over: {problem}")
        return index


def _notify(message: str) -> None:
    print(f"footnote: {message}", file=sys.stderr)
