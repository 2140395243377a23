"""Office documents become paragraphs: PDF, Word, PowerPoint and OpenDocument.

Such files are programs of a kind: a few kilobytes can ask for gigabytes, or for hours.  So each
is read in a process of its own, with bounds on its memory and time, and whatever it does
there ends with that process.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath
from typing import Any

from retrieval.errors import SourceError

MEGABYTES, SECONDS = 1_024, 60
"""What the reading of one file may take."""

MOST_PAGES = 3_000
_UNPACKED = 200_000_000
_PARTS = 10_000
_LONGEST = 20_000_000
_ENCRYPTED = "is encrypted; save it without a password."
_TOO_MUCH = (
    f"{{}} takes more than {SECONDS} seconds or {MEGABYTES:,} MB to read; save it anew from the "
    "program that made it, or save its text as .txt."
)

Piece = tuple[int, str]
"""A line, or a whole paragraph, and its page from 1; 0 where there are none."""

Paragraph = Sequence[Piece]


@dataclass(frozen=True)
class Document:
    """What a file holds: its paragraphs, in order, each in pieces where it was broken."""

    paragraphs: Sequence[Paragraph]
    title: str | None = None
    language: str | None = None


class _RefusalError(Exception):
    """Why a file is not taken and what to do, as the end of a sentence that its name begins."""


def read(data: bytes, path: PurePath) -> Document:
    """Return what a document holds; its suffix names the format.

    Raises:
        SourceError: if it is damaged, encrypted, has no text, or takes too much to read.
    """
    try:
        done = subprocess.run(  # noqa: S603 - this module, and the bytes on its standard input
            [sys.executable, "-P", "-m", "retrieval.documents", path.suffix.lower()],
            input=data, capture_output=True, timeout=SECONDS * 1.5, check=False,
        )  # fmt: skip
        found = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        found = None
    if found is None:
        raise SourceError(_TOO_MUCH.format(path))
    if problem := found.get("problem"):
        raise SourceError(f"{path} {problem}")
    return Document(**found)


def main() -> None:
    """Read a document on standard input, and write what it holds as JSON."""
    _bound()
    reader = _READERS[sys.argv[1]]
    try:
        found = vars(reader(sys.stdin.buffer.read()))
    except _RefusalError as error:
        found = {"problem": str(error)}
    except MemoryError:
        sys.exit(1)
    except Exception as error:  # these libraries raise whatever a damaged file makes them
        reason = str(error).strip().split("\n")[0][:100] or type(error).__name__
        found = {"problem": f"is damaged ({reason}); save it anew, or save its text as .txt."}
    json.dump(found, sys.stdout)


def _bound() -> None:
    """Bound what this process may take, where the system can."""
    try:
        import resource
    except ImportError:  # not on Windows; there the parent's time-out is all
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS,) * 2)


def pdf(data: bytes) -> Document:
    """Return the paragraphs of a PDF, put together from its lines."""
    import logging

    import pypdf
    from pypdf.errors import DependencyError

    from retrieval.lines import paragraphs

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = pypdf.PdfReader(io.BytesIO(data))
    try:
        is_open = not reader.is_encrypted or bool(reader.decrypt(""))
    except DependencyError:
        is_open = False
    if not is_open:
        raise _RefusalError(_ENCRYPTED)
    count = len(reader.pages)
    if count > MOST_PAGES:
        raise _RefusalError(f"has {count:,} pages; split it into files of at most {MOST_PAGES:,}.")
    pages = [_short(page.extract_text()).splitlines() for page in reader.pages]
    found = paragraphs(pages)
    if not found:
        raise _RefusalError(
            "holds pictures of pages and no text; recognise it first, with a program like ocrmypdf."
        )
    language = reader.root_object.get("/Lang")
    title = reader.metadata.title if reader.metadata else None
    return Document(found, title, str(language) if language else None)


def docx(data: bytes) -> Document:
    """Return the paragraphs of a Word document; a row of a table is one."""
    import docx as word

    _check_size(data)
    document = word.Document(io.BytesIO(data))
    texts = (_short(text) for block in document.iter_inner_content() for text in _texts(block))
    facts = document.core_properties
    return Document([[(0, text)] for text in texts], facts.title or None, facts.language or None)


def pptx(data: bytes) -> Document:
    """Return the texts of a presentation; each slide is a page, with its notes."""
    import pptx as slides

    _check_size(data)
    presentation = slides.Presentation(io.BytesIO(data))
    found = [
        [(number, _short(text))]
        for number, slide in enumerate(presentation.slides, start=1)
        for text in _slide(slide)
    ]
    facts = presentation.core_properties
    return Document(found, facts.title or None, facts.language or None)


def odf(data: bytes) -> Document:
    """Return the texts of an OpenDocument file; each slide of a presentation is a page."""
    from retrieval import opendocument

    _check_size(data)
    if opendocument.is_encrypted(data):
        raise _RefusalError(_ENCRYPTED)
    title, language, found = opendocument.read(data)
    return Document([[(page, _short(text))] for page, text in found], title, language)


def _texts(block: Any) -> Iterator[str]:
    """Yield the text of a paragraph, or of each row of a table."""
    if not hasattr(block, "rows"):
        yield block.text
        return
    for row in block.rows:
        cells = [cell for cell, _ in groupby(row.cells)]  # a merged one is named several times
        yield " | ".join(cell.text for cell in cells)


def _slide(slide: Any) -> Iterator[str]:
    for shape in slide.shapes:
        if shape.has_text_frame:
            yield from (paragraph.text for paragraph in shape.text_frame.paragraphs)
        elif getattr(shape, "has_table", False):
            yield from _texts(shape.table)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame:
        yield from (one.text for one in slide.notes_slide.notes_text_frame.paragraphs)


def _check_size(data: bytes) -> None:
    """Refuse an archive that unpacks to far more than a document has."""
    parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    if len(parts) > _PARTS or sum(part.file_size for part in parts) > _UNPACKED:
        raise _RefusalError(
            f"unpacks to more than {_UNPACKED / 1e6:.0f} MB; save its text as .txt."
        )


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        raise _RefusalError("holds a text without end; save the part that matters as .txt.")
    return text


_READERS: dict[str, Callable[[bytes], Document]] = {
    ".pdf": pdf, ".docx": docx, ".pptx": pptx, ".odt": odf, ".odp": odf,
}  # fmt: skip
FORMATS = tuple(_READERS)
"""The suffixes that are known."""

if __name__ == "__main__":
    main()
