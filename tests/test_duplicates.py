"""The same story in two places is one source with two links, and differs only where it differs."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot import compose
from bot.discord.messages import parts
from bot.render import render_answer
from retrieval.citations import verify
from retrieval.duplicates import are_copies, copies, folded, same_words, tells_the_same
from retrieval.index import Index
from retrieval.types import Answer, Article, Citation, Claim, Draft, Hit, Passage, Span, Statement

OPENING = "The ferry from Norholm to Sandvik is running again, the harbour office said on Friday."
COUNT = "Captain Ines Maar took the first 90 passengers across in the morning."
STORM = "A storm had torn away the pier three weeks before, and no boat could land on the island."
ENDING = "The crossing takes 25 minutes, and about 1,150 passengers a day are expected in summer."
TEXT = f"{OPENING} {COUNT}\n\n{STORM} {ENDING}"
ONE = Article(
    "one", "Ferry resumes", TEXT, url="https://one.test/ferry", published=date(2024, 5, 3)
)
TWO = replace(ONE, id="two", title="Ferry back in service", url="https://two.test/a/7")
OTHER = Article(
    "other", "Ferry resumes", f"{OPENING} The bridge of Norholm opened to traffic, too."
)


def span(article: Article, words: str) -> Span:
    start = article.text.index(words)
    return Span(article, start, start + len(words))


def hit(article: Article) -> Hit:
    return Hit(Passage(article, 0, len(article.text), 0), 1.0)


def with_text(article: Article, old: str, new: str) -> Article:
    return replace(article, text=article.text.replace(old, new))


class TestCopies:
    def test_the_same_text_is_a_copy_and_an_article_is_none_of_itself(self) -> None:
        assert are_copies(ONE, TWO)
        assert not are_copies(ONE, ONE)

    def test_small_changes_leave_it_a_copy(self) -> None:
        changed = with_text(TWO, "Captain Ines Maar", "The captain")
        assert are_copies(ONE, changed)
        assert are_copies(ONE, replace(TWO, text=f"NORHOLM, 3 May – {TEXT.replace(' ', '  ')}"))

    def test_a_story_that_is_cut_at_the_end_is_a_copy(self) -> None:
        assert are_copies(ONE, with_text(TWO, f" {ENDING}", ""))

    def test_a_sentence_in_common_makes_none(self) -> None:
        assert not are_copies(ONE, OTHER)

    def test_of_two_books_the_beginnings_are_compared(self) -> None:
        book = " ".join(f"word{n}" for n in range(200_000))
        assert are_copies(replace(ONE, text=book), replace(TWO, text=book + " The end."))
        assert not are_copies(replace(ONE, text=book), TWO)

    @given(st.text(max_size=200), st.text(max_size=200))
    def test_it_does_not_matter_which_is_asked_about(self, left: str, right: str) -> None:
        one, two = replace(ONE, text=left), replace(TWO, text=right)
        assert are_copies(one, two) == are_copies(two, one)
        assert are_copies(one, replace(two, text=left))

    def test_copies_are_found_among_others_each_once(self) -> None:
        assert copies(ONE, [OTHER, TWO, ONE, TWO]) == (TWO,)


class TestCitations:
    def test_a_story_is_cited_once_with_its_copy_beside_it(self) -> None:
        claim = Claim(COUNT, (span(ONE, COUNT), span(TWO, COUNT)), "90")
        answer = verify(Draft("how many?", (claim,)), [hit(ONE), hit(TWO), hit(OTHER)])
        assert answer.statements == (Statement(COUNT, (1,)),)
        (citation,) = answer.citations
        assert (citation.article, citation.quote, citation.also) == (ONE, COUNT, (TWO,))

    def test_two_sentences_from_two_copies_are_of_one_source(self) -> None:
        claims = (Claim(COUNT, (span(ONE, COUNT),)), Claim(STORM, (span(TWO, STORM),)))
        answer = verify(Draft("what?", claims), [hit(ONE), hit(TWO)])
        assert [citation.article for citation in answer.citations] == [ONE, ONE]
        assert [citation.quote for citation in answer.citations] == [COUNT, STORM]

    def test_words_that_the_first_copy_has_otherwise_are_cited_where_they_are(self) -> None:
        later = with_text(TWO, "first 90", "first 95")
        claims = (
            Claim(COUNT, (span(ONE, COUNT),)),
            Claim(COUNT.replace("90", "95"), (span(later, COUNT.replace("90", "95")),)),
        )
        answer = verify(Draft("how many?", claims), [hit(ONE), hit(later)])
        assert [citation.article.id for citation in answer.citations] == ["one", "two"]
        assert [one.also[0].id for one in answer.citations] == ["two", "one"]

    def test_a_copy_among_the_closest_passages_is_named_beside_the_other(self) -> None:
        answer = verify(Draft("why?"), [hit(ONE), hit(TWO), hit(OTHER)])
        assert [(one.article.id, one.number) for one in answer.closest] == [
            ("one", 1),
            ("other", 2),
        ]
        assert answer.closest[0].also == (TWO,)

    @given(st.data())
    def test_every_citation_stays_true_whatever_is_folded(self, data: st.DataObject) -> None:
        articles = [ONE, TWO, with_text(TWO, "90", "95"), OTHER]
        claims = []
        for _ in range(data.draw(st.integers(1, 4))):
            article = data.draw(st.sampled_from(articles))
            start = data.draw(st.integers(0, len(article.text) - 1))
            end = data.draw(st.integers(start + 1, len(article.text)))
            claims.append(Claim("x", (Span(article, start, end),)))
        for claim, changed in zip(claims, folded(claims), strict=True):
            assert {one.text for one in changed.spans} == {one.text for one in claim.spans}
            assert same_words(changed.spans[0], changed.spans[0].article) is not None


class TestRivals:
    def test_copies_that_say_the_same_are_no_rivals(self) -> None:
        mine, theirs = Claim(COUNT, (span(ONE, COUNT),), "90"), (span(TWO, ENDING),)
        assert tells_the_same(mine, Claim(ENDING, theirs, "about 1,150"))

    @pytest.mark.parametrize(
        ("new", "short", "is_same"),
        [
            ("a first ninety passengers", "ninety", True),
            ("first 95 passengers", "95", False),
            ("first group of nearly 90 passengers", "nearly 90", False),
        ],
    )
    def test_a_copy_in_which_the_figure_differs_is_heard(
        self, new: str, short: str, is_same: bool
    ) -> None:
        changed = COUNT.replace("first 90 passengers", new)
        copy = with_text(TWO, COUNT, changed)
        mine = Claim(COUNT, (span(ONE, COUNT),), "90")
        assert tells_the_same(mine, Claim(changed, (span(copy, changed),), short)) is is_same

    def test_articles_that_are_no_copies_are_heard(self) -> None:
        mine = Claim(OPENING, (span(ONE, OPENING),), "Friday")
        assert not tells_the_same(mine, Claim(OPENING, (span(OTHER, OPENING),), "Friday"))


ANSWER = Answer(
    "how many?",
    "90",
    (Statement(COUNT, (1,)),),
    (Citation(ONE, *(TEXT.index(COUNT), TEXT.index(COUNT) + len(COUNT)), 1, (TWO, OTHER)),),
)


class TestShown:
    def test_a_terminal_says_where_else_the_story_is(self) -> None:
        file = io.StringIO()
        render_answer(ANSWER, Console(file=file, width=100))
        lines = [line.rstrip() for line in file.getvalue().splitlines()]
        at = lines.index("[1] Ferry resumes · 3 May 2024 · https://one.test/ferry")
        assert lines[at + 1 : at + 3] == ["    also at: https://two.test/a/7", "    also at: other"]

    def test_discord_does_too(self) -> None:
        (part,) = parts(ANSWER, is_echoed=False)
        assert part.numbers == (1,)
        assert part.text.endswith(
            "**[1]** [Ferry resumes](<https://one.test/ferry>) · 3 May 2024\n"
            "-# also at [two.\u200btest](<https://two.test/a/7>)\n-# also at Ferry resumes"
        )

    def test_a_copy_can_forge_nothing(self) -> None:
        evil = replace(TWO, title="@everyone [7]\n**x**", url="javascript:alert(1)")
        citation = replace(ANSWER.citations[0], also=(evil,))
        (part,) = parts(replace(ANSWER, citations=(citation,)), is_echoed=False)
        last = part.text.splitlines()[-1]
        assert last == "-# also at @\u200beveryone (7) \\*\\*x\\*\\*"
        assert "javascript" not in part.text

    def test_programs_are_told_too(self) -> None:
        (citation,) = json.loads(json.dumps(ANSWER.to_dict()))["citations"]
        assert citation["also"] == [
            {"source": "two", "title": "Ferry back in service", "url": "https://two.test/a/7"},
            {"source": "other", "title": "Ferry resumes", "url": None},
        ]


def test_both_copies_are_kept_and_searched_and_the_answer_has_one_source(index: Index) -> None:
    index.put([ONE, TWO, OTHER])
    assert len(index.store.sources()) == 3
    answer = compose.pipeline(index)("How many passengers did Captain Ines Maar take across?")
    assert answer.short is not None
    assert "90" in answer.short
    (citation,) = answer.citations
    assert citation.article.text[citation.start : citation.end] == citation.quote == COUNT
    assert {citation.article.id, *(copy.id for copy in citation.also)} == {"one", "two"}
