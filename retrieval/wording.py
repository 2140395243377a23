"""Dates, pages and counts in words, the same wherever a person reads them."""

from __future__ import annotations

from datetime import date


def dated(day: date) -> str:
    """Return a day in full: ``9 September 2023``."""
    return f"{day.day} {day:%B %Y}"


def paged(page: int) -> str:
    """Return the number of a page as it stands in a reference: ``p. 3``."""
    return f"p. {page}"


def counted(count: int, thing: str) -> str:
    """Return how many there are of a thing, named in the singular: ``2 articles``."""
    return f"{count} {thing}{'' if count == 1 else 's'}"
