"""Words, stop words and stems: how a text is seen by full-text search."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings

from retrieval import terms
from tests import strategies


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("How many were arrested?", ["How", "many", "were", "arrested"]),
        ("A 7.8 quake, 10,000 dead.", ["A", "7.8", "quake", "10,000", "dead"]),
        ("It cost $4.037, or 3.5%.", ["It", "cost", "4.037", "or", "3.5"]),
        ("In 2023, 5 left", ["In", "2023", "5", "left"]),
        ("the café’s co-owner", ["the", "café", "s", "co", "owner"]),
        ("naïve Ärger Łódź", ["naïve", "Ärger", "Łódź"]),
        ("שלום мир 今天", ["שלום", "мир", "今天"]),
        ("!? 👩‍🚀 …", []),
        ("", []),
    ],
)
def test_words_and_numbers_are_told_apart_from_signs(text: str, words: list[str]) -> None:
    assert [match.group() for match in terms.words(text)] == words


def test_a_word_knows_where_it_stands() -> None:
    text = "A 7.8 quake"
    assert [text[slice(*match.span())] for match in terms.words(text)] == ["A", "7.8", "quake"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("How many were arrested?", ["arrested"]),
        ("Who is the president of Finland?", ["president", "Finland"]),
        ("WHAT DID THE MAYOR SAY", ["MAYOR", "SAY"]),
        ("how many of the 10,000 left?", ["10,000", "left"]),
        ("Who are you?", ["Who", "are", "you"]),
        ("the", ["the"]),
        ("?", []),
    ],
)
def test_content_words_are_those_that_are_no_stop_words_or_all_of_them(
    text: str, words: list[str]
) -> None:
    assert terms.content_words(text) == words


@pytest.mark.parametrize(
    "words",
    [
        ("arrest", "Arrest", "ARRESTED", "arrests", "arresting"),
        ("café", "Café", "CAFÉS", "cafe", "cafe\u0301"),
        ("running", "runs", "run"),
        ("houses", "house"),
    ],
)
def test_forms_of_one_word_have_one_stem(words: tuple[str, ...]) -> None:
    assert len({terms.stem(word) for word in words}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("arrest", "rest"), ("10,000", "1,000"), ("7.8", "78"), ("house", "horse"), ("мир", "пир")],
)
def test_different_words_have_different_stems(one: str, other: str) -> None:
    assert terms.stem(one) != terms.stem(other)


@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("How many were arrested?", ["arrest"]),
        ("The arrested, the arresting and the ARREST", ["arrest"]),
        ("10,000 arrests in 10,000 houses", ["10,000", "arrest", "hous"]),
        ("Who was it?", ["who", "wa", "it"]),
        ("", []),
    ],
)
def test_stems_are_those_of_the_content_words_each_once_in_order(
    text: str, stems: list[str]
) -> None:
    assert terms.stems(text) == stems


@pytest.mark.parametrize("text", ["Stéphane Dujarric", "Ångström"])
def test_an_accent_that_is_typed_apart_does_not_tear_a_word(text: str) -> None:
    assert terms.stems(unicodedata.normalize("NFD", text)) == terms.stems(text)


@settings(max_examples=80)
@given(strategies.stored_texts)
def test_every_text_has_stems_each_once_without_blanks_or_capitals(text: str) -> None:
    stems = terms.stems(text)
    assert len(set(stems)) == len(stems)
    assert all(stem == stem.lower() and not any(map(str.isspace, stem)) for stem in stems)
    assert bool(stems) == any(character.isalnum() or character == "_" for character in text)


@settings(max_examples=80)
@given(strategies.stored_texts, strategies.stored_texts)
def test_what_two_texts_share_is_what_their_stems_have_in_common(one: str, other: str) -> None:
    wanted = terms.stems(f"{one} rains ay the s")
    for text in (other, f"It rained, ay's {one}", "the s"):
        assert terms.shared(wanted, text) == set(wanted) & set(terms.stems(text))


def test_many_threads_may_stem_at_once() -> None:
    some = [f"{word}{number}ations" for number in range(400) for word in ("organ", "relation")]
    alone = [terms.stem.__wrapped__(word) for word in some]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(terms.stem.__wrapped__, some * 5))
    assert together == alone * 5
