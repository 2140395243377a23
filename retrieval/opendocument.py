"""The paragraphs of OpenDocument texts and presentations, as LibreOffice writes them.

Libraries that read this format give a rendering of it, with the addresses of links and the names
of pictures among the words; what is quoted here has to be what a reader of the document sees.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from retrieval.types import fold_space

_OASIS = "{urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLE, _OFFICE, _DRAWING = (
    f"{_OASIS}{part}:1.0}}" for part in ("text", "table", "office", "drawing")
)
_PARAGRAPHS = {f"{_TEXT}p", f"{_TEXT}h"}
_ROW = f"{_TABLE}table-row"
_BLANKS = {f"{_TEXT}s": " ", f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
_REPEATED = {f"{_TEXT}{name}" for name in ("table-of-content", "alphabetical-index")}
_DELETED = f"{_TEXT}tracked-changes"
"""What was deleted is kept in the file."""

_BESIDE = {f"{_TEXT}note", f"{_OFFICE}annotation", f"{_TEXT}ruby-text"}
"""Remarks, which are beside the text and not in it."""

_TITLE, _LANGUAGE = (
    f"{{http://purl.org/dc/elements/1.1/}}{name}" for name in ("title", "language")
)
_ENCRYPTED = b"encryption-data"
_MANIFEST, _META = "META-INF/manifest.xml", "meta.xml"


def is_encrypted(data: bytes) -> bool:
    """Tell whether a file was saved with a password."""
    return _ENCRYPTED in _part(zipfile.ZipFile(io.BytesIO(data)), _MANIFEST)


def read(data: bytes) -> tuple[str | None, str | None, list[tuple[int, str]]]:
    """Return title, language and (page, paragraph), in order; a row of a table is one.

    The slides of a presentation are its pages, from 1; a text has none, and 0 stands for that.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    root = _parsed(archive.read("content.xml"))
    slides = list(root.iter(f"{_DRAWING}page"))
    parts = list(enumerate(slides, start=1)) or [(0, root)]
    found = [(page, text) for page, part in parts for text in _texts(part)]
    about = _part(archive, _META)
    facts = {one.tag: fold_space(one.text or "") for one in _parsed(about).iter()} if about else {}
    return facts.get(_TITLE) or None, facts.get(_LANGUAGE) or None, found


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    return archive.read(name) if name in archive.namelist() else b""


def _parsed(data: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    return etree.fromstring(data, parser)


def _texts(element: Any) -> Iterator[str]:
    """Yield the paragraphs in an element, and what is in frames after that which has them."""
    for child in element:
        if child.tag in _PARAGRAPHS:
            frames: list[Any] = []
            yield "".join(_words(child, frames))
            for frame in frames:
                yield from _texts(frame)
        elif child.tag == _ROW:
            yield " | ".join(" ".join(_texts(cell)) for cell in child)
        elif child.tag != _DELETED and child.tag not in _REPEATED | _BESIDE:
            yield from _texts(child)


def _words(element: Any, frames: list[Any]) -> Iterator[str]:
    """Yield the text of a paragraph piece by piece; frames in it are kept for later."""
    yield element.text or ""
    for child in element:
        tag = child.tag if isinstance(child.tag, str) else ""
        if tag in _BLANKS:
            yield _BLANKS[tag]
        elif tag.startswith(_DRAWING) and tag != f"{_DRAWING}a":
            frames.append(child)
        elif tag and tag not in _BESIDE:
            yield from _words(child, frames)
        yield child.tail or ""
