"""Addresses of the web, as they are told from paths and kept as ids."""

from __future__ import annotations

from retrieval.articles import normalise
from retrieval.store import Source
from retrieval.types import fold_space


def is_address(place: str) -> bool:
    """Tell an address of the web from a path."""
    return place.lower().startswith(("http://", "https://"))


def as_id(url: str) -> str:
    """Return the id of the article at an address: the address, without its fragment."""
    return fold_space(normalise(url)).partition("#")[0]


def address(source: Source) -> str | None:
    """Return where an article was fetched, or None if it came from a file."""
    return source.id if is_address(source.id) else source.fetched.feed


def feed(source: Source) -> str | None:
    """Return the address of the feed or sitemap that listed an article, or None if none did."""
    return source.fetched.feed if is_address(source.id) else None
