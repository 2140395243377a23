"""Files become articles: one reader per format, and one normalisation of the text.

The text is normalised here, once, and never again: every offset in Footnote
counts code points of the text that leaves this module.
"""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path, PurePath

from markdown_it import MarkdownIt
from markdown_it.token import Token

from retrieval import sentences
from retrieval.errors import SourceError
from retrieval.types import Article, fold_space

MAX_BYTES = 10_000_000
"""The largest file that is read, in bytes; a novel is about a tenth of it."""

_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n{3,}")
_HTML_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_KEPT_CONTROLS = frozenset("\n\t")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cs"})
_BYTE_ORDER_MARK = "\ufeff"
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_HEADLINE_LENGTH = 150


def normalise(text: str) -> str:
    r"""Return ``text`` as it is stored: ``"Cafe\u0301\r\n\x1b[1m"`` → ``"Café\n[1m"``.

    Line ends become ``\n``, control characters other than newline and tab go
    (a source cannot steer a terminal), and the rest is in Unicode form NFC.
    Normalising twice changes nothing.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = "".join(
        c
        for c in text
        if c in _KEPT_CONTROLS
        or (unicodedata.category(c) not in _DROPPED_CATEGORIES and c != _BYTE_ORDER_MARK)
    )
    text = unicodedata.normalize("NFC", text)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()


@dataclass(frozen=True)
class _Parsed:
    text: str
    title: str | None = None
    url: str | None = None
    published: date | None = None


def is_readable(path: PurePath) -> bool:
    """Tell whether a file is of a kind that can be read, by its suffix."""
    return path.suffix.lower() in _READERS


def find(folder: Path, also: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Yield the readable files of a folder and of those below it, in order of name.

    Hidden files and folders are passed over; ``also`` has further suffixes.

    Raises:
        SourceError: if the folder is not there or may not be listed.
    """
    try:
        if not folder.is_dir():
            raise SourceError(f"{folder} is not a folder; name one that holds {_formats()} files.")
        for entry in sorted(folder.iterdir()):
            if entry.name.startswith("."):
                continue
            if entry.is_dir() and not entry.is_symlink():
                yield from find(entry, also)
            elif (is_readable(entry) or entry.suffix.lower() in also) and entry.is_file():
                yield entry
    except OSError as error:
        raise SourceError(
            f"{folder} cannot be listed ({error.strerror}); check its permissions."
        ) from error


