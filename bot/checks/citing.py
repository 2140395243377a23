"""An assertion for tests in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.types import Answer


def assert_cites(answer: Answer, *, source: str | None = None, quote: str | None = None) -> None:
    """Assert that an answer cites a source, by words that its quote has in it.

    ``source`` is an article's id or part of its title.  With both given, one citation
    has to satisfy both; with neither, any citation will do.

    Raises:
        AssertionError: if no citation is so; it lists those that there are.
    """
    __tracebackhide__ = True
    from bot.checks.matching import is_expected

    sources, quotes = (source,) if source else (), (quote,) if quote else ()
    if any(is_expected(citation, sources, quotes) for citation in answer.citations):
        return
    wanted = " with ".join(
        [f"source {source!r}"] * bool(source) + [f"the words {quote!r}"] * bool(quote)
    )
    given = [f"[{c.number}] {c.article.id}: {c.quote!r}" for c in answer.citations]
    raise AssertionError(
        "\n".join(
            [
                f"no citation of {wanted}" if wanted else "no citation",
                f"question: {answer.question}",
                f"answer:   {answer.text or 'none; it says that the sources do not say'}",
                *(["it cites:", *given] if given else []),
            ]
        )
    )
