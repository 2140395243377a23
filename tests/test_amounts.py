"""A number is a value and how sure its text is of it, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.amounts import Hedge, amounts

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
PHRASES = [(hedge, phrase) for hedge in Hedge if hedge.value for phrase in hedge.value.split("|")]
SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}

thousands = st.integers(0, 999_999_999)
below_a_thousand = st.integers(0, 999)
phrases = st.sampled_from(PHRASES)


def spelt(number: int) -> str:
    """Return a number below 1,000 in words, as it is spelt in English."""
    if number < 20:
        return _UNITS[number]
    if number < 100:
        tens, unit = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_UNITS[unit]}" if unit else "")
    hundreds, rest = divmod(number, 100)
    return f"{_UNITS[hundreds]} hundred" + (f" and {spelt(rest)}" if rest else "")


def meanings(text: str) -> list[tuple[Hedge, float]]:
    return [amount.meaning for amount in amounts(text)]


def values(text: str) -> list[float]:
    return [amount.value for amount in amounts(text)]


class TestTheSameNumber:
    @given(thousands)
    def test_with_and_without_separators_is_one_amount(self, number: int) -> None:
        assert meanings(f"{number:,} tons burned.") == [(Hedge.EXACTLY, float(number))]
        assert meanings(f"{number} tons burned.") == meanings(f"{number:,} tons burned.")

    @given(below_a_thousand.filter(lambda number: number != 1))
    def test_in_words_and_in_digits_is_one_amount(self, number: int) -> None:
        assert meanings(f"They lost {spelt(number)} tons.") == [(Hedge.EXACTLY, float(number))]

    @given(below_a_thousand, st.sampled_from(sorted(SCALES.items())))
    def test_with_a_scale_is_one_amount_in_words_and_in_digits(
        self, number: int, scale: tuple[str, float]
    ) -> None:
        word, factor = scale
        if number < 100:  # nobody writes "two hundred hundred"
            assert values(f"{spelt(number)} {word} tons") == [number * factor]
        assert values(f"{number} {word} tons") == [number * factor]

    @given(thousands, phrases)
    def test_means_another_thing_with_a_hedge(self, number: int, hedged: tuple[Hedge, str]) -> None:
        hedge, phrase = hedged
        assert meanings(f"It has {phrase} {number:,} pages.") == [(hedge, float(number))]

    @given(thousands, phrases, phrases)
    def test_is_one_amount_under_two_hedges_only_if_they_mean_the_same(
        self, number: int, left: tuple[Hedge, str], right: tuple[Hedge, str]
    ) -> None:
        said, quoted = (meanings(f"{phrase} {number} tons") for _, phrase in (left, right))
        assert (said == quoted) == (left[0] is right[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("10,000", 10_000, id="separator"),
        pytest.param("1,234,567", 1_234_567, id="separators"),
        pytest.param("7.8", 7.8, id="decimals"),
        pytest.param("1,234.5", 1234.5, id="both"),
        pytest.param("$4.5 billion", 4.5e9, id="currency and scale"),
        pytest.param("two hundred thousand", 200_000, id="hundred thousand"),
        pytest.param("a hundred", 100, id="a hundred"),
        pytest.param("a dozen", 12, id="a dozen"),
        pytest.param("three dozen", 36, id="dozens"),
        pytest.param("twenty-five", 25, id="hyphen"),
        pytest.param("one hundred and five", 105, id="and"),
        pytest.param("one hundred five", 105, id="without and"),
        pytest.param("Seven", 7, id="capital"),
        pytest.param("7-year-old", 7, id="hyphenated digits"),
        pytest.param("twelve-year-old", 12, id="hyphenated word"),
        pytest.param("10-million", 10e6, id="hyphenated scale"),
        pytest.param("21st", 21, id="ordinal in digits"),
        pytest.param("third", 3, id="ordinal word"),
        pytest.param("5%", 5, id="percent"),
        pytest.param("two\n   hundred", 200, id="over a line break"),
    ],
)
def test_a_number_has_its_value(text: str, value: float) -> None:
    assert meanings(text) == [(Hedge.EXACTLY, value)]


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        pytest.param("10,000", "1,000", id="a nought"),
        pytest.param("3.5", "35", id="a point"),
        pytest.param("$4.5 million", "$4.5 billion", id="a scale"),
        pytest.param("sixteen", "sixty", id="teen and ten"),
        pytest.param("6:04", "6:40", id="minutes"),
        pytest.param("164", "165", id="a digit"),
        pytest.param("nearly 10,000", "10,000", id="nearly"),
        pytest.param("nearly ten thousand", "more than 10,000", id="below and above"),
        pytest.param("at least 40", "at most 40", id="least and most"),
        pytest.param("less than 40", "more than 40", id="less and more"),
        pytest.param("at least 40", "more than 40", id="least and more"),
    ],
)
def test_different_amounts_differ(said: str, quoted: str) -> None:
    assert meanings(said) != meanings(quoted)


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        pytest.param("nearly 10,000", "almost ten thousand", id="nearly"),
        pytest.param("about 40", "roughly forty", id="about"),
        pytest.param("some 40", "an estimated 40", id="some"),
        pytest.param("fewer than seven", "less than 7", id="less"),
        pytest.param("no fewer than 40", "at least 40", id="least"),
        pytest.param("no more than 40", "up to 40", id="most"),
        pytest.param("over the 12", "more than 12", id="an article between"),
        pytest.param("more than a hundred", "more than 100", id="a hundred"),
        pytest.param("NEARLY 10", "nearly 10", id="case"),
        pytest.param("about $3 million", "around 3 million", id="currency"),
    ],
)
def test_the_same_hedge_in_other_words_is_the_same(said: str, quoted: str) -> None:
    assert len(amounts(said)) == 1
    assert meanings(said) == meanings(quoted)


def test_a_longer_hedge_is_not_taken_for_the_shorter_one_in_it() -> None:
    assert meanings("no more than 12") == [(Hedge.AT_MOST, 12.0)]
    assert meanings("no less than 12") == [(Hedge.AT_LEAST, 12.0)]
    assert meanings("just over 12") == [(Hedge.MORE, 12.0)]


def test_a_hedge_counts_only_for_the_number_that_it_stands_before() -> None:
    assert meanings("nearly 10,000 people in two days") == [
        (Hedge.BELOW, 10_000.0),
        (Hedge.EXACTLY, 2.0),
    ]
    assert meanings("nearly everyone ate 3 apples") == [(Hedge.EXACTLY, 3.0)]


def test_the_words_are_those_that_the_number_is_written_with() -> None:
    (first, second) = amounts("In all, nearly\nten thousand people; $4.5 billion was lost.")
    assert (first.words, second.words) == ("nearly ten thousand", "$4.5 billion")


def test_a_date_has_its_day_and_its_year() -> None:
    assert values("on 4 May 2021") == [4, 2021]
    assert values("on May 4, 2021") == [4, 2021]


@pytest.mark.parametrize(
    "text",
    ["", "No one came.", "Someone came.", "It was one of them.", "Any one will do.", "This one.",
     "The two met.", "Tenants came.", "Everyone often ate.", "They weigh a ton."],
)  # fmt: skip
def test_a_word_that_only_looks_like_a_number_is_none(text: str) -> None:
    assert amounts(text) == []
