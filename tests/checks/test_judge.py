"""An answer is judged by what its row expects, and by what holds for every answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.checks.judge import judge
from bot.checks.questions import Row
from retrieval.types import Answer, Article, Citation, Statement

FIRST = Article(
    id="first.md",
    title="The fire, a first count (part 1; updated)",
    text="The fire killed at least 36 people. About 2,100 did not sleep at home.",
)
SECOND = Article(
    id="second.md",
    title="The fire, a later count",
    text="The fire killed 102 people, Green said.\nHe had counted twice.",
    published=date(2024, 5, 3),
)
ARTICLES = {article.id: article for article in (FIRST, SECOND)}
QUESTION = "how many were killed?"


def sentence(article: Article, number: int, words: str) -> Citation:
    start = article.text.index(words)
    return Citation(article, start, start + len(words), number)


KILLED = sentence(FIRST, 1, "The fire killed at least 36 people.")
LATER = sentence(SECOND, 1, "The fire killed 102 people, Green said.")
ONE = Answer(QUESTION, "at least 36", (Statement(KILLED.quote, (1,)),), (KILLED,))
TWO = Answer(
    QUESTION,
    "102 (3 May 2024); at least 36 (The fire, a first count (part 1; updated))",
    (Statement(LATER.quote, (1,)), Statement(KILLED.quote, (2,))),
    (LATER, replace(KILLED, number=2)),
)
WHOLE = Answer(QUESTION, None, (Statement(KILLED.quote, (1,)),), (KILLED,))
NONE = Answer(QUESTION, closest=(KILLED,))


def row(**expected: object) -> Row:
    return replace(Row(QUESTION, Path("my.questions.yaml"), 1), **expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ONE, row(answers=("36",))),
        (ONE, row(answers=("102", "at least 36"))),
        (ONE, row(answers=("/^at least \\d+$/",))),
        (ONE, row(sources=("first.md",))),
        (ONE, row(sources=("later count", "FIRST COUNT"))),
        (ONE, row(quotes=("killed at least",))),
        (WHOLE, row(answers=("at least 36 people",))),
        (WHOLE, row(answers=("/killed .* people/",))),
        (TWO, row(answers=("102", "at least 36"), sources=("later count",))),
        (NONE, row(unanswerable=True)),
    ],
)
def test_what_was_expected_passes(answer: Answer, expected: Row) -> None:
    assert judge(expected, answer, ARTICLES) == ()


@pytest.mark.parametrize(
    ("answer", "expected", "reason"),
    [
        (NONE, row(answers=("36",)), "declined to answer"),
        (ONE, row(unanswerable=True), "answered, though the sources don't say"),
        (ONE, row(answers=("nearly 36", "102")), "“at least 36” is not the expected answer"),
        (ONE, row(answers=("people",)), "“at least 36” is not the expected answer"),
        (TWO, row(answers=("102",)), "“at least 36” is not the expected answer"),
        (WHOLE, row(answers=("102",)), "the expected answer is not in the statements"),
        (ONE, row(sources=("second.md",)), "the expected source is not cited"),
        (ONE, row(quotes=("102",)), "the expected words are in no cited quote"),
    ],
)
def test_what_was_not_expected_fails_with_its_reason(
    answer: Answer, expected: Row, reason: str
) -> None:
    assert judge(expected, answer, ARTICLES) == (reason,)


def test_all_that_is_wrong_is_said() -> None:
    expected = row(answers=("102",), sources=("second.md",), quotes=("Green",))
    assert len(judge(expected, ONE, ARTICLES)) == 3


def stating(text: str) -> Answer:
    return replace(WHOLE, statements=(Statement(text, (1,)),))


def cited(citation: Citation) -> Answer:
    return Answer(QUESTION, None, (Statement(citation.quote, (1,)),), (citation,))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (stating("The fire killed at least 37 people."), "do not agree on “at least 37”"),
        (stating("The fire killed 36 people."), "do not agree on “36”"),
        (stating("The fire in Maui killed at least 36 people."), "do not agree on “Maui”"),
        (stating("The fire never killed at least 36 people."), "do not agree on “never”"),
        (stating("The flames took at least 36 lives."), "shares few words with its quotes"),
        (replace(ONE, short="2,100"), "the short answer “2,100” is in no quote"),
        (replace(ONE, short="3"), "the short answer “3” is in no quote"),
        (replace(ONE, short="36"), "“36” leaves out how sure its quote is of it"),
        (replace(TWO, short="102 (3 May 2024); 3 (9 May 2024)"), "is in no quote"),
        (cited(replace(KILLED, end=KILLED.end - 1)), "does not quote whole sentences"),
        (cited(replace(KILLED, start=4)), "does not quote whole sentences"),
        (cited(replace(KILLED, end=KILLED.end + 1)), "does not quote whole sentences"),
        (
            cited(sentence(SECOND, 1, "Green said.\nHe had counted twice.")),
            "does not quote whole sentences",
        ),
    ],
)
def test_what_no_answer_may_do_fails_whatever_was_expected(answer: Answer, reason: str) -> None:
    reasons = judge(row(sources=(answer.citations[0].article.id,)), answer, ARTICLES)
    assert reasons
    assert reason in reasons[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda article: replace(article, text=article.text.replace("36", "63")),
        lambda article: replace(article, text="An editor's note. " + article.text),
        lambda article: replace(article, id="gone.md"),
    ],
    ids=["tampered", "edited since", "removed since"],
)
@pytest.mark.parametrize("answer", [ONE, NONE], ids=["cited", "offered"])
def test_a_quote_that_the_store_does_not_have_fails(
    answer: Answer, change: Callable[[Article], Article]
) -> None:
    after = change(FIRST)
    expected = row(unanswerable=True) if answer is NONE else row(answers=("36",))
    assert judge(expected, answer, {after.id: after}) == (
        "citation 1 is not what first.md says there",
    )


def test_a_quote_of_two_whole_sentences_is_whole() -> None:
    answer = cited(Citation(FIRST, 0, len(FIRST.text), 1))
    assert judge(row(sources=("first.md",)), answer, ARTICLES) == ()
