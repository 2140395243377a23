"""A page of the web becomes an article, and no page of a private network does.

Whoever names the address may be a stranger, and whoever answers certainly is: so
there is a limit to what is visited (:mod:`retrieval.network`), waited for,
unpacked and believed.
"""

from __future__ import annotations

import codecs
import re
import socket
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from importlib.metadata import version
from pathlib import PurePosixPath

import httpcore
import httpx

from retrieval import articles
from retrieval.errors import SourceError
from retrieval.network import SECONDS, Network, NotPublicError, NotTrustedError
from retrieval.types import Article, fold_space

_USER_AGENT = "footnote/{} (+https://pypi.org/project/footnote-bot/)"
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
}
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
_SUFFIX = re.compile(r"\.(x?html?|md|markdown|txt)$", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\w.-]+")
_PASSWORD = re.compile(r"//[^/\s]*@")
_LONGEST_NAME = 60
_LONGEST_SHOWN = 200


@dataclass(frozen=True)
class Page:
    """What a URL gave: ``url`` after redirects, the bytes, and a file name.

    The suffix of ``name`` names the format.  Text whose server names a character
    set is in UTF-8.
    """

    url: str
    data: bytes
    name: PurePosixPath


class _RefusalError(Exception):
    """Why a page is not taken and what to do, as the end of a sentence that its URL begins."""


_REASONS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((NotPublicError,), "is not on the public internet; save the page and add the file."),
    ((NotTrustedError,), "has no secure connection that can be trusted; check the address."),
    ((socket.gaierror,), "has a host that cannot be found; check its spelling."),
    (
        (TimeoutError, httpcore.TimeoutException),
        "took too long to answer; try again later, or save the page and add the file.",
    ),
    (
        (httpcore.ConnectError, OSError),
        "takes no connection; check the address, or try again later.",
    ),
    (
        (httpx.InvalidURL, ValueError),
        "is no web address; write one like https://example.org/page.",
    ),
    (
        (httpcore.NetworkError, httpcore.ProtocolError, zlib.error),
        "gave a broken answer; try again later, or save the page and add the file.",
    ),
)


def fetch(url: str, *, allow_private: bool = False) -> Page:
    """Return the page or text file at a URL, after at most five redirects.

    Only public addresses are visited, unless ``allow_private``.

    Raises:
        SourceError: if it cannot be had, is too large, or is not text.
    """
    shown = _PASSWORD.sub("//", fold_space(articles.normalise(url)))[:_LONGEST_SHOWN] or "That"
    try:
        return _follow(_web_address(httpx.URL(url.strip())), Network(allow_private))
    except _RefusalError as error:
        raise SourceError(f"{shown} {error}") from error
    except tuple(kind for kinds, _ in _REASONS for kind in kinds) as error:
        reason = next(reason for kinds, reason in _REASONS if isinstance(error, kinds))
        raise SourceError(f"{shown} {reason}") from error


def read(url: str, article_id: str, *, allow_private: bool = False) -> Article:
    """Return the article at a URL.

    Its ``url`` is where it was found, after redirects.  An address that the page
    gives as its own is taken instead only if scheme, host and port are the same,
    so that no page can make its citations point at another site.

    Raises:
        SourceError: if it cannot be fetched, or holds no readable text.
    """
    page = fetch(url, allow_private=allow_private)
    article = articles.parse(page.data, page.name, article_id)
    return replace(article, path=None, url=_link(httpx.URL(page.url), article.url))


def _link(found: httpx.URL, named: str | None) -> str:
    try:
        own = _web_address(httpx.URL(named or ""))
    except (_RefusalError, httpx.InvalidURL, ValueError):
        own = found
    is_same = (own.scheme, own.netloc) == (found.scheme, found.netloc)
    return str(own if is_same else found)


