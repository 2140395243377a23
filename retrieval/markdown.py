"""Markdown becomes plain text, and its front matter facts about an article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import PurePath

from markdown_it import MarkdownIt
from markdown_it.token import Token

from retrieval.errors import SourceError
from retrieval.types import fold_space

_HTML_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_WRONG_VALUES = (ValueError, LookupError, AttributeError)
"""What PyYAML raises where a value is not of the type that its tag names."""


@dataclass(frozen=True)
class Markdown:
    """The text of a file, and what it says of itself."""

    text: str
    title: str | None
    url: str | None
    published: date | None
    language: str | None


def read(text: str, path: PurePath) -> Markdown:
    """Return what a file holds, whose lines end with newlines.

    Raises:
        SourceError: if its front matter is not what it should be.
    """
    meta, body = _front_matter(text, path)
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    return Markdown(
        "\n\n".join(_blocks(tokens)),
        title=_scalar(meta.get("title")) or _first_heading(tokens),
        url=_scalar(meta.get("url")),
        published=day(meta.get("published"), path),
        language=_scalar(meta.get("language")),
    )


def _front_matter(text: str, path: PurePath) -> tuple[dict[str, object], str]:
    """Return the facts between two opening rules, and what follows; no facts, no rules."""
    import yaml

    class PlainLoader(yaml.SafeLoader):
        """Refuses aliases, by which some bytes grow to gigabytes."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not allowed")
            return super().compose_node(parent, index)

    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    try:
        meta = yaml.load(match.group(1), PlainLoader)  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, RecursionError, *_WRONG_VALUES) as error:
        raise SourceError(
            f"{path} has front matter that is not valid YAML ({fold_space(str(error))[:120]}); "
            "mend it, or remove the lines between the two '---'."
        ) from None
    return (meta, text[match.end() :]) if isinstance(meta, dict) else ({}, text)


def _blocks(tokens: list[Token]) -> Iterator[str]:
    """Yield the plain text of each block of Markdown, a table's row as one block."""
    row: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield " | ".join(row)
            row = None
        elif token.type == "inline":
            text = _inline(token.children or [])
            if row is None:
                yield text
            else:
                row.append(text)
        elif token.type in {"fence", "code_block"}:
            yield token.content


def _inline(tokens: list[Token]) -> str:
    return "".join(map(_inline_text, tokens))


def _inline_text(token: Token) -> str:
    if token.type == "image":
        return _inline(token.children or [])
    if token.type in {"text", "code_inline"}:
        return token.content
    if token.type == "softbreak":
        return " "
    is_break = token.type == "hardbreak" or _HTML_BREAK.match(token.content)
    return "\n" if is_break else ""


def _first_heading(tokens: list[Token]) -> str | None:
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            return _inline(inline.children or [])
    return None


def _scalar(value: object) -> str | None:
    """Return a value of front matter as text; None for a list, a mapping or an endless number."""
    try:
        return str(value) if isinstance(value, str | int | float | date) else None
    except ValueError:
        return None


def day(value: object, path: PurePath) -> date | None:
    """Return a date as it stands in front matter or the head of a page.

    Raises:
        SourceError: if it is none.
    """
    if value is None or isinstance(value, datetime):
        return value.date() if value else None
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(_scalar(value) or "").date()
    except ValueError:
        raise SourceError(
            f"{path} has published: {fold_space(_scalar(value) or '')[:40]!r}; write the date as "
            "2022-01-31."
        ) from None
