"""Words that are plainly of another kind than what a question asks for do not answer it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fitting import fits

ROVER = "The six-wheeled rover weighs 26 kilograms and landed at 6:04 p.m. on July 14, 2023."
HOLM = "For Ada Holm, 36, it was the end of a run of 34 straight wins."


def said(question: str, sentence: str, words: str) -> bool:
    start = sentence.index(words)
    return fits(question, sentence, (start, start + len(words)))


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("How heavy is the rover?", ROVER, "26 kilograms"),
        ("How heavy is the rover?", ROVER, "26"),
        ("What time did it land?", ROVER, "6:04 p.m."),
        ("What year was it?", ROVER, "2023"),
        ("When did it land?", ROVER, "July 14"),
        ("How many wheels has it?", ROVER, "six"),
        ("How old is Ada Holm?", HOLM, "36"),
        ("How many wins in a row did she have?", HOLM, "34"),
        ("How many came?", "Hardly any of them came.", "any"),
        ("How far is it?", "It is a drive of five hours.", "five hours"),
        ("What is the temperature of the lake?", "The lake is icy all year.", "icy"),
        ("Who landed?", ROVER, "rover"),
        ("How long is the ship that sank?", "The ship is 400 metres long.", "400 metres"),
        ("How long was the canal blocked?", "It was blocked for six days.", "six days"),
        ("How much did the crate cost?", "The crate cost 90 pounds in 1920.", "90 pounds"),
    ],
)
def test_what_may_be_meant_is_let_through(question: str, sentence: str, words: str) -> None:
    assert said(question, sentence, words)


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("How far did the rover drive?", ROVER, "26 kilograms"),
        ("How much did it cost?", "It weighed 57 pounds (26 kg).", "57 pounds"),
        ("How far did the rover drive?", ROVER, "six"),
        ("How fast was it at touchdown?", ROVER, "6:04 p.m."),
        ("What time did it land?", ROVER, "July 14"),
        ("What year was it?", ROVER, "July"),
        ("How many wins in a row did she have?", HOLM, "36"),
        ("How long is the ship that sank?", "They waited for four days.", "four days"),
        ("How many came?", "The bishop came with a few friends.", "The bishop"),
        ("How strong was the earthquake?", "A powerful earthquake struck.", "powerful"),
        ("For how many days did it rain?", "Eleven boats sank in the rain.", "Eleven"),
        (
            "What is the highest temperature ever recorded there?",
            "It was the highest temperature in the history of the town.",
            "the highest temperature in the history",
        ),
    ],
)
def test_what_is_plainly_of_another_kind_is_not(question: str, sentence: str, words: str) -> None:
    assert not said(question, sentence, words)


@given(sentence=st.text(min_size=1, max_size=80), data=st.data())
def test_any_words_may_answer_a_question_that_asks_for_no_amount(
    sentence: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(sentence) - 1))
    end = data.draw(st.integers(start + 1, len(sentence)))
    assert fits("Who called it a watershed?", sentence, (start, end))
    fits("How far did it go at what time in which year?", sentence, (start, end))
