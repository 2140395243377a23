"""The nouns of Footnote, in the order in which data meets them.

Every offset counts Unicode code points of ``Article.text``; ``end`` is
exclusive, as in a Python slice.  A quote is never stored: it is sliced.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

_SPACE = re.compile(r"\s+")


def fold_space(text: str) -> str:
    r"""Return ``text`` on one line: ``"in two\n days"`` → ``"in two days"``."""
    return _SPACE.sub(" ", text).strip()


@dataclass(frozen=True)
class Article:
    """One source, as it is stored.

    ``text`` is normalised (see :func:`retrieval.articles.normalise`) and all
    offsets refer to it.  ``path`` is the file it was read from, if any; ``pages`` the offset
    at which each of its pages begins, in order, where it has pages; ``language`` the tag that
    the source gives, like ``"en-GB"``.
    """

    id: str
    title: str
    text: str = field(repr=False)
    url: str | None = None
    published: date | None = None
    path: str | None = None
    pages: tuple[int, ...] = ()
    language: str | None = None

    @cached_property
    def version(self) -> str:
        """Hash of what is embedded and quoted; it changes when the title or the text does."""
        return hashlib.sha256(f"{self.title}\0{self.text}".encode()).hexdigest()


@dataclass(frozen=True)
class Span:
    """A stretch of an article's text.

    Raises:
        ValueError: if the offsets do not lie within the text, in order.
    """

    article: Article
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= len(self.article.text):
            raise ValueError(
                f"span [{self.start}:{self.end}] does not lie within {self.article.id!r}, "
                f"which has {len(self.article.text)} characters"
            )

    @property
    def text(self) -> str:
        """The words themselves."""
        return self.article.text[self.start : self.end]

    @property
    def page(self) -> int | None:
        """The page on which it begins, from 1, where the article has pages."""
        return bisect_right(self.article.pages, self.start) or None


@dataclass(frozen=True)
class Passage(Span):
    """Whole sentences of an article, short enough for the embedding model to read.

    ``ordinal`` is its place in the article, from 0.
    """

    ordinal: int

    @property
    def key(self) -> str:
        """The passage's name in every index; it changes with the article's version."""
        return f"{self.article.id}@{self.article.version[:16]}#{self.ordinal}"


@dataclass(frozen=True)
class Hit:
    """A passage that search found; a greater ``score`` is better."""

    passage: Passage
    score: float


@dataclass(frozen=True)
class Claim:
    """One sentence that an answerer wants to say, and the spans that it says it from.

    ``short`` is the piece of the spans that answers by itself, if there is one.
    """

    text: str
    spans: tuple[Span, ...]
    short: str | None = None


@dataclass(frozen=True)
class Draft:
    """What an answerer proposes, before :func:`retrieval.citations.verify` has judged it.

    No claims means that the answerer abstains.  ``notice`` is a sentence for the person
    who asked, where the answer came about otherwise than they would expect.  One that is
    not ``is_whole`` is still being written.
    """

    question: str
    claims: tuple[Claim, ...] = ()
    notice: str | None = None
    is_whole: bool = True


@dataclass(frozen=True)
class Citation(Span):
    """A numbered span of an article.

    ``also`` are other copies of the article, by which it is confirmed no further.
    """

    number: int
    also: tuple[Article, ...] = ()

    @property
    def quote(self) -> str:
        """The words cited, sliced from the article."""
        return self.text


@dataclass(frozen=True)
class Statement:
    """One sentence of an answer and the numbers of the citations that it stands on."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """What is said in reply to a question.

    No statements means "the sources don't say"; ``closest`` then holds the
    nearest passages, which are offered and not claimed.  ``notice`` tells of an answer that
    came about otherwise than one would expect: offline, as the chat model did not reply.

    Raises:
        ValueError: if a statement has no citation, or if the numbers in the
            statements are not those of ``citations``: 1, 2, … k in order of
            first use.
    """

    question: str
    short: str | None = None
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    closest: tuple[Citation, ...] = ()
    notice: str | None = None

    def __post_init__(self) -> None:
        if any(not statement.numbers for statement in self.statements):
            raise ValueError("every statement needs a citation")
        used = dict.fromkeys(n for statement in self.statements for n in statement.numbers)
        expected = list(range(1, len(self.citations) + 1))
        if list(used) != expected or [c.number for c in self.citations] != expected:
            raise ValueError(
                f"statements use the numbers {list(used)}, "
                f"the citations are {[c.number for c in self.citations]}"
            )

    @property
    def answered(self) -> bool:
        """Whether the sources say anything."""
        return bool(self.statements)

    @property
    def text(self) -> str:
        """The statements with their numbers: ``"They left.[1] Ten stayed.[1][2]"``."""
        return " ".join(
            s.text + "".join(f"[{number}]" for number in s.numbers) for s in self.statements
        )

    def to_dict(self) -> Mapping[str, object]:
        """Return the answer as JSON-ready data; ``start`` and ``end`` count code points."""
        return {
            "question": self.question,
            "answered": self.answered,
            "short": self.short,
            "text": self.text,
            "statements": [{"text": s.text, "citations": list(s.numbers)} for s in self.statements],
            "citations": [_citation_dict(c) for c in self.citations],
            "closest": [_citation_dict(c) for c in self.closest],
            "notice": self.notice,
        }


def _citation_dict(citation: Citation) -> Mapping[str, object]:
    article = citation.article
    return {
        "number": citation.number,
        "source": article.id,
        "title": article.title,
        "url": article.url,
        "published": article.published.isoformat() if article.published else None,
        "path": article.path,
        "page": citation.page,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "also": [{"source": one.id, "title": one.title, "url": one.url} for one in citation.also],
    }