def load(path: Path) -> bytes:
    """Return the bytes of an article's file.

    Raises:
        SourceError: if it is not there, too large, or may not be read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{path} is not a file; name one that holds an article.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions."
        ) from error
    if len(data) > MAX_BYTES:
        raise SourceError(
            f"{path} has {status.st_size / 1e6:,.0f} MB; split it into files of at most "
            f"{MAX_BYTES / 1e6:.0f} MB."
        )
    return data


def check_format(path: PurePath) -> None:
    """Check that a file is of a kind that can be read.

    Raises:
        SourceError: if its suffix names no format that is known.
    """
    if not is_readable(path):
        raise SourceError(f"{path} is of a kind that cannot be read; use {_formats()}.")


def parse(data: bytes, path: PurePath, article_id: str) -> Article:
    """Return the article that the bytes of a file hold; its suffix names the format.

    Raises:
        SourceError: if the format is unknown, or the file holds no readable text.
    """
    check_format(path)
    parsed = _READERS[path.suffix.lower()](data, path)
    text = normalise(parsed.text)
    if not text:
        raise SourceError(f"{path} holds no text; add some, or leave it out.")
    title = fold_space(normalise(parsed.title or "")) or fold_space(normalise(path.stem))
    url = fold_space(normalise(parsed.url or "")) or None
    return Article(
        id=article_id,
        title=title,
        text=text,
        url=url,
        published=parsed.published,
        path=str(path),
    )


def _formats() -> str:
    return ", ".join(sorted(_READERS))


def _decode(data: bytes, path: PurePath) -> str:
    encoding = next(
        (name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "utf-8"
    )
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\0" in data:
            raise _not_text(path) from None
        raise SourceError(
            f"{path} is not valid UTF-8 (byte {error.start}); save it as UTF-8."
        ) from None
    if "\0" in text:
        raise _not_text(path)
    return text


def _not_text(path: PurePath) -> SourceError:
    return SourceError(f"{path} is binary, not text; convert it to one of {_formats()}.")


def _read_text(data: bytes, path: PurePath) -> _Parsed:
    text = normalise(_decode(data, path))
    first, _, rest = text.partition("\n")
    is_headline = (
        rest
        and len(first) <= _HEADLINE_LENGTH
        and first[-1] not in ".?!”\"'"
        and sentences.split(text)[0][1] == len(first)
    )
    return _Parsed(text, title=first if is_headline else None)


def _read_markdown(data: bytes, path: PurePath) -> _Parsed:
    meta, body = _front_matter(_LINE_ENDS.sub("\n", _decode(data, path)), path)
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    title = meta.get("title")
    return _Parsed(
        "\n\n".join(_blocks(tokens)),
        title=_scalar(title) or _first_heading(tokens),
        url=_scalar(meta.get("url")),
        published=_date(meta.get("published"), path),
    )


def _front_matter(text: str, path: PurePath) -> tuple[dict[str, object], str]:
    """Return the facts between two opening rules, and what follows; no facts, no rules."""
    import yaml

    class PlainLoader(yaml.SafeLoader):
        """Refuses aliases, by which some bytes grow to gigabytes."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not allowed")
            return super().compose_node(parent, index)

    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    try:
        meta = yaml.load(match.group(1), PlainLoader)  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceError(
            f"{path} has front matter that is not valid YAML ({fold_space(str(error))[:120]}); "
            "mend it, or remove the lines between the two '---'."
        ) from None
    return (meta, text[match.end() :]) if isinstance(meta, dict) else ({}, text)


def _blocks(tokens: list[Token]) -> Iterator[str]:
    """Yield the plain text of each block of Markdown, a table's row as one block."""
    row: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield " | ".join(row)
            row = None
        elif token.type == "inline":
            text = _inline(token.children or [])
            if row is None:
                yield text
            else:
                row.append(text)
        elif token.type in {"fence", "code_block"}:
            yield token.content


def _inline(tokens: list[Token]) -> str:
    return "".join(map(_inline_text, tokens))


def _inline_text(token: Token) -> str:
    if token.type == "image":
        return _inline(token.children or [])
    if token.type in {"text", "code_inline"}:
        return token.content
    if token.type == "softbreak":
        return " "
    is_break = token.type == "hardbreak" or _HTML_BREAK.match(token.content)
    return "\n" if is_break else ""


def _first_heading(tokens: list[Token]) -> str | None:
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            return _inline(inline.children or [])
    return None


def _scalar(value: object) -> str | None:
    """Return a value of front matter as text; None for a list, a mapping or an endless number."""
    try:
        return str(value) if isinstance(value, str | int | float | date) else None
    except ValueError:
        return None


def _date(value: object, path: PurePath) -> date | None:
    if value is None or isinstance(value, datetime):
        return value.date() if value else None
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(_scalar(value) or "").date()
    except ValueError:
        raise SourceError(
            f"{path} has published: {fold_space(_scalar(value) or '')[:40]!r}; write the date as "
            "2022-01-31."
        ) from None


def _read_html(data: bytes, path: PurePath) -> _Parsed:
    import trafilatura
    from trafilatura.settings import set_date_params

    document = trafilatura.bare_extraction(
        data,
        with_metadata=True,
        include_comments=False,
        date_extraction_params=set_date_params(extensive=False),
    )
    if document is None or isinstance(document, dict) or not document.text:
        raise SourceError(f"{path} holds no article that can be found; save its text as .txt.")
    return _Parsed(
        document.text.replace("\n", "\n\n"),
        title=document.title,
        url=document.url,
        published=_date(document.date, path),
    )


_READERS: dict[str, Callable[[bytes, PurePath], _Parsed]] = {
    ".txt": _read_text,
    ".md": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
}
