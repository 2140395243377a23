"""The pytest plugin: ``*.questions.yaml`` is collected as tests, one for each question.

It is loaded in every project beside which Footnote is installed.  So nothing but
pytest is imported here until there is a file of questions, and the module has a name
that no project takes: ``bot`` may well be a package of the project's own.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from bot.checks.questions import Row
    from bot.checks.session import Session
    from retrieval.index import Index
    from retrieval.types import Answer

_SUFFIX = ".questions.yaml"  # as bot.checks.questions has it, which imports yaml
_NARROWEST = 80
_SETTINGS = {
    "footnote_folder": "folder of the articles that the questions are asked of",
    "footnote_data": "data directory (default: the DATA_DIR of the settings)",
}
_SESSION = pytest.StashKey["Session"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the settings as options, and as lines of the configuration file."""
    group = parser.getgroup("footnote", "questions and citations")
    for name, meaning in _SETTINGS.items():
        group.addoption(f"--{name.replace('_', '-')}", metavar="FOLDER", help=meaning)
        parser.addini(name, f"{meaning}, relative to the root directory")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a file of questions."""
    if not file_path.name.endswith(_SUFFIX):
        return None
    collector: QuestionFile = QuestionFile.from_parent(parent, path=file_path)
    return collector


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Close what the tests answered from."""
    opened = session.config.stash.get(_SESSION, None)
    if opened:
        opened.close()


class QuestionFile(pytest.File):
    """A file of questions."""

    def collect(self) -> Iterator[QuestionItem]:
        """Yield a test for each row."""
        hidden = _hidden()
        if hidden:
            raise self.CollectError(hidden)
        from bot.checks.questions import load
        from bot.render import shown
        from retrieval.errors import ConfigError, FootnoteError

        try:
            folder = _folder(self.config, "footnote_folder")
            if folder and not folder.is_dir():
                raise ConfigError(f"There is no folder {folder}; name the one of your articles.")
            rows = load(self.path, self.nodeid)
        except FootnoteError as error:
            raise self.CollectError(str(error)) from error
        taken: set[str] = set()
        for row in rows:
            question = shown(row.question).replace("::", ": :")  # which parts ids in pytest
            names = chain([question], (f"{question} ({n})" for n in count(2)))
            name = next(name for name in names if name not in taken)
            taken.add(name)
            yield QuestionItem.from_parent(self, name=name, row=row)


class QuestionItem(pytest.Item):
    """A question, the answer to which is judged."""

    def __init__(self, *, row: Row, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.row = row
        if row.xfail:
            known = pytest.mark.xfail(reason=row.xfail, strict=False, raises=pytest.fail.Exception)
            self.add_marker(known)

    def runtest(self) -> None:
        """Ask, and fail with what was expected beside what was got."""
        result = _session(self.config).check(self.row)
        if not result.passed:
            from bot.checks.report import side_by_side

            width = max(_NARROWEST, self.config.get_terminal_writer().fullwidth)
            pytest.fail(side_by_side(result, width), pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what an error of Footnote says, without a traceback."""
        from retrieval.errors import FootnoteError

        if isinstance(excinfo.value, FootnoteError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the row stands; pytest counts lines from 0."""
        return self.path, self.row.line - 1, self.name


@pytest.fixture(scope="session")
def footnote_index(pytestconfig: pytest.Config) -> Index:
    """The index of the articles that the questions are asked of."""
    hidden = _hidden()
    if hidden:
        pytest.fail(hidden, pytrace=False)
    from retrieval.errors import FootnoteError

    try:
        return _session(pytestconfig).index
    except FootnoteError as error:
        message = str(error)
    pytest.fail(message, pytrace=False)


@pytest.fixture(scope="session")
def footnote_chain(footnote_index: Index, pytestconfig: pytest.Config) -> Runnable[str, Answer]:
    """The LangChain chain that answers from them: ``footnote_chain.invoke(question)``."""
    return _session(pytestconfig).chain()


def _hidden() -> str | None:
    """Return what to do where the project's own packages hide Footnote's of the same name."""
    for name in ("bot.checks.session", "retrieval.index", "seeds"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            package = name.partition(".")[0]
            found = getattr(sys.modules.get(package), "__path__", None)
            where = f" ({next(iter(found))})" if found else ""
            return (
                f"The package {package}{where} hides the one of that name that comes with Footnote "
                f"({error}); ask these questions with: footnote check"
            )
    return None


def _session(config: pytest.Config) -> Session:
    """Return what this run answers from; it is opened when the first question is asked."""
    if _SESSION not in config.stash:
        from bot.checks.session import Session

        cache = config.cache.mkdir("footnote") if hasattr(config, "cache") else None
        folder, data = (_folder(config, name) for name in _SETTINGS)
        config.stash[_SESSION] = Session(folder, data, cache)
    return config.stash[_SESSION]


def _folder(config: pytest.Config, name: str) -> Path | None:
    """Return a folder that is set: an option counts from here, a setting from the root."""
    option = config.getoption(name)
    value = option or config.getini(name)
    if not value:
        return None
    base = config.invocation_params.dir if option else config.rootpath
    try:
        return base / Path(value).expanduser()
    except RuntimeError:
        from retrieval.errors import ConfigError

        raise ConfigError(f"There is no such user as in {value}; mend {name}.") from None
