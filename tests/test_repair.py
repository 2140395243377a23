"""A marked span becomes a short answer: whole words, with hedge and unit, and nothing besides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.repair import LONGEST, mend

TOLL = "At least 164 people have been killed and nearly 10,000 arrested."
PRICE = 'He paid $1,500 million for "Blue Note" in the U.S., over 3.5 miles away.'


def said(question: str, sentence: str, marked: str) -> str | None:
    start = sentence.index(marked)
    extent = mend(question, sentence, start, start + len(marked))
    return sentence[slice(*extent)] if extent else None


@pytest.mark.parametrize(
    ("question", "sentence", "marked", "short"),
    [
        ("how many were arrested?", TOLL, "164 people have been killed and nearly 10,000",
         "nearly 10,000"),
        ("how many were arrested?", TOLL, "10,000", "nearly 10,000"),
        ("what figure is given?", TOLL, "10,", "nearly 10,000"),
        ("when was it?", "He left in 2004 and came back in two days.", "2004", "2004"),
        ("when did he leave?", "He left in May 2004.", "2004", "May 2004"),
        ("when did he come back?", "He came back in two days.", "two days", "in two days"),
        ("how many were killed?", TOLL, "164 people", "At least 164"),
        ("how many stars?", "It has 50 stars.", "50 stars", "50"),
        ("what was paid?", PRICE, "500", "$1,500 million"),
        ("what was bought?", PRICE, '"Blue Note', "Blue Note"),
        ("what was bought?", PRICE, "lue Not", "Blue Note"),
        ("in which land?", PRICE, "U.S.", "U.S."),
        ("in which land?", PRICE, "U.S", "U.S."),
        ("what distance?", PRICE, "3", "over 3.5 miles"),
        ("why was it paid?", PRICE, "Blue Note", None),
        ("what happened?", TOLL, TOLL, None),
    ],
)  # fmt: skip
def test_the_ends_are_moved_to_where_words_and_amounts_end(
    question: str, sentence: str, marked: str, short: str | None
) -> None:
    assert said(question, sentence, marked) == short


@pytest.mark.parametrize(
    ("marked", "whole"),
    [
        ("R", "R.V. Nordlys II"),
        ("V. Nordlys", "R.V. Nordlys"),
        ("R.V. Nordlys II", "R.V. Nordlys II"),
        ("K. Holm", "J.K. Holm"),
        ("J.K", "J.K."),
    ],
)
def test_a_name_that_is_cut_amid_its_initials_is_said_whole(marked: str, whole: str) -> None:
    boat = "Aboard the icebreaker R.V. Nordlys II they sailed north with J.K. Holm in May."
    assert said("which icebreaker did they take?", boat, marked) == whole


@given(st.data(), st.text(min_size=1, max_size=120), st.sampled_from(["how many?", "who?", "so?"]))
def test_a_piece_lies_within_its_sentence_and_is_short(
    data: st.DataObject, sentence: str, question: str
) -> None:
    start = data.draw(st.integers(0, len(sentence) - 1))
    end = data.draw(st.integers(start + 1, len(sentence)))
    extent = mend(question, sentence, start, end)
    if extent:
        assert 0 <= extent[0] < extent[1] <= len(sentence)
        assert len(sentence[slice(*extent)].split()) <= LONGEST


@pytest.mark.parametrize(
    ("sentence", "marked", "said"),
    [
        ("Ine Dahl, the spokeswoman, was content.", "Dahl", "Ine Dahl"),
        ("The talks were led by Ine Dahl on Monday.", "Dahl", "Ine Dahl"),
        ("On Monday Dahl spoke.", "Dahl", "Dahl"),
        ("Yesterday Dahl spoke.", "Dahl", "Dahl"),
        ("The Dahl family left.", "Dahl", "Dahl"),
        ("It was said. Dahl spoke.", "Dahl", "Dahl"),
        ("The talks were led by Ine Dahl.", "Ine Dahl", "Ine Dahl"),
    ],
)
def test_a_name_of_which_the_last_word_was_marked_is_said_whole(
    sentence: str, marked: str, said: str
) -> None:
    start = sentence.index(marked)
    extent = mend("Who spoke?", sentence, start, start + len(marked))
    assert extent
    assert sentence[slice(*extent)] == said
