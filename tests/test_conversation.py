"""A follow-up question takes what it leaves out from the turns before it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.conversation import REMEMBERED, Conversation, Turn, complete
from retrieval.errors import QuestionError
from retrieval.question import MAX_QUESTION, Query
from retrieval.types import Answer, Article, Citation, Statement

ARTICLE = Article("a.md", "Unrest in Kazakhstan", "Nearly 10,000 were arrested.")
BEFORE = Conversation((Turn("how many were arrested?", ARTICLE.title),))


def answered(question: str) -> Answer:
    citation = Citation(ARTICLE, 0, len(ARTICLE.text), 1)
    return Answer(question, "10,000", (Statement(ARTICLE.text, (1,)),), (citation,))


@given(question=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_a_first_question_stays_as_it_is(question: str) -> None:
    assert Conversation().stand_alone(question) == Query(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who was awarded the Nobel Prize in Medicine?",
        "What did Stubb say?",
        "How fast is the London train, and who drives it?",
        "how many countries signed the treaty on whaling?",
        "kazakhstan unrest deaths",
    ],
)
def test_a_question_that_stands_alone_stays_as_it_is(question: str) -> None:
    assert BEFORE.stand_alone(question) == Query(question)


@pytest.mark.parametrize(
    "question",
    ["how many were killed?", "Who ordered it?", "What did he say?", "Was that the first time?"],
)
def test_a_question_that_does_not_say_what_it_is_about_is_asked_of_the_last_article(
    question: str,
) -> None:
    assert BEFORE.stand_alone(question) == Query(question, ARTICLE.title)
    assert str(BEFORE.stand_alone(question)) == f"{ARTICLE.title}: {question}"


@pytest.mark.parametrize(
    ("earlier", "question", "whole"),
    [
        ("how many were arrested?", "and killed?", "how many were killed?"),
        ("How many people were killed?", "how about the injured?", "How many people were injured?"),
        ("How many people were arrested in Almaty?", "and in Astana?",
         "How many people were arrested in Astana?"),
        ("How many people died?", "in total?", "How many people died in total?"),
        ("How many men were arrested?", "and women?", "How many women were arrested?"),
        ("how many were arrested?", "and women?", "how many women were arrested?"),
        ("How many votes did Alexander Stubb get?", "And Pekka Haavisto?",
         "How many votes did Pekka Haavisto get?"),
        ("What order did the president give?", "when?", "when: What order did the president give?"),
        ("when: who won?", "where?", "where: who won?"),
        ("who won?", "and the cup?", "the cup: who won?"),
    ],
)  # fmt: skip
def test_a_piece_of_a_question_takes_the_rest_from_the_one_before(
    earlier: str, question: str, whole: str
) -> None:
    assert complete(question, earlier) == whole


def test_the_next_piece_builds_on_the_question_as_it_was_understood() -> None:
    conversation = Conversation().after(answered("how many people were arrested in Almaty?"))
    for piece, whole in [
        ("and killed?", "how many people were killed in Almaty?"),
        ("and in Astana?", "how many people were killed in Astana?"),
    ]:
        query = conversation.stand_alone(piece)
        assert query == Query(whole, ARTICLE.title)
        conversation = conversation.after(answered(query.question))


def test_the_topic_outlives_a_question_that_the_sources_do_not_answer() -> None:
    conversation = BEFORE.after(Answer("how many of them were nurses?"))
    assert conversation.stand_alone("and killed?").topic == ARTICLE.title


def test_without_any_answer_there_is_no_topic() -> None:
    conversation = Conversation().after(Answer("how many were arrested?"))
    assert conversation.stand_alone("and killed?") == Query("how many were killed?")


def test_only_the_last_turns_are_kept() -> None:
    conversation = Conversation()
    for number in range(REMEMBERED + 5):
        conversation = conversation.after(Answer(f"question {number}?"))
    assert len(conversation.turns) == REMEMBERED
    assert conversation.turns[-1].question == f"question {REMEMBERED + 4}?"


@given(earlier=st.text(min_size=1, max_size=MAX_QUESTION), question=st.text(max_size=60))
def test_whatever_is_said_the_question_is_one_that_may_be_asked(
    earlier: str, question: str
) -> None:
    conversation = Conversation((Turn(earlier, "A title"),))
    try:
        query = conversation.stand_alone(question)
    except QuestionError:
        return
    assert 0 < len(query.question) <= MAX_QUESTION
    assert query.question == Conversation((Turn(earlier, None),)).stand_alone(question).question


def test_a_piece_after_an_endless_question_is_left_alone() -> None:
    assert complete("when?", "x" * MAX_QUESTION) == "when?"
