"""An expected answer is found as whole words and whole numbers, and nothing less."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.checks import assert_cites
from bot.checks.matching import holds, is_expected, is_named, says
from retrieval.types import Answer, Article, Citation, Statement

ARTICLE = Article(
    id="unrest.md",
    title="Unrest in Kazakhstan",
    text="The unrest killed 164.\n\nNearly 10,000 have\nbeen arrested.",
)
ARRESTED = Citation(ARTICLE, 24, len(ARTICLE.text), 1)
ANSWER = Answer(
    "how many were arrested?",
    "Nearly 10,000",
    (Statement("Nearly 10,000 have been arrested.", (1,)),),
    (ARRESTED,),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nearly 10,000", "nearly 10,000"),
        ("nearly 10,000 people", "10,000"),
        ("on Tuesday, August 8", "August 8"),
        ("8 to\n10  days", "to 10 days"),
        ("six republics", "six"),
        ("a six-wheeled rover", "six"),
        ("about $75 million", "$75 million"),
        ("KARIKÓ", "Karikó"),
        ("7:14 p.m. Eastern time", "7:14 p.m."),
        ("−5 °C", "−5"),
        ("nearly 10,000", "/near?ly [0-9,]+$/"),
        ("9 or 10", "/^9 or 10$/"),
        ("a / b", "/"),
    ],
)
def test_words_are_found_whole_whatever_their_case_and_spacing(text: str, expected: str) -> None:
    assert says(text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10,000", "nearly 10,000"),
        ("110,000", "10,000"),
        ("1,110,000", "110"),
        ("10,000", "10"),
        ("10,000.5", "10,000"),
        ("7.5", "5"),
        ("7:14", "14"),
        ("twenty-six", "six"),
        ("six hundred", "six"),
        ("twenty six", "six"),
        ("one hundred and six", "six"),
        ("two and a half", "two"),
        ("aged 2-5", "5"),
        ("3–1", "1"),
        ("5 000", "000"),
        ("5 000", "5"),
        ("4.2 million", "4.2"),
        ("−5 °C", "5"),
        ("-5 °C", "5"),
        ("artist", "art"),
        ("Sandviken", "Sandvik"),
        ("nearly 10,000", "/^10/"),
        ("Kazakhstan", "/kazakhstan/"),
    ],
)
def test_a_part_of_a_word_or_number_is_not_it(text: str, expected: str) -> None:
    assert not says(text, expected)


@pytest.mark.parametrize("name", ["unrest.md", "Kazakhstan", "kazakh", "UNREST IN"])
def test_an_article_goes_by_its_id_or_a_part_of_its_title(name: str) -> None:
    assert is_named(ARTICLE, name)


@pytest.mark.parametrize("name", ["rest.md", "unrest", "Belarus"])
def test_part_of_another_id_is_no_name(name: str) -> None:
    assert is_named(replace(ARTICLE, title="Blue helmets"), name) is False


def test_a_quote_holds_words_that_are_wrapped_otherwise() -> None:
    assert holds(ARRESTED, "have been arrested")
    assert holds(ARRESTED, "10,000 have\n been")
    assert not holds(ARRESTED, "have been released")


def test_a_list_means_that_one_of_it_will_do() -> None:
    assert is_expected(ARRESTED, ("belarus", "kazakhstan"), ("never", "have been arrested"))
    assert is_expected(ARRESTED, (), ())
    assert not is_expected(ARRESTED, ("belarus",), ("have been arrested",))
    assert not is_expected(ARRESTED, ("kazakhstan",), ("The unrest killed",))


def test_assert_cites_is_content_with_a_citation_that_satisfies_all() -> None:
    assert_cites(ANSWER)
    assert_cites(ANSWER, source="unrest.md")
    assert_cites(ANSWER, source="kazakhstan", quote="have been arrested")


def test_assert_cites_says_what_there_is_instead() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_cites(ANSWER, source="belarus", quote="released")
    assert str(raised.value).splitlines() == [
        "no citation of source 'belarus' with the words 'released'",
        "question: how many were arrested?",
        "answer:   Nearly 10,000 have been arrested.[1]",
        "it cites:",
        "[1] unrest.md: 'Nearly 10,000 have\\nbeen arrested.'",
    ]


def test_assert_cites_fails_where_nothing_is_answered() -> None:
    with pytest.raises(AssertionError, match="the sources do not say"):
        assert_cites(Answer("how many were arrested?"))


def test_assert_cites_wants_source_and_quote_of_one_citation() -> None:
    other = replace(ARTICLE, id="other.md", title="Other")
    both = replace(
        ANSWER,
        statements=(Statement("Nearly 10,000 have been arrested.", (1, 2)),),
        citations=(ARRESTED, Citation(other, 0, 22, 2)),
    )
    assert_cites(both, source="other.md", quote="killed 164")
    with pytest.raises(AssertionError):
        assert_cites(both, source="other.md", quote="have been arrested")
