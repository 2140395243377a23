"""Files of questions: YAML in, rows with line numbers out.

- question: how many were arrested?
  answer: nearly 10,000            # text, a list of alternatives, or /regex/
  source: kazakhstan               # an article's id, or part of its title
  quote: have been arrested        # words inside a cited quote
- question: who won the World Cup?
  unanswerable: true
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml

from bot.checks.matching import is_regex
from retrieval.errors import FootnoteError, QuestionError
from retrieval.intake import is_folder
from retrieval.question import check

SUFFIX = ".questions.yaml"
"""How the name of a file of questions ends."""

_KEYS = ("question", "answer", "source", "quote", "unanswerable", "xfail")
_FORM = 'write rows like: - {question: "how many were arrested?", answer: "nearly 10,000"}'


class QuestionFileError(FootnoteError):
    """A file of questions cannot be read or makes no sense; the message names file and line."""


@dataclass(frozen=True)
class Row:
    """A question and what is expected of its answer.

    ``answers``, ``sources`` and ``quotes`` are alternatives; an empty one expects
    nothing.  ``xfail`` is the reason for which the row is known to fail.
    """

    question: str
    path: Path
    line: int
    answers: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    unanswerable: bool = False
    xfail: str | None = None

    @property
    def place(self) -> str:
        """Where the row stands: ``"my.questions.yaml:3"``."""
        return f"{self.path}:{self.line}"


def find(path: Path) -> list[Path]:
    """Return a file of questions, or all in a folder and below it, sorted.

    Raises:
        QuestionFileError: if there is none.
    """
    if not is_folder(path):
        return [path]
    found = sorted(file for file in path.rglob(f"*{SUFFIX}") if file.is_file())
    if not found:
        raise QuestionFileError(
            f"{path} holds no questions; name a file, or a folder of files called *{SUFFIX}"
        )
    return found


def load(file: Path, name: str | None = None) -> list[Row]:
    """Read a file of questions, which errors and rows call by ``name``.

    Raises:
        QuestionFileError: if it cannot be read, or one of its rows makes no sense.
    """
    path = Path(name) if name else file
    try:
        root = yaml.compose(file.read_bytes().decode("utf-8-sig"), yaml.SafeLoader)
    except OSError as error:
        raise QuestionFileError(
            f"{path} cannot be read ({error.strerror}); name a file of questions."
        ) from error
    except UnicodeDecodeError as error:
        raise QuestionFileError(f"{path} is not UTF-8; save it as UTF-8.") from error
    except RecursionError:
        raise QuestionFileError(f"{path} is nested too deeply; {_FORM}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or getattr(error, "reason", "not readable")
        raise QuestionFileError(
            f"{place}: this is not YAML ({problem}); put a text with : # or quotes in it in quotes."
        ) from error
    if root is None:
        raise QuestionFileError(f"{path} holds no questions; {_FORM}")
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise _wrong(path, root, f"this is no list of questions; {_FORM}")
    return [_row(path, node) for node in root.value]


def _wrong(path: Path, node: yaml.Node, what: str) -> QuestionFileError:
    return QuestionFileError(f"{path}:{node.start_mark.line + 1}: {what}")


def _row(path: Path, node: yaml.Node) -> Row:
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(path, node, f"this is no row; {_FORM}")
    given = dict(_pairs(path, node))
    if "question" not in given:
        raise _wrong(path, node, "this row asks nothing; give it a question.")
    row = Row(
        question=_question(path, given["question"]),
        path=path,
        line=node.start_mark.line + 1,
        answers=_texts(path, given, "answer"),
        sources=_texts(path, given, "source"),
        quotes=_texts(path, given, "quote"),
        unanswerable=_truth(path, given.get("unanswerable")),
        xfail=_reason(path, given.get("xfail")),
    )
    for answer in row.answers:
        _check_regex(path, given["answer"], answer)
    expects = row.answers or row.sources or row.quotes
    if row.unanswerable and expects:
        raise _wrong(
            path,
            node,
            "an unanswerable question has no answer, source or quote; drop these or that.",
        )
    if not row.unanswerable and not expects:
        raise _wrong(
            path,
            node,
            "nothing is expected; give an answer, source or quote, or unanswerable: true",
        )
    return row


def _pairs(path: Path, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the known keys of a row with their values; each may stand once."""
    seen: set[str] = set()
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else "[…]"
        if name not in _KEYS:
            near = get_close_matches(name, _KEYS, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(_KEYS)}."
            raise _wrong(path, key, f"there is no key {name!r}; {remedy}")
        if name in seen:
            raise _wrong(path, key, f"{name!r} stands twice in this row; keep one.")
        seen.add(name)
        yield name, value


def _question(path: Path, node: yaml.Node) -> str:
    text = _text(path, node, "question")
    try:
        return check(text)
    except QuestionError as error:
        raise _wrong(path, node, str(error)) from None


def _texts(path: Path, given: dict[str, yaml.Node], key: str) -> tuple[str, ...]:
    node = given.get(key)
    if node is None:
        return ()
    if isinstance(node, yaml.SequenceNode) and node.value:
        return tuple(_text(path, one, key) for one in node.value)
    return (_text(path, node, key),)


def _text(path: Path, node: yaml.Node, key: str) -> str:
    """Return a text as it is written: ``9``, ``2005-01-01`` and ``yes`` are texts, too."""
    is_text = isinstance(node, yaml.ScalarNode) and node.tag != "tag:yaml.org,2002:null"
    text = node.value.strip() if is_text else ""
    if not text:
        kinds = "a text" if key in {"question", "xfail"} else "a text or a list of texts"
        raise _wrong(path, node, f"{key!r} is not {kinds}; write one.")
    return str(text)


def _truth(path: Path, node: yaml.Node | None) -> bool:
    if node is None:
        return False
    values = yaml.SafeLoader.bool_values
    value = values.get(node.value.lower()) if isinstance(node, yaml.ScalarNode) else None
    if value is None:
        raise _wrong(path, node, "'unanswerable' is neither true nor false; write true.")
    return bool(value)


def _reason(path: Path, node: yaml.Node | None) -> str | None:
    if node is None:
        return None
    if node.tag == "tag:yaml.org,2002:bool":
        raise _wrong(path, node, "'xfail' is not a text; write why the row is known to fail.")
    return _text(path, node, "xfail")


def _check_regex(path: Path, node: yaml.Node, answer: str) -> None:
    if not is_regex(answer):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(answer[1:-1])
    except (re.error, RecursionError, OverflowError) as error:
        raise _wrong(
            path, node, f"{answer} is no regular expression ({error}); mend it."
        ) from error
