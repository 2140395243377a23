"""The piece of a sentence that answers: given where it is plain, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval import short, terms
from retrieval.question import Kind, asked
from tests import strategies

ALMATY = "At least 164 people have been killed and nearly 10,000 have been arrested."
MAUI = (
    "More than 2,200 buildings were destroyed, most of them houses, "
    "and at least 12,000 residents lost their homes."
)


def found(question: str, sentence: str) -> str | None:
    extent = short.find(question, sentence)
    return sentence[slice(*extent)] if extent else None


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how many were arrested?", Kind.COUNT),
        ("HOW MANY WERE ARRESTED", Kind.COUNT),
        ("In all, how many died?", Kind.COUNT),
        ("what was the death toll?", Kind.COUNT),
        ("What is the population of Finland?", Kind.COUNT),
        ("how much did it cost?", Kind.MEASURE),
        ("how tall is the tower?", Kind.MEASURE),
        ("how long is the bridge?", Kind.MEASURE),
        ("how old was she?", Kind.MEASURE),
        ("what percentage voted?", Kind.MEASURE),
        ("how long did the trial last?", Kind.DURATION),
        ("How long was the canal blocked?", Kind.DURATION),
        ("when did it sink?", Kind.TIME),
        ("in which year did it sink?", Kind.TIME),
        ("what day was it?", Kind.TIME),
        ("How soon will it open?", Kind.TIME),
        ("who won?", Kind.NAME),
        ("to whom was it given?", Kind.NAME),
        ("Whose idea was it?", Kind.NAME),
        ("which company built it?", Kind.NAME),
        ("who leads the WHO?", Kind.NAME),
        ("where was it found?", Kind.PLACE),
        ("in which city was it found?", Kind.PLACE),
        ("Where does the man who won come from?", Kind.PLACE),
        ("why did it sink?", None),
        ("how did it sink?", None),
        ("what happened?", None),
        ("what did the WHO say?", None),
        ("why did those who left return?", None),
        ("what did he do when it fell?", None),
        ("how did the man who won do it?", None),
        ("did it sink?", None),
        ("arrested", None),
        ("", None),
    ],
)
def test_a_question_asks_for_a_kind_of_thing_or_for_nothing_plain(
    question: str, kind: Kind | None
) -> None:
    assert asked(question) is kind


@pytest.mark.parametrize(
    ("question", "sentence", "expected"),
    [
        # how many
        ("how many were arrested?", ALMATY, "nearly 10,000"),
        ("how many were killed?", ALMATY, "At least 164"),
        ("How many people were KILLED?", ALMATY, "At least 164"),
        ("how many buildings were destroyed?", MAUI, "More than 2,200"),
        ("how many residents lost their homes?", MAUI, "at least 12,000"),
        ("how many died?", "A total of 2,901 people died, it said on 11 September.", "2,901"),
        ("how many died?", "Dozens died.", "Dozens"),
        ("how many died?", "More than two thousand people died.", "More than two thousand"),
        ("how many died?", "Two hundred and fifty people died.", "Two hundred and fifty"),
        ("how many seats did it win in 2019?", "In 2019 the party won 43 seats.", "43"),
        ("how many did police arrest?", "On 5 May 2024 police arrested 72 people.", "72"),
        ("what was the death toll?", "The death toll rose to 102.", "102"),
        ("what is the population?", "It has a population of 5.5 million.", "5.5 million"),
        ("how many rockets?", "Falcon 9 flew twice with 3 rockets.", "3"),
        # how much
        (
            "how much did it cost?",
            "The trip cost $325 million and took ten months.",
            "$325 million",
        ),
        ("how much is the deal worth?", "The deal is worth $4.037 billion.", "$4.037 billion"),
        ("how much was raised?", "They raised €1.5 million in two days.", "€1.5 million"),
        ("how much is the prize?", "The prize is 11 million kronor.", "11 million kronor"),
        ("what percentage voted?", "Some 62.4% voted, out of 4.3 million.", "Some 62.4%"),
        ("what percentage voted?", "About 62 percent voted.", "About 62 percent"),
        ("how hot was it?", "It was 40.3 degrees Celsius on 19 July.", "40.3 degrees Celsius"),
        ("how cold was it?", "It was −40 °C at night.", "−40 °C"),
        ("how strong was the quake?", "The magnitude 6.8 quake killed 2,900.", "6.8"),
        ("how old was she?", "She was 96 years old.", "96 years"),
        ("how tall is it?", "The tower is 330 metres tall and dates from 1889.", "330 metres"),
        ("how far away is it?", "It is 11 million kilometres away.", "11 million kilometres"),
        ("how fast did it fly?", "It flew at 140 miles per hour.", "140 miles per hour"),
        ("how fast did it fly?", "It flew at 22,500 km/h.", "22,500 km/h"),
        ("how fast is it?", "It flew at 6.6 kilometres per second.", "6.6 kilometres per second"),
        # how long
        ("how long was it blocked?", "The canal was blocked for six days.", "six days"),
        ("how long did it last?", "It lasted two and a half years.", "two and a half years"),
        ("how long did it last?", "It lasted nearly three months.", "nearly three months"),
        ("how long did they wait?", "They waited a week.", "a week"),
        ("how long did they wait?", "They waited an hour and a half.", "an hour and a half"),
        # when
        ("when did it hit?", "It hit Morocco late on 8 September 2023.", "on 8 September 2023"),
        (
            "when was it freed?",
            "It was freed on Monday, March 29, 2021.",
            "on Monday, March 29, 2021",
        ),
        ("what year was it found?", "It was found in 2022 by a ship of 1915 tons.", "in 2022"),
        ("when was it built?", "It was built in the 19th century.", "in the 19th century"),
        ("what time did it start?", "The fire started at 6:37 a.m. in a field.", "at 6:37 a.m."),
        ("when did it happen?", "It happened on Friday evening.", "on Friday evening"),
        ("how soon will it open?", "It will open within two weeks.", "within two weeks"),
        # who
        ("who won the final?", "Carlos Alcaraz won the final on Sunday.", "Carlos Alcaraz"),
        ("who won?", "Ursula von der Leyen won on Monday.", "Ursula von der Leyen"),
        ("who sang?", "Ludwig van Beethoven sang on Monday.", "Ludwig van Beethoven"),
        ("who spoke?", "“We will rebuild,” said Élise Łukasz.", "Élise Łukasz"),
        ("who did Messi meet?", "Messi met Ronaldo in 2011.", "Ronaldo"),
        ("who is the president?", "President Joe Biden spoke on Tuesday.", "Joe Biden"),
        ("which team won?", "Real Madrid won 2-0.", "Real Madrid"),
        # where
        ("where did the ship sink?", "It sank in the Weddell Sea in 1915.", "Weddell Sea"),
        ("where does she live?", "She lives in New York.", "New York"),
        ("how many herons live in district 150?", "District 150 counted 1051 herons.", "1051"),
        ("which city was hit?", "The quake hit Marrakesh hardest.", "Marrakesh"),
    ],
)
def test_the_piece_that_answers_is_found(question: str, sentence: str, expected: str) -> None:
    assert found(question, sentence) == expected


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        # nothing of the kind
        ("how many were arrested?", "The sun rose over the hills."),
        ("who did it?", "it rained all day."),
        ("when did he die?", "He was a good man."),
        ("where is it?", "it is nowhere near."),
        ("how long did it last?", "It cost 3 million dollars."),
        ("who won?", "On Monday it was over."),
        ("how many?", ""),
        ("", ALMATY),
        # nothing plain
        ("what happened?", ALMATY),
        ("why were they arrested?", ALMATY),
        ("how many?", ALMATY),
        ("how many?", "Three people and four dogs."),
        ("how much did it fall?", "It fell by 0.3 percentage points to 4.1 percent."),
        ("how many people died?", "Of 40 people aboard 12 died."),
        # a number that is part of a name
        ("how many rockets flew?", "The Falcon 9 flew."),
    ],
)
def test_where_nothing_is_plain_there_is_no_short_answer(question: str, sentence: str) -> None:
    assert found(question, sentence) is None


@pytest.mark.parametrize(
    ("question", "sentence", "halves"),
    [
        ("how many came?", "Between 200 and 300 people came.", {"200", "300", "Between 200"}),
        ("how many came?", "From 200 to 300 people came.", {"200", "300"}),
        ("how many came?", "Some 200-300 people came.", {"200", "Some 200", "300"}),
        (
            "who discovered it?",
            "It was discovered by Katalin Karikó and Drew Weissman.",
            {"Katalin Karikó", "Drew Weissman"},
        ),
        ("who beat Djokovic?", "Nadal and Alcaraz beat Djokovic.", {"Nadal", "Alcaraz"}),
    ],
)
def test_half_of_what_answers_is_not_given_as_the_whole(
    question: str, sentence: str, halves: set[str]
) -> None:
    assert found(question, sentence) not in halves


@pytest.mark.parametrize(
    ("question", "sentence", "other"),
    [
        ("who won?", "Alcaraz won against Djokovic.", "Djokovic"),
        ("who spoke?", "Smith spoke to Jones.", "Jones"),
        ("how many were killed?", ALMATY, "nearly 10,000"),
    ],
)
def test_the_other_one_that_a_sentence_names_is_not_given(
    question: str, sentence: str, other: str
) -> None:
    assert found(question, sentence) != other


@pytest.mark.parametrize(
    ("question", "sentence", "expected"),
    [
        ("how many of the 10,000 arrested were killed?", ALMATY, "At least 164"),
        ("how many of the 10,000 left?", "Nearly 10,000 left.", None),
        ("how many of the three men died?", "Three men were held.", None),
        ("how many of the three men died?", "Three men were held and two died.", "two"),
        ("how much of the $50 million was spent?", "They got $50 million.", None),
        ("which year after 2019 did it win?", "It lost in 2019 and won in 2023.", "in 2023"),
        ("what year did it win after losing in 2019?", "It lost in 2019.", None),
        ("how long did the six days of rain delay it?", "It rained for six days.", None),
    ],
)
def test_a_number_that_the_question_gave_is_never_the_answer(
    question: str, sentence: str, expected: str | None
) -> None:
    assert found(question, sentence) == expected


QUESTIONS = (
    "how many were arrested?", "how much did the bridge cost?", "how long did the harvest last?",
    "when did the earthquake strike?", "who opened the bridge?", "where was the river?", "why?",
)  # fmt: skip
MENTIONS = (
    "nearly 10,000", "at least seven", "$4.5 million", "six days", "on 8 September 2023", "in 2019",
    "Josh Green", "Ludwig van Beethoven", "in New York", "at 5 p.m.", "62.4%", "−40 °C",
)  # fmt: skip
newspaper = st.lists(
    st.sampled_from((*strategies.PLAIN_WORDS, *MENTIONS)), min_size=1, max_size=20
).map(lambda words: " ".join(words) + ".")


@settings(max_examples=150)
@given(
    st.one_of(st.sampled_from(QUESTIONS), strategies.raw_texts),
    st.one_of(newspaper, strategies.raw_texts),
)
@example("how many?", "one " * 500)
@example("who?", "A. " * 500)
def test_a_piece_is_whole_words_of_the_sentence(question: str, sentence: str) -> None:
    extent = short.find(question, sentence)
    if extent is None:
        return
    start, end = extent
    assert 0 <= start < end <= len(sentence)
    assert sentence[start:end] == sentence[start:end].strip()
    assert start == 0 or not sentence[start - 1 : start + 1].isalnum()
    assert end == len(sentence) or not sentence[end - 1 : end + 1].isalnum()


@settings(max_examples=60)
@given(
    st.integers(0, 99_999),
    st.sampled_from(("how many of the {} were arrested?", "how much of the {} million was spent?")),
    newspaper,
)
def test_no_digits_of_the_question_come_back(number: int, question: str, sentence: str) -> None:
    piece = found(question.format(f"{number:,}"), f"{number:,} of them {sentence}")
    assert f"{number:,}" not in [word.group() for word in terms.words(piece or "")]
