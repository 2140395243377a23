"""A page of the web becomes an article, and no page of a private network does.

Whoever names the address may be a stranger, and whoever answers certainly is: so
there is a limit to what is visited (:mod:`retrieval.network`), waited for,
unpacked and believed.
"""

from __future__ import annotations

import re
import socket
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from importlib.metadata import version
from typing import TypeVar

import httpcore
import httpx

from retrieval import articles, responses
from retrieval.errors import LaterError, SourceError
from retrieval.network import SECONDS, Network, NotPublicError, NotTrustedError
from retrieval.responses import NONE_KNOWN, PAGES, Page, RefusalError, Validators
from retrieval.types import Article, fold_space

_USER_AGENT = "footnote/{} (+https://pypi.org/project/footnote-bot/)"
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSWORD = re.compile(r"//[^/\s]*@")
_LONGEST_SHOWN = 200

T = TypeVar("T")

Permit = Callable[[str], None]
"""Told each address before it is visited, redirects' too; what it raises ends the visit."""


def freely(_: str) -> None:
    """Permit any visit."""


_REASONS: tuple[tuple[tuple[type[Exception], ...], type[SourceError], str], ...] = (
    (
        (NotPublicError,),
        SourceError,
        "is not on the public internet; save the page and add the file.",
    ),
    (
        (NotTrustedError,),
        SourceError,
        "has no secure connection that can be trusted; check the address.",
    ),
    ((socket.gaierror,), LaterError, "has a host that cannot be found; check its spelling."),
    (
        (TimeoutError, httpcore.TimeoutException),
        LaterError,
        "took too long to answer; try again later, or save the page and add the file.",
    ),
    (
        (httpcore.ConnectError, OSError),
        LaterError,
        "takes no connection; check the address, or try again later.",
    ),
    (
        (httpx.InvalidURL, ValueError),
        SourceError,
        "is no web address; write one like https://example.org/page.",
    ),
    (
        (httpcore.NetworkError, httpcore.ProtocolError, zlib.error),
        LaterError,
        "gave a broken answer; try again later, or save the page and add the file.",
    ),
)


def fetch(
    url: str,
    *,
    allow_private: bool = False,
    permit: Permit = freely,
    takes: Mapping[str, str] = PAGES,
) -> Page:
    """Return the page or text file at a URL, after at most five redirects.

    Args:
        url: its address.
        allow_private: whether others than public addresses may be visited.
        permit: may refuse a visit, or delay it.
        takes: the types that are taken, each with a suffix.

    Raises:
        GoneError: if it is not there any more.
        LaterError: if it cannot be had just now.
        SourceError: if it cannot be had, is too large, or is of another type.
    """
    visit = _Visit(allow_private, permit, takes)
    return visit.to(url, lambda at, response: responses.page(at, response, takes))


def revisit(
    url: str,
    known: Validators,
    *,
    allow_private: bool = False,
    permit: Permit = freely,
    takes: Mapping[str, str] = PAGES,
) -> Page | None:
    """Return the page at a URL as :func:`fetch` does, or None if it is still the known one.

    Raises:
        GoneError: if it is not there any more.
        LaterError: if it cannot be had just now.
        SourceError: if it cannot be had, is too large, or is of another type.
    """

    def take(at: str, response: httpcore.Response) -> Page | None:
        is_same = bool(known.headers) and response.status == HTTPStatus.NOT_MODIFIED
        return None if is_same else responses.page(at, response, takes)

    return _Visit(allow_private, permit, takes, known).to(url, take)


def rules(url: str, *, allow_private: bool = False) -> str:
    """Return the robots.txt at a URL; an empty text if there is none.

    Raises:
        SourceError: if it cannot be known whether there is one.
    """
    visit = _Visit(allow_private, freely, {"text/plain": ".txt"})
    return visit.to(url, lambda _, response: responses.rules(response))


def article(page: Page, article_id: str) -> Article:
    """Return the article that a page holds.

    Its ``url`` is where it was found, after redirects.  An address that the page
    gives as its own is taken instead only if scheme, host and port are the same,
    so that no page can make its citations point at another site.

    Raises:
        SourceError: if it holds no readable text.
    """
    found = articles.parse(page.data, page.name, article_id)
    return replace(found, path=None, url=link(page.url, found.url))


def link(found: str, named: str | None) -> str:
    """Return the address that a page names as its own, if it is of the site it was found at."""
    at = httpx.URL(found)
    try:
        own = _web_address(httpx.URL(named or ""))
    except (RefusalError, httpx.InvalidURL, ValueError):
        own = at
    is_same = (own.scheme, own.netloc) == (at.scheme, at.netloc)
    return str(own if is_same else at)


def _web_address(url: httpx.URL) -> httpx.URL:
    """Return a URL that may be visited, without its fragment."""
    is_port = url.port is None or 0 < url.port < 2**16
    if url.scheme not in {"http", "https"} or not url.raw_host or not is_port:
        raise httpx.InvalidURL(str(url))
    if url.userinfo:
        raise RefusalError("has a user name or a password before its host; leave that out.")
    return url.copy_with(fragment=None)


@dataclass(frozen=True)
class _Visit:
    """A visit to a URL, and to where that leads."""

    allow_private: bool
    permit: Permit
    takes: Iterable[str]
    known: Validators = NONE_KNOWN

    def to(self, url: str, take: Callable[[str, httpcore.Response], T]) -> T:
        """Return what is taken from the answer at the last address."""
        shown = _PASSWORD.sub("//", fold_space(articles.normalise(url)))[:_LONGEST_SHOWN] or "That"
        try:
            return self._follow(_web_address(httpx.URL(url.strip())), take)
        except RefusalError as error:
            raise error.kind(f"{shown} {error}") from error
        except tuple(failure for failures, *_ in _REASONS for failure in failures) as error:
            kind, reason = next(
                (kind, reason) for failures, kind, reason in _REASONS if isinstance(error, failures)
            )
            raise kind(f"{shown} {reason}") from error

    def _follow(self, url: httpx.URL, take: Callable[[str, httpcore.Response], T]) -> T:
        network = Network(self.allow_private)
        # Of its own accord, httpx takes certificates from places that the environment names.
        tls = httpx.create_ssl_context(trust_env=False)
        with httpcore.ConnectionPool(tls, network_backend=network) as pool:
            for _ in range(_MAX_REDIRECTS + 1):
                self.permit(str(url))
                with pool.stream(
                    "GET",
                    httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=self._headers(url),
                    extensions={"timeout": SECONDS},
                ) as response:
                    location = responses.header(response, b"location")
                    if response.status not in _REDIRECTS or not location:
                        return take(str(url), response)
                try:
                    url = _web_address(url.join(location))
                except (RefusalError, httpx.InvalidURL, ValueError) as error:
                    raise RefusalError(
                        "leads on to what is no web address; give that of the page itself."
                    ) from error
        raise RefusalError(f"leads on more than {_MAX_REDIRECTS} times; give the last address.")

    def _headers(self, url: httpx.URL) -> dict[bytes | str, bytes | str]:
        headers: dict[bytes | str, bytes | str] = {
            "Host": url.netloc,
            "User-Agent": _USER_AGENT.format(version("footnote-bot")),
            "Accept": ", ".join(self.takes),
            "Accept-Encoding": "gzip",
        }
        headers.update(self.known.headers)
        return headers
