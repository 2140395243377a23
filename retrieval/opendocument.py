"""The paragraphs of OpenDocument texts and presentations, as LibreOffice writes them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from retrieval.types import fold_space

_PARAGRAPHS = {"text:p", "text:h"}
_NOT_TEXT = {"text:tracked-changes", "text:table-of-content", "text:alphabetical-index"}
"""What was deleted is kept in the file; a table of contents repeats the headings."""

_REMARKS = "descendant::office:annotation | descendant::text:note"
_ENCRYPTED = b"encryption-data"
_MANIFEST = "META-INF/manifest.xml"


def is_encrypted(data: bytes) -> bool:
    """Tell whether a file was saved with a password."""
    return _ENCRYPTED in zipfile.ZipFile(io.BytesIO(data)).read(_MANIFEST)


def read(data: bytes) -> tuple[str | None, str | None, list[tuple[int, str]]]:
    """Return title, language and (page, paragraph), in order; a row of a table is one.

    The slides of a presentation are its pages, from 1; a text has none, and 0 stands for that.
    """
    from odfdo import Document

    document = Document(io.BytesIO(data))
    body = document.body
    for remark in body.get_elements(_REMARKS):
        remark.delete()  # which is beside the text, not in it
    slides = body.get_elements("draw:page")
    parts = list(enumerate(slides, start=1)) or [(0, body)]
    found = [(page, text) for page, part in parts for text in _texts(part)]
    return fold_space(document.meta.title or "") or None, document.meta.language or None, found


def _texts(element: Any) -> Iterator[str]:
    for child in element.children:
        if child.tag in _PARAGRAPHS:
            yield child.inner_text
        elif child.tag == "table:table-row":
            yield " | ".join(" ".join(_texts(cell)) for cell in child.children)
        elif child.tag not in _NOT_TEXT:
            yield from _texts(child)