def _web_address(url: httpx.URL) -> httpx.URL:
    """Return a URL that may be visited, without its fragment."""
    is_port = url.port is None or 0 < url.port < 2**16
    if url.scheme not in {"http", "https"} or not url.raw_host or not is_port:
        raise httpx.InvalidURL(str(url))
    if url.userinfo:
        raise _RefusalError("has a user name or a password before its host; leave that out.")
    return url.copy_with(fragment=None)


def _follow(url: httpx.URL, network: Network) -> Page:
    # Of its own accord, httpx takes certificates from places that the environment names.
    tls = httpx.create_ssl_context(trust_env=False)
    with httpcore.ConnectionPool(tls, network_backend=network) as pool:
        for _ in range(_MAX_REDIRECTS + 1):
            with pool.stream(
                "GET",
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers={
                    "Host": url.netloc,
                    "User-Agent": _USER_AGENT.format(version("footnote-bot")),
                    "Accept": ", ".join(_SUFFIXES),
                    "Accept-Encoding": "gzip",
                },
                extensions={"timeout": SECONDS},
            ) as response:
                location = _header(response, b"location")
                if response.status not in _REDIRECTS or not location:
                    return _page(url, response)
            try:
                url = _web_address(url.join(location))
            except (_RefusalError, httpx.InvalidURL, ValueError) as error:
                raise _RefusalError(
                    "leads on to what is no web address; give that of the page itself."
                ) from error
    raise _RefusalError(f"leads on more than {_MAX_REDIRECTS} times; give the last address.")


def _page(url: httpx.URL, response: httpcore.Response) -> Page:
    _check_status(response.status)
    content_type = _header(response, b"content-type")
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _SUFFIXES:
        shown = kind if _MEDIA_TYPE.fullmatch(kind) else "of an unknown type"
        raise _RefusalError(f"is {shown}; give the address of a web page or a text file.")
    is_markdown = kind == "text/plain" and url.path.lower().endswith(".md")
    suffix = ".md" if is_markdown else _SUFFIXES[kind]
    data = _body(response.iter_stream(), _header(response, b"content-encoding").lower())
    charset = _CHARSET.search(content_type)
    name = _SUFFIX.sub("", url.path.rstrip("/").rpartition("/")[2])
    stem = _safe(name) or _safe(url.netloc.decode()) or "page"
    return Page(
        url=str(url),
        data=_as_utf_8(data, charset.group(1)) if charset else data,
        name=PurePosixPath(stem + suffix),
    )


def _check_status(status: int) -> None:
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise _RefusalError(f"was not found (status {status}); check the address.")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _RefusalError(f"cannot be had just now (status {status}); try again later.")
    if status != HTTPStatus.OK:
        raise _RefusalError(
            f"is not given to programs (status {status}); save it in a browser and add the file."
        )


def _header(response: httpcore.Response, name: bytes) -> str:
    values = (value for key, value in response.headers if key.lower() == name)
    return next(values, b"").decode("utf-8", "replace").strip()


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name)[:_LONGEST_NAME].strip("-.")


def _body(chunks: Iterable[bytes], packing: str) -> bytes:
    """Return what a server sends, unpacked no further than to the limit."""
    if packing not in {"", "identity", "gzip", "x-gzip"}:
        raise _RefusalError("comes packed as was not asked for; save the page and add the file.")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packing.endswith("gzip") else None
    body = bytearray()
    for chunk in chunks:
        room = articles.MAX_BYTES + 1 - len(body)
        body += unpacker.decompress(chunk, room) if unpacker else chunk
        if len(body) > articles.MAX_BYTES:
            limit = f"{articles.MAX_BYTES / 1e6:.0f} MB"
            raise _RefusalError(f"has more than {limit}; save it, split it and add the files.")
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
    refusal = _RefusalError(
        f"cannot be read as {charset}, which its server names; save it as UTF-8 and add the file."
    )
    if not _CHARSETS.fullmatch(name):
        raise refusal
    try:
        return data.decode(_WIDER.get(name, name)).encode()
    except UnicodeError:
        raise refusal from None
