"""A question in, a verified answer out: the whole of it, on real articles."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.runnables import Runnable

from bot import compose
from retrieval.embedding import Embedder
from retrieval.errors import QuestionError
from retrieval.index import Index
from retrieval.types import Answer, Article
from tests.keeping import Keeping

PROTEST = Article(
    id="protest.txt",
    title="U.N. rebukes Kazakhstan over blue helmets worn by its troops",
    text=(
        "The head of state called in soldiers after the price of fuel set off protests.\n\n"
        "U.N. spokesman Stéphane Dujarric voiced the organisation’s concern on Monday.\n\n"
        "At least 164 people have been killed and nearly 10,000 have been arrested since the "
        "protests began at the start of January.\n\n"
        "“In two days’ time a phased withdrawal of the contingent will begin. It will take no "
        "more than 10 days,” the president said.\n\n"
        "Copyright 2024 Example Media. All rights reserved. How many were arrested? Read more."
    ),
)


@pytest.fixture(scope="module")
def protest(
    tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, keeping: Keeping
) -> Iterator[Runnable[str, Answer]]:
    folder = tmp_path_factory.mktemp("protest")
    with Index(folder, embedder, **keeping.places(folder)) as index:
        index.put([PROTEST])
        yield compose.chain(index)


@pytest.fixture(scope="module")
def seeds_chain(seeded: Index) -> Runnable[str, Answer]:
    return compose.chain(seeded)


@pytest.mark.parametrize(
    ("question", "short", "words"),
    [
        ("how many were arrested?", "nearly 10,000", "have been arrested"),
        ("How many people have been killed?", "164", "164 people have been killed"),
        ("who is the spokesman?", "Stéphane Dujarric", "voiced the organisation’s concern"),
        ("when does the withdrawal begin?", "two days", "In two days’ time"),
    ],
)
def test_plain_questions_get_a_short_answer_and_a_true_quote(
    protest: Runnable[str, Answer], question: str, short: str, words: str
) -> None:
    answer = protest.invoke(question)
    assert answer.answered
    assert short in (answer.short or "")
    assert any(words in citation.quote for citation in answer.citations)
    for citation in answer.citations:
        assert PROTEST.text[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize(
    "question",
    [
        "what is the price of oil?",
        "who won the World Cup?",
        "who is the president of France?",
        "how many bridges were built in Norway?",
    ],
)
def test_what_is_not_in_the_sources_is_not_answered(
    protest: Runnable[str, Answer], question: str
) -> None:
    answer = protest.invoke(question)
    assert not answer.answered
    assert answer.short is None
    assert answer.closest
    assert all(
        PROTEST.text[passage.start : passage.end] == passage.quote for passage in answer.closest
    )


def test_a_copyright_line_is_never_an_answer(protest: Runnable[str, Answer]) -> None:
    for question in ("who owns the copyright?", "what year is the copyright of Example Media?"):
        answer = protest.invoke(question)
        assert not any("rights reserved" in s.text for s in answer.statements)
        assert not any("Read more" in s.text for s in answer.statements)


def test_articles_that_disagree_are_both_heard_newest_first(
    seeds_chain: Runnable[str, Answer],
) -> None:
    answer = seeds_chain.invoke("How many people did the earthquake in Morocco kill?")
    assert answer.short == "2,946 (20 September 2023); at least 2,012 (9 September 2023)"
    assert [citation.article.id for citation in answer.citations] == [
        "morocco-earthquake-later-count.md",
        "morocco-earthquake-first-count.md",
    ]
    assert [statement.numbers for statement in answer.statements] == [(1,), (2,)]


def test_the_same_question_gets_the_same_answer(
    seeds_chain: Runnable[str, Answer], seeded: Index
) -> None:
    question = "How long did the Wimbledon final last?"
    again = compose.chain(seeded).invoke(question)
    assert seeds_chain.invoke(question) == again


def test_the_chain_is_a_runnable_of_every_kind(seeds_chain: Runnable[str, Answer]) -> None:
    questions = ["how many were arrested?", "who won the World Cup?"]
    one_by_one = [seeds_chain.invoke(question) for question in questions]
    assert seeds_chain.batch(questions) == one_by_one
    assert asyncio.run(seeds_chain.ainvoke(questions[0])) == one_by_one[0]
    assert list(seeds_chain.stream(questions[0])) == one_by_one[:1]


def test_an_empty_library_answers_nothing(index: Index) -> None:
    answer = compose.chain(index).invoke("how many were arrested?")
    assert not answer.answered
    assert answer.closest == ()


@pytest.mark.parametrize("question", ["", " \n", "???", "x" * 20_000])
def test_what_is_no_question_is_refused(protest: Runnable[str, Answer], question: str) -> None:
    with pytest.raises(QuestionError):
        protest.invoke(question)


@settings(max_examples=40)
@given(question=st.text(min_size=1, max_size=200))
def test_any_question_gets_true_citations_or_a_refusal(
    seeds_chain: Runnable[str, Answer], question: str
) -> None:
    try:
        answer = seeds_chain.invoke(question)
    except QuestionError:
        return
    for citation in (*answer.citations, *answer.closest):
        assert citation.article.text[citation.start : citation.end] == citation.quote


ODD = st.sampled_from(
    [
        "The U.N. counted 7.8 tonnes.",
        "Cafe\u0301s in Malmö served 1,204 guests.\r\n",
        "قُتل 164 شخصًا.",
        "👩‍👩‍👧 Anna Lindh arrived at 5 p.m. Monday.",
        "“We saw 12 wolves,” he said.",
        "無数の人々が集まった。",
        "It was closed on 3 May 2021.\r",
        "Nobody was hurt.",
    ]
)


@settings(max_examples=20)
@given(sentences=st.lists(ODD, min_size=1, max_size=12), asked=ODD)
def test_citations_are_true_in_any_script(
    sentences: list[str],
    asked: str,
    tmp_path_factory: pytest.TempPathFactory,
    embedder: Embedder,
    keeping: Keeping,
) -> None:
    from retrieval import articles

    data = " ".join(sentences).encode()
    article = articles.parse(data, Path("odd.txt"), "odd.txt")
    folder = tmp_path_factory.mktemp("odd")
    with Index(folder, embedder, **keeping.places(folder)) as index:
        index.put([article])
        answer = compose.chain(index).invoke(f"How many, who, when: {asked}")
        stored = index.store.articles(["odd.txt"])["odd.txt"].text
    assert stored == article.text
    for citation in (*answer.citations, *answer.closest):
        assert stored[citation.start : citation.end] == citation.quote
