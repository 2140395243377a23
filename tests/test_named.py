"""The names and numbers of a question are looked for in the article."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.named import missing, office, repeats
from retrieval.types import Article

FINLAND = Article(
    id="finland",
    title="Finland votes",
    text="The Finns chose Stubb on Sunday; 70.7 percent came.",
    published=date(2024, 2, 11),
)


@pytest.mark.parametrize(
    ("question", "share"),
    [
        ("who won?", 0.0),
        ("Who won in Finland?", 0.0),
        ("Who won in Finland in 2024?", 0.0),
        ("Who won in Finland in 2018?", 0.5),
        ("Did Stubb meet Macron in Paris?", 2 / 3),
        ("What did 70.7 percent do?", 0.0),
        ("What did 7 percent do?", 1.0),
        ("What did Finland's voters do?", 0.0),
    ],
)
def test_what_the_article_lacks_is_counted(question: str, share: float) -> None:
    assert missing(question, FINLAND) == pytest.approx(share)


@given(st.text(max_size=200))
def test_any_question_has_a_share(question: str) -> None:
    assert 0 <= missing(question, FINLAND) <= 1


@pytest.mark.parametrize(
    ("question", "words", "is_repeated"),
    [
        ("who is the ambassador?", "the ambassador", True),
        ("who is the U.N. ambassador?", "ambassador to the United Nations", True),
        ("who is the ambassador?", "Magzhan Ilyassov", False),
        ("who is the ambassador?", "ambassador Magzhan Ilyassov", False),
        ("how many of the 164 were soldiers?", "164", True),
        ("what is WHO?", "a part of the United Nations", False),
    ],
)
def test_words_of_the_question_are_no_answer(question: str, words: str, is_repeated: bool) -> None:
    assert repeats(question, words) is is_repeated


@pytest.mark.parametrize(
    ("question", "stem"),
    [
        ("who is the ambassador?", "ambassador"),
        ("Who is Kazakhstan's ambassador to the U.N.?", "ambassador"),
        ("who was the mayor of London?", "mayor"),
        ("who was arrested?", None),
        ("who is Alexander Stubb?", None),
        ("who won?", None),
        ("what is the ambassador's car?", None),
    ],
)
def test_the_office_that_is_asked_for_is_known(question: str, stem: str | None) -> None:
    assert office(question) == stem
