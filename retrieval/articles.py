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
from datetime import date
from pathlib import Path, PurePath

from retrieval import markdown, sentences
from retrieval.errors import SourceError
from retrieval.types import Article, fold_space

MAX_BYTES = 10_000_000
"""The largest file that is read, in bytes; a novel is about a tenth of it."""

_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n{3,}")
_KEPT_CONTROLS = frozenset("\n\t")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cs"})
_BYTE_ORDER_MARK = "\ufeff"
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_CHARACTER_SETS = [
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949", "cp874"),
]
"""What is tried on text that is not UTF-8, as its makers mostly did not say what it is."""

_ENOUGH = 40
"""Bytes from which a character set can be told."""

_HEADLINE_LENGTH = 150
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_REGION = 2
_OFFICE_TITLE = re.compile(r"(?:Microsoft \w+ - .*|untitled|.*\.\w{2,5})", re.IGNORECASE)


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
    pages: tuple[int, ...] = ()
    language: str | None = None


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
            raise SourceError(f"{folder} is not a folder; name one that holds {formats()} files.")
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
        raise SourceError(f"{path} is of a kind that cannot be read; use {formats()}.")


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
        pages=parsed.pages if text == parsed.text else (),
        language=_language(parsed.language),
    )


def formats() -> str:
    """Return the suffixes of the files that can be read."""
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
        return _guessed(data, path, error.start)
    if "\0" in text:
        raise _not_text(path)
    return text


def _guessed(data: bytes, path: PurePath, place: int) -> str:
    """Return text in the character set of which it looks most like the prose of a language.

    Raises:
        SourceError: if it looks like none, is short, or is UTF-8 but for a few places, of
            which ``place`` is the first.
    """
    import charset_normalizer

    broken = data.decode(errors="replace")
    is_utf_8 = sum(c > "\x7f" for c in broken) > 2 * broken.count("\N{REPLACEMENT CHARACTER}")
    best = None
    if len(data) >= _ENOUGH and not is_utf_8:
        best = charset_normalizer.from_bytes(data, cp_isolation=_CHARACTER_SETS).best()
    if best is None:
        raise SourceError(f"{path} is not valid UTF-8 (byte {place}); save it as UTF-8.")
    return str(best)


def _language(tag: str | None) -> str | None:
    """Return a language tag as it is written: ``en_gb`` → ``en-GB``; None for what is none."""
    match = _LANGUAGE.fullmatch((tag or "").strip().replace("_", "-"))
    if not match:
        return None
    first, *rest = match.group().split("-")
    return "-".join([first.lower(), *(one.upper() if len(one) == _REGION else one for one in rest)])


def _not_text(path: PurePath) -> SourceError:
    return SourceError(f"{path} is binary, not text; convert it to one of {formats()}.")


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
    found = markdown.read(_LINE_ENDS.sub("\n", _decode(data, path)), path)
    return _Parsed(found.text, found.title, found.url, found.published, language=found.language)


def _read_html(data: bytes, path: PurePath) -> _Parsed:
    import trafilatura
    from trafilatura.settings import set_date_params

    nothing = SourceError(f"{path} holds no article that can be found; save its text as .txt.")
    try:
        tree = trafilatura.load_html(data)
        document = (
            None
            if tree is None
            else trafilatura.bare_extraction(
                tree,
                with_metadata=True,
                include_comments=False,
                date_extraction_params=set_date_params(extensive=False),
            )
        )
    except AssertionError:  # of lxml, about a page whose root is no html
        raise nothing from None
    if tree is None or document is None or isinstance(document, dict) or not document.text:
        raise nothing
    return _Parsed(
        document.text.replace("\n", "\n\n"),
        title=document.title,
        url=document.url,
        published=markdown.day(document.date, path),
        language=tree.get("lang"),
    )


def _read_document(data: bytes, path: PurePath) -> _Parsed:
    from retrieval import documents, lines

    document = documents.read(data, path)
    text, pages = lines.assemble(document.paragraphs)
    title = fold_space(normalise(document.title or ""))
    first = text.partition("\n")[0]
    if not title or _OFFICE_TITLE.fullmatch(title):
        title = first if len(first) <= _HEADLINE_LENGTH and first[-1:] not in ".?!,;:" else ""
    return _Parsed(text, title=title, pages=pages, language=document.language)


_READERS: dict[str, Callable[[bytes, PurePath], _Parsed]] = {
    ".txt": _read_text,
    ".md": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_document,
    ".docx": _read_document,
    ".pptx": _read_document,
    ".odt": _read_document,
    ".odp": _read_document,
}
