"""Feeds and sitemaps become lists of pages, in bounded time and memory, whatever is sent.

A feed goes through a parser that mends what is broken, opens no other file, expands nothing
and goes no deeper than 256 levels; what remains of its first entries is then read as a feed.
"""

from __future__ import annotations

import html
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html.entities import html5
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from retrieval import articles
from retrieval.addresses import is_address
from retrieval.errors import SourceError
from retrieval.responses import Page

MOST_ENTRIES = 1_000
"""The entries of a feed that are looked at; the newest come first."""

MOST_ADDRESSES = 50_000
"""The addresses of a sitemap that are looked at; none may have more."""

_MOST_ELEMENTS = 100_000
_MOST_SITEMAP_ELEMENTS = 500_000
_MOST_ATTRIBUTES = 50
_FEEDS = frozenset({"rss", "feed", "RDF"})
_SITEMAPS = {"urlset": "url", "sitemapindex": "sitemap"}
_GZIP = b"\x1f\x8b"
_ROOT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:\s|<\?[^>]*>|<!--.*?-->)*<(?:rss|(?:\w+:)?(?:feed|RDF|urlset|sitemapindex))[\s>]",
    re.DOTALL,
)
_PROLOGUE = 5_000
_LONGEST_TITLE = 500
_ENTITY = re.compile(rb"&(\w{2,31});")
_XML_ENTITIES = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Item:
    """A page that is listed.

    ``content`` is what the feed itself carries of it, where that is the whole text.
    """

    url: str
    title: str | None = None
    published: date | None = None
    content: Page | None = None


@dataclass(frozen=True)
class Listing:
    """What a feed or sitemap lists: pages, or further sitemaps.

    ``is_cut`` tells that there is more, which is beyond the limits.
    """

    items: tuple[Item, ...] = ()
    sitemaps: tuple[str, ...] = ()
    is_cut: bool = False


def is_list(page: Page) -> bool:
    """Tell a feed or a sitemap from an article."""
    return page.name.suffix in {".xml", ".gz"} or bool(_ROOT.match(page.data[:_PROLOGUE]))


def read(page: Page) -> Listing:
    """Return what a feed or sitemap lists.

    Raises:
        SourceError: if it is neither.
    """
    data = _ENTITY.sub(_as_number, _unpacked(page))
    root, elements = _parsed(data)
    kind = _name(root) if root is not None else ""
    try:
        if kind in _SITEMAPS:
            return _sitemap(elements, kind)
        if root is not None and kind in _FEEDS:
            return _feed(root, elements, page)
    except etree.XMLSyntaxError:
        pass
    raise SourceError(
        f"{page.url} is neither a feed nor a sitemap; give the address of one, or of a web page."
    )


def _unpacked(page: Page) -> bytes:
    if not page.data.startswith(_GZIP):
        return page.data
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        data = unpacker.decompress(page.data, articles.MAX_BYTES + 1)
    except zlib.error:
        raise SourceError(f"{page.url} is packed, and broken; try again later.") from None
    if len(data) > articles.MAX_BYTES:
        raise SourceError(
            f"{page.url} has more than {articles.MAX_BYTES / 1e6:.0f} MB when it is unpacked; "
            "add its pages by themselves."
        )
    return data


def _as_number(entity: re.Match[bytes]) -> bytes:
    """Return a named character of HTML, which XML does not know, by its number."""
    if entity[1] in _XML_ENTITIES:
        return entity[0]
    characters = html5.get(entity[1].decode() + ";", "")
    return "".join(f"&#{ord(character)};" for character in characters).encode()


def _parsed(data: bytes) -> tuple[Any, Iterator[Any]]:
    """Return the root of a document, as far as it is parsed, and its elements as they end."""
    events = etree.iterparse(
        io.BytesIO(data),
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        _, root = next(events)
    except (etree.XMLSyntaxError, StopIteration):
        return None, iter(())
    return root, (element for event, element in events if event == "end")


def _name(element: Any) -> str:
    """Return the name without its namespace, also one that XML does not allow."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _sitemap(elements: Iterator[Any], kind: str) -> Listing:
    found: dict[str, None] = {}
    is_cut = False
    for count, element in enumerate(elements):
        if _name(element) == "loc" and _name(element.getparent()) == _SITEMAPS[kind]:
            if url := (element.text or "").strip():
                found[url] = None
        elif _name(element) == _SITEMAPS[kind]:
            element.clear()
        is_cut = len(found) >= MOST_ADDRESSES or count >= _MOST_SITEMAP_ELEMENTS
        if is_cut:
            break
    urls = tuple(filter(is_address, found))
    if kind == "sitemapindex":
        return Listing(sitemaps=urls, is_cut=is_cut)
    return Listing(tuple(map(Item, urls)), is_cut=is_cut)


def _feed(root: Any, elements: Iterator[Any], page: Page) -> Listing:
    import feedparser

    entries = 0
    is_cut = False
    for count, element in enumerate(elements):
        # feedparser's time grows with the square of the attributes of an element.
        if len(element.attrib) > _MOST_ATTRIBUTES:
            element.attrib.clear()
        entries += _name(element) in {"item", "entry"}
        is_cut = entries >= MOST_ENTRIES or count >= _MOST_ELEMENTS
        if is_cut:
            break
    # From a file and not from the bytes, which it would take for a path or an address.
    parsed = feedparser.parse(
        io.BytesIO(etree.tostring(root, encoding="utf-8")),
        response_headers={
            "content-location": page.url,
            "content-type": "application/xml; charset=utf-8",
        },
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    items = (_item(entry, page) for entry in parsed.entries[:MOST_ENTRIES])
    by_url = {item.url: item for item in reversed([item for item in items if item])}
    return Listing(tuple(reversed(by_url.values())), is_cut=is_cut)


def _item(entry: Any, page: Page) -> Item | None:
    url = str(entry.get("link") or "").strip()
    if not is_address(url):
        return None
    marked_up = str(entry.get("title") or "")[:_LONGEST_TITLE]
    title = html.unescape(_TAG.sub("", marked_up)).strip()
    return Item(url, title or None, _published(entry), _content(entry, title, page))


def _published(entry: Any) -> date | None:
    # Of the dictionary itself: feedparser's own way gives the one for the other, with a warning.
    moment = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    try:
        return date(*moment[:3]) if moment else None
    except ValueError:
        return None


def _content(entry: Any, title: str, page: Page) -> Page | None:
    """Return the whole text of an entry, as the page that it would be."""
    for content in entry.get("content") or ():
        text = str(content.get("value") or "").strip()
        if text and content.get("type") == "text/plain":
            return Page(page.url, text.encode(errors="replace"), PurePosixPath("entry.txt"))
        if text:
            document = (
                f'<html><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>'
                f"<body><article>{text}</article></body></html>"
            )
            data = document.encode(errors="replace")
            return Page(page.url, data, PurePosixPath("entry.html"))
    return None
