"""A follow-up question takes what it leaves out from the turns before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks.questions import load
from retrieval import terms
from retrieval.conversation import REMEMBERED, Conversation, Turn, complete
from retrieval.errors import QuestionError
from retrieval.question import MAX_QUESTION, Query
from retrieval.types import Answer, Article, Citation, Statement

ARTICLE = Article("a.md", "Unrest in Kazakhstan", "Nearly 10,000 were arrested.")
BEFORE = Conversation((Turn("how many were arrested?", ARTICLE.title),))
SEEDS = Path(__file__).parent / "questions" / "seeds.questions.yaml"


def answered(question: str) -> Answer:
    citation = Citation(ARTICLE, 0, len(ARTICLE.text), 1)
    return Answer(question, "10,000", (Statement(ARTICLE.text, (1,)),), (citation,))


QUESTIONS = [row.question for row in load(SEEDS, str(SEEDS))]


def after(earlier: str, topic: str | None = ARTICLE.title) -> Conversation:
    return Conversation((Turn(earlier, topic),))


@given(question=st.sampled_from([*QUESTIONS, "and killed?", "when?", "who said that?"]))
def test_where_nothing_was_said_a_question_stays_as_it_is(question: str) -> None:
    assert Conversation().stand_alone(question) == Query(question)


@pytest.mark.parametrize("question", QUESTIONS)
def test_amid_a_conversation_no_question_of_a_kind_of_its_own_is_reworded(question: str) -> None:
    for earlier in ("how many were arrested?", "Who won the final between Alcaraz and Djokovic?"):
        assert after(earlier).stand_alone(question).question == question


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
    ["how many were killed?", "Who ordered it?", "What did he say?", "Was that the first time?",
     "thanks!", "Really?", "who?", "And then?", "and him?"],
)  # fmt: skip
def test_what_does_not_say_its_subject_is_asked_of_the_last_article(question: str) -> None:
    assert BEFORE.stand_alone(question) == Query(question, ARTICLE.title)
    assert str(BEFORE.stand_alone(question)) == f"{ARTICLE.title}: {question}"


@pytest.mark.parametrize(
    ("earlier", "question", "whole", "focus"),
    [
        ("how many were arrested?", "and killed?", "how many were killed?", "killed"),
        ("How many people were killed?", "how about the injured?",
         "How many people were injured?", "injured"),
        ("How many people were arrested in Almaty?", "and in Astana?",
         "How many people were arrested in Astana?", "Astana"),
        ("how many people were killed in Morocco?", "and on Maui?",
         "how many people were killed on Maui?", "Maui"),
        ("How hot was it in London on Monday?", "and on Tuesday?",
         "How hot was it in London on Tuesday?", "Tuesday"),
        ("How many people died in Morocco?", "and on Tuesday?",
         "How many people died in Morocco on Tuesday?", "Tuesday"),
        ("how many people died in the Morocco earthquake?", "what about the fire in Lahaina?",
         "how many people died in the fire in Lahaina?", "fire Lahaina"),
        ("How many people died?", "in total?", "How many people died in total?", "total"),
        ("How many men were arrested?", "and women?", "How many women were arrested?", "women"),
        ("how many were arrested?", "and women?", "how many women were arrested?", "women"),
        ("How many votes did Alexander Stubb get?", "And Pekka Haavisto?",
         "How many votes did Pekka Haavisto get?", "Pekka Haavisto"),
        ("Who won Wimbledon?", "and the election?", "Who won the election?", "election"),
        ("What order did the president give?", "when?",
         "when: What order did the president give?", ""),
        ("when: who won?", "where?", "where: who won?", ""),
        ("who won?", "and the cup?", "the cup: who won?", "cup"),
    ],
)  # fmt: skip
def test_a_piece_of_a_question_takes_the_rest_from_the_one_before(
    earlier: str, question: str, whole: str, focus: str
) -> None:
    stems = frozenset(terms.stem(word) for word in focus.split())
    assert complete(question, earlier) == (whole, stems)


@pytest.mark.parametrize("earlier", ["ok thanks", "Kazakhstan deaths", "tell me more"])
def test_nothing_is_taken_from_what_was_no_question(earlier: str) -> None:
    assert complete("and in 2022?", earlier) == ("and in 2022?", frozenset())


def test_the_next_piece_builds_on_the_question_as_it_was_understood() -> None:
    conversation = after("how many people were arrested?")
    for piece, whole in [
        ("and killed?", "how many people were killed?"),
        ("and injured?", "how many people were injured?"),
    ]:
        query = conversation.stand_alone(piece)
        assert (query.question, query.topic) == (whole, ARTICLE.title)
        conversation = conversation.after(query, answered(query.question))


def test_a_piece_that_names_another_subject_leaves_the_last_article() -> None:
    query = after("how many people were arrested?").stand_alone("and in Morocco?")
    assert (query.question, query.topic) == ("how many people were arrested in Morocco?", None)


def test_the_topic_outlives_a_follow_up_that_is_not_answered() -> None:
    query = BEFORE.stand_alone("how many of them were nurses?")
    conversation = BEFORE.after(query, Answer(query.question))
    assert conversation.stand_alone("and killed?").topic == ARTICLE.title


def test_the_topic_ends_with_a_question_that_stood_alone_and_is_not_answered() -> None:
    query = BEFORE.stand_alone("who won the World Cup?")
    conversation = BEFORE.after(query, Answer(query.question))
    assert conversation.stand_alone("who lost it?") == Query("who lost it?")


def test_without_any_answer_there_is_no_topic() -> None:
    query = after("how many were arrested?", None).stand_alone("and killed?")
    assert (query.question, query.topic) == ("how many were killed?", None)


def test_only_the_last_turns_are_kept() -> None:
    conversation = Conversation()
    for number in range(REMEMBERED + 5):
        query = Query(f"question {number}?")
        conversation = conversation.after(query, Answer(query.question))
    assert len(conversation.turns) == REMEMBERED
    assert conversation.turns[-1].question == f"question {REMEMBERED + 4}?"


@given(earlier=st.text(min_size=1, max_size=MAX_QUESTION), question=st.text(max_size=60))
def test_whatever_is_said_the_question_is_one_that_may_be_asked(
    earlier: str, question: str
) -> None:
    try:
        query = after(earlier).stand_alone(question)
    except QuestionError:
        return
    assert 0 < len(query.question) <= MAX_QUESTION
    assert query.question == after(earlier, None).stand_alone(question).question


def test_a_piece_after_an_endless_question_is_left_alone() -> None:
    endless = "when " + "x" * (MAX_QUESTION - 5)
    assert complete("why?", endless) == ("why?", frozenset())
    assert complete("why?", endless[:-9])[0].startswith("why: when")
