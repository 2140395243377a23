"""What a server answers becomes a page: its status heard, its bytes unpacked, its text UTF-8."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import httpcore

from retrieval import articles
from retrieval.errors import GoneError, LaterError, SourceError

PAGES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.presentation": ".odp",
}
"""The suffix that stands for each type of what is read as an article."""

LISTS = {
    "application/rss+xml": ".xml",
    "application/atom+xml": ".xml",
    "application/rdf+xml": ".xml",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
}
"""The same for feeds and sitemaps, which list articles."""

_MAX_RULES = 500_000
"""The bytes of a robots.txt that are read; RFC 9309 asks for no more."""

_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Python has codecs that are no character sets, and some that need hours for some megabytes.
_CHARSETS = re.compile(
    r"utf-16(-[bl]e)?|iso8859-\d+|cp(125\d|866|874|932|949)|koi8-[ru]|mac-(roman|cyrillic)"
    r"|gb2312|gbk|gb18030|big5|euc_(jp|kr)|shift_jis|iso2022_jp"
)
# As browsers do: who names the narrower set means the wider one.
_WIDER = {"iso8859-1": "cp1252", "gb2312": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,60}", re.ASCII)
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE | re.ASCII)
_TEXTS = frozenset({".html", ".txt", ".md", ".xml"})
_SUFFIX = re.compile(r"\.(x?html?|md|markdown|txt|pdf|docx|pptx|od[tp])$", re.IGNORECASE)
_VALIDATOR = re.compile(r"[\x20-\x7e]{1,500}")
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Validators:
    """What a server said of a page, by which it knows whether that has changed since."""

    etag: str | None = None
    modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that ask for a page only if it has changed."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in named.items() if value}


NONE_KNOWN = Validators()
"""What is known of a page before the first visit."""


@dataclass(frozen=True)
class Page:
    """What a URL gave: ``url`` after redirects, the bytes, and a file name.

    The suffix of ``name`` names the format.  Text whose server names a character
    set is in UTF-8.  ``validators`` are sent back at the next visit.
    """

    url: str
    data: bytes
    name: PurePosixPath
    validators: Validators = NONE_KNOWN


class RefusalError(Exception):
    """Why a page is not taken and what to do, as the end of a sentence that its URL begins."""

    def __init__(self, reason: str, kind: type[SourceError] = SourceError) -> None:
        super().__init__(reason)
        self.kind = kind


def page(url: str, response: httpcore.Response, takes: Mapping[str, str]) -> Page:
    """Return what a server gives, if it is of a type that is taken.

    Raises:
        RefusalError: if it is not, or is too large, or not given at all.
    """
    _check_status(response.status)
    content_type = header(response, b"content-type")
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in takes:
        shown = kind if _MEDIA_TYPE.fullmatch(kind) else "of an unknown type"
        raise RefusalError(f"is {shown}; give the address of a web page, a text or a document.")
    path = unquote(urlsplit(url).path)
    is_markdown = kind == "text/plain" and path.lower().endswith(".md")
    suffix = ".md" if is_markdown else takes[kind]
    data = _body(response.iter_stream(), header(response, b"content-encoding").lower())
    charset = _CHARSET.search(content_type) if suffix in _TEXTS else None
    name = _SUFFIX.sub("", path.rstrip("/").rpartition("/")[2])
    stem = _safe(name) or _safe(urlsplit(url).netloc) or "page"
    return Page(
        url=url,
        data=_as_utf_8(data, charset.group(1)) if charset else data,
        name=PurePosixPath(stem + suffix),
        validators=Validators(_kept(response, b"etag"), _kept(response, b"last-modified")),
    )


def rules(response: httpcore.Response) -> str:
    """Return the text of a robots.txt; a server that has none makes no rules.

    Raises:
        RefusalError: if the server fails just now, so that its rules are not known.
    """
    status = response.status
    is_failing = (
        status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
    if is_failing:
        _check_status(status)
    if status != HTTPStatus.OK:
        return ""
    chunks, packing = response.iter_stream(), header(response, b"content-encoding").lower()
    return _body(chunks, packing, _MAX_RULES, is_cut=True).decode("utf-8", "replace")


def _check_status(status: int) -> None:
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise RefusalError(f"was not found (status {status}); check the address.", GoneError)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise RefusalError(
            f"cannot be had just now (status {status}); try again later.", LaterError
        )
    if status != HTTPStatus.OK:
        raise RefusalError(
            f"is not given to programs (status {status}); save it in a browser and add the file."
        )


def header(response: httpcore.Response, name: bytes) -> str:
    """Return the first value of a header, or an empty text."""
    values = (value for key, value in response.headers if key.lower() == name)
    return next(values, b"").decode("utf-8", "replace").strip()


def _kept(response: httpcore.Response, name: bytes) -> str | None:
    value = header(response, name)
    return value if _VALIDATOR.fullmatch(value) else None


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name)[:_LONGEST_NAME].strip("-.")


def _body(
    chunks: Iterable[bytes], packing: str, most: int | None = None, *, is_cut: bool = False
) -> bytes:
    """Return what a server sends, unpacked no further than to the limit; there it may be cut."""
    if packing not in {"", "identity", "gzip", "x-gzip"}:
        raise RefusalError("comes packed as was not asked for; save the page and add the file.")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packing.endswith("gzip") else None
    most = articles.MAX_BYTES if most is None else most
    body = bytearray()
    for chunk in chunks:
        room = most + 1 - len(body)
        body += unpacker.decompress(chunk, room) if unpacker else chunk
        if len(body) > most:
            if is_cut:
                return bytes(body[:most])
            raise RefusalError(
                f"has more than {most / 1e6:.0f} MB; save it, split it and add the files."
            )
        if unpacker and unpacker.unused_data:
            raise zlib.error("there is more after the end")
    if unpacker and not unpacker.eof:
        raise zlib.error("there is no end")
    return bytes(body)


def _as_utf_8(data: bytes, charset: str) -> bytes:
    """Return text in UTF-8, from the character set that its server names."""
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        name = charset
    # A mark outranks the server; ASCII is UTF-8, and what goes beyond it was misnamed.
    if name in {"utf-8", "ascii"} or data.startswith(_BYTE_ORDER_MARKS):
        return data
    refusal = RefusalError(
        f"cannot be read as {charset}, which its server names; save it as UTF-8 and add the file."
    )
    if not _CHARSETS.fullmatch(name):
        raise refusal
    try:
        return data.decode(_WIDER.get(name, name)).encode()
    except UnicodeError:
        raise refusal from None
