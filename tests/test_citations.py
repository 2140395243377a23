"""Whatever an answerer says, only what its own quotes carry becomes an answer."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import citations, sentences
from retrieval.types import Answer, Article, Claim, Draft, Hit, Passage, Span, fold_space
from tests import strategies

FIRST = Article(
    id="first.md",
    title="The fire, a first count",
    text=(
        "The fire in Lahaina killed 9,000 people and hurt 80, Governor Green said.\n\n"
        "Rescuers from Morocco did not find anybody on Monday. At least 164 houses burned, "
        "and 7.8 million dollars were lost.\nCafé 👩‍🚀 Élise never closed; nobody left. "
        "Green counted 12 ships."
    ),
    published=date(2024, 5, 3),
)
SECOND = Article(
    id="second.md",
    title="The fire, a later count",
    text=(
        "The fire in Lahaina killed nearly 10,000 people, Stubb told Reuters.\n\n"
        "Ten ships came from Kazakhstan. Nothing was found in Łódź on 5 May. "
        "שלום 123 Tel Aviv. The damage is 7.8 percent of 9,000."
    ),
    published=date(2024, 5, 5),
)
EDITED = dataclasses.replace(FIRST, text="An editor changed this. " + FIRST.text)
ARTICLES = (FIRST, SECOND, EDITED)

NAMES = frozenset(
    {"Lahaina", "Governor", "Green", "Rescuers", "Morocco", "Monday", "Café", "Élise", "Stubb"}
    | {"Reuters", "Kazakhstan", "Łódź", "Tel", "Aviv", "Zanzibar", "Ångström"}
)
NEGATIONS = frozenset({"not", "never", "nobody", "nothing", "no", "none", "cannot", "didn't"})
AMOUNTS = ("9,000", "80", "164", "7.8", "12", "10,000", "123", "5", "1", "8", "9,001", "7")


def sentence_spans(article: Article) -> list[Span]:
    return [Span(article, start, end) for start, end in sentences.split(article.text)]


def passages_of(article: Article) -> list[Passage]:
    """Every run of one, two or three sentences, so that passages overlap in every way."""
    spans = sentence_spans(article)
    runs = [(i, i + size) for size in range(3) for i in range(len(spans) - size)]
    return [
        Passage(article, spans[first].start, spans[last].end, ordinal)
        for ordinal, (first, last) in enumerate(runs)
    ]


SENTENCES = {article.version: sentence_spans(article) for article in ARTICLES}
PASSAGES = [passage for article in (FIRST, SECOND) for passage in passages_of(article)]


def find(article: Article, quote: str) -> Span:
    start = article.text.index(quote)
    return Span(article, start, start + len(quote))


def hit(article: Article) -> Hit:
    return Hit(Passage(article, 0, len(article.text), ordinal=0), 1.0)


def source(text: str, *, name: str = "a.md", published: date | None = None) -> Article:
    return Article(id=name, title=f"Title of {name}", text=text, published=published)


def answer(claims: Iterable[Claim], *articles: Article) -> Answer:
    return citations.verify(Draft("?", tuple(claims)), [hit(article) for article in articles])


# Drafts that nobody should trust

_DRAWN = (FIRST, FIRST, SECOND, SECOND, EDITED)
_words = st.sampled_from((*sorted(NAMES), *sorted(NEGATIONS), *AMOUNTS, "fire", "killed", "The"))


def _swap(
    pattern: str, replacements: st.SearchStrategy[str]
) -> Callable[[str], st.SearchStrategy[str]]:
    return lambda text: replacements.map(lambda new: re.sub(pattern, lambda _: new, text, count=1))


_alterations = st.sampled_from(
    (
        st.just,
        st.just,
        st.just,
        _swap(r"\d+(?:[.,]\d+)*", st.sampled_from(AMOUNTS)),
        _swap(r"\b(?:" + "|".join(sorted(NAMES)) + r")\b", st.sampled_from(sorted(NAMES))),
        _swap(r"\b(?:did not|never) ", st.just("")),
        _swap(r" (?=killed|burned|closed|came)", st.sampled_from((" never ", " did not "))),
        _swap(r" ", st.just(" \n ")),
        lambda text: _words.map(lambda word: f"{text} {word}"),
        lambda text: _words.map(lambda word: f"{word} {text}"),
    )
)
_any_span = st.sampled_from(_DRAWN).flatmap(
    lambda article: st.lists(
        st.integers(0, len(article.text)), min_size=2, max_size=2, unique=True
    ).map(lambda ends: Span(article, min(ends), max(ends)))
)
_sentence = st.sampled_from(_DRAWN).flatmap(
    lambda article: st.sampled_from(SENTENCES[article.version])
)
_spans = st.one_of(_sentence, _sentence, _sentence, _any_span, st.sampled_from(PASSAGES))


_shorts = st.one_of(
    st.none(), _words, st.sampled_from(("nearly 10,000", "At least 164", "Ten ships"))
)


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """Draw a claim that may say what its spans say, and may not."""
    spans = tuple(draw(st.lists(_spans, min_size=1, max_size=3)))
    said = " ".join(fold_space(span.text) for span in spans[-2:])
    for alter in draw(st.lists(_alterations, max_size=2)):
        said = draw(alter(said))
    match draw(st.integers(0, 19)):
        case 0:
            spans = ()
        case 1:
            said = draw(strategies.raw_texts)
        case 2:
            spans = (*reversed(spans), *spans)
    return Claim(said, spans, draw(_shorts))


hits = st.lists(st.sampled_from(PASSAGES), max_size=8, unique_by=lambda p: p.key).map(
    lambda found: [Hit(passage, 1 / (rank + 1)) for rank, passage in enumerate(found)]
)
drafts = (
    st.lists(claims(), min_size=1, max_size=4)
    .flatmap(lambda pool: st.lists(st.sampled_from(pool), min_size=1, max_size=6))
    .map(lambda chosen: Draft("how many?", tuple(chosen)))
)
"""Claims that are altered, bare, repeated and out of order, on spans that were found or not."""

any_hits = st.one_of(st.just([hit(SECOND), hit(FIRST)]), st.just([hit(FIRST), hit(SECOND)]), hits)


def quotes_of(result: Answer, numbers: Iterable[int]) -> str:
    return " ".join(result.citations[number - 1].quote for number in numbers)


def words_of(text: str) -> list[str]:
    """Return the words of a statement, less what looks like a footnote."""
    return re.findall(r"\w+", re.sub(r"\[\d+\]", "", text))


def numbers_in(text: str) -> set[str]:
    return set(re.findall(r"\d[\d.,]*\d|\d", text))


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\w+", text)) & NAMES


def is_negated(text: str) -> bool:
    return not NEGATIONS.isdisjoint(re.findall(r"[\w']+", text.lower()))


class TestEveryDraft:
    @settings(max_examples=80)
    @given(drafts, any_hits)
    def test_every_quote_is_the_text_of_its_article_and_was_found(
        self, draft: Draft, found: list[Hit]
    ) -> None:
        result = citations.verify(draft, found)
        for citation in (*result.citations, *result.closest):
            assert citation.article.text[citation.start : citation.end] == citation.quote
            assert any(
                citation.article == passage.article
                and passage.start <= citation.start
                and citation.end <= passage.end
                for passage in (hit.passage for hit in found)
            )

    @settings(max_examples=80)
    @given(drafts, any_hits)
    def test_the_numbers_are_1_to_k_in_order_of_first_use(
        self, draft: Draft, found: list[Hit]
    ) -> None:
        result = citations.verify(draft, found)
        used = list(dict.fromkeys(n for s in result.statements for n in s.numbers))
        assert used == list(range(1, len(used) + 1))
        assert [citation.number for citation in result.citations] == used
        for statement in result.statements:
            assert len(set(statement.numbers)) == len(statement.numbers) > 0

    @settings(max_examples=80)
    @given(drafts, any_hits)
    def test_no_stretch_of_an_article_has_two_numbers(self, draft: Draft, found: list[Hit]) -> None:
        result = citations.verify(draft, found)
        stretches = [(c.article.id, c.start, c.end) for c in result.citations]
        assert len(set(stretches)) == len(stretches)

    @settings(max_examples=80)
    @given(drafts, any_hits)
    def test_no_statement_has_a_number_that_its_quotes_lack(
        self, draft: Draft, found: list[Hit]
    ) -> None:
        result = citations.verify(draft, found)
        for statement in result.statements:
            quotes = quotes_of(result, statement.numbers)
            assert numbers_in(statement.text) <= numbers_in(quotes)

    @settings(max_examples=80)
    @given(drafts, any_hits)
    def test_no_statement_has_a_name_that_its_quotes_lack(
        self, draft: Draft, found: list[Hit]
    ) -> None:
        result = citations.verify(draft, found)
        for statement in result.statements:
            quotes = quotes_of(result, statement.numbers)
            assert names_in(statement.text) <= names_in(quotes)

    @settings(max_examples=80)
    @given(drafts, any_hits)
    def test_no_statement_denies_what_its_quotes_say_or_says_what_they_deny(
        self, draft: Draft, found: list[Hit]
    ) -> None:
        result = citations.verify(draft, found)
        for statement in result.statements:
            if is_negated(statement.text):
                assert is_negated(quotes_of(result, statement.numbers))
                continue
            # A denial of which the statement says nothing may stand beside what it says.
            said = set(re.findall(r"[\w']+", statement.text.lower())) | NEGATIONS
            own = [c.quote for c in result.citations if c.number in statement.numbers]
            sentence_texts = [quote[a:b] for quote in own for a, b in sentences.split(quote)]
            for denied in filter(is_negated, sentence_texts):
                assert not set(re.findall(r"[\w']+", denied.lower())) <= said

    @settings(max_examples=80)
    @given(drafts, any_hits)
    def test_statements_are_claims_of_the_draft_in_its_order(
        self, draft: Draft, found: list[Hit]
    ) -> None:
        result = citations.verify(draft, found)
        said = iter([words_of(claim.text) for claim in draft.claims])
        assert all(words_of(statement.text) in said for statement in result.statements)
        assert result.question == draft.question

    @settings(max_examples=80)
    @given(claims(), any_hits)
    def test_a_short_answer_stands_in_a_quote(self, claim: Claim, found: list[Hit]) -> None:
        result = citations.verify(Draft("?", (claim,)), found)
        if result.short is not None:
            assert result.short == claim.short
            assert any(result.short in fold_space(c.quote) for c in result.citations)

    @settings(max_examples=80)
    @given(drafts, any_hits)
    def test_either_something_is_said_or_passages_are_offered(
        self, draft: Draft, found: list[Hit]
    ) -> None:
        result = citations.verify(draft, found)
        assert bool(result.closest) == (bool(found) and not result.answered)
        assert result.answered or result.short is None

    @settings(max_examples=80)
    @given(hits)
    def test_the_closest_passages_are_at_most_3_the_best_and_do_not_overlap(
        self, found: list[Hit]
    ) -> None:
        closest = citations.closest(found)
        assert len(closest) <= 3
        assert [citation.number for citation in closest] == list(range(1, len(closest) + 1))
        for left, right in combinations(closest, 2):
            assert (
                left.article != right.article or left.end <= right.start or right.end <= left.start
            )
        ranks = [
            next(
                rank
                for rank, hit in enumerate(found)
                if (hit.passage.article, hit.passage.start, hit.passage.end)
                == (citation.article, citation.start, citation.end)
            )
            for citation in closest
        ]
        assert ranks == sorted(ranks)
        assert ranks[:1] == [0][: len(found)]


@pytest.mark.parametrize(
    ("quote", "claim"),
    [
        ("At least 164 people have\nbeen killed.", "At least 164 people have been killed."),
        ("At least 164 were killed and nearly 10,000 arrested.", "Nearly 10,000 were arrested."),
        ("Nearly 10,000 were arrested in Almaty.", "In Almaty, nearly 10,000 were arrested."),
        ("Green did not sign.", "Green did not sign."),
        ("Nobody was hurt.", "Nobody was hurt."),
        ("They won’t leave.", "They won't leave."),
        ("It cost $4.037 billion.", "It cost $4.037 billion."),
        ("Élise met Łukasz.", "Élise met Łukasz."),
        ("Seven people died.", "Seven people died."),
        ("It cost about\n$4.5 billion.", "It cost about 4.5 billion dollars."),
    ],
)
def test_a_claim_that_its_quote_carries_is_said(quote: str, claim: str) -> None:
    article = source(quote)
    result = answer([Claim(claim, (Span(article, 0, len(quote)),))], article)
    assert result.text == f"{claim}[1]"
    assert [citation.quote for citation in result.citations] == [quote]


@pytest.mark.parametrize(
    ("quote", "claim"),
    [
        # numbers
        ("At least 164 people were killed.", "At least 165 people were killed."),
        ("Nearly 10,000 were arrested.", "Nearly 1,000 were arrested."),
        ("Nearly 10,000 were arrested.", "Nearly 10 were arrested."),
        ("It rose by 3.5 percent.", "It rose by 3 percent."),
        ("It rose by 3.5 percent.", "It rose by 35 percent."),
        ("It happened in 2023.", "It happened in 2024."),
        ("Some were killed.", "Some 12 were killed."),
        ("Seven people died on Maui.", "Eight people died on Maui."),
        ("On Maui seven people died.", "On Maui eight people died."),
        ("On Maui seven people died.", "On Maui dozens of people died."),
        ("The damage is $4.5 million.", "The damage is $4.5 billion."),
        # hedges
        ("Nearly 10,000 were arrested.", "10,000 were arrested."),
        ("9,000 were arrested.", "At least 9,000 were arrested."),
        ("More than 12 died.", "Fewer than 12 died."),
        ("It cost about $4.5 billion.", "It cost $4.5 billion."),
        # names
        ("The police arrested Smith.", "The police arrested Jones."),
        ("He was born in Łódź.", "He was born in Lodz."),
        ("She met Élise Dupont.", "She met Élise Durand."),
        ("Biden was arrested.", "Trump was arrested."),
        ("Late on Monday the police came. Biden was arrested.", "They came. Trump was arrested."),
        ("“Smith is free,” she said.", "“Jones is free,” she said."),
        ("He joined Malcolm X.", "He joined Malcolm Y."),
        # negations
        ("Green did not sign.", "Green did sign."),
        ("Green did sign.", "Green did not sign."),
        ("Green can sign.", "Green can't sign."),
        ("Green can sign.", "Green can’t sign."),
        ("Green can sign.", "Green cannot sign."),
        ("Somebody was hurt.", "Nobody was hurt."),
        ("They left with water.", "They left without water."),
        ("They never left.", "They left."),
        ("Alcaraz, world No. 1, won the final.", "Alcaraz never won the final."),
        # nothing said
        ("They left.", ""),
    ],
)
def test_a_claim_that_its_quote_does_not_carry_is_not_said(quote: str, claim: str) -> None:
    article = source(quote)
    result = answer([Claim(claim, (Span(article, 0, len(quote)),))], article)
    assert not result.answered
    assert result.citations == ()
    assert [citation.quote for citation in result.closest] == [quote]


def test_the_numbers_and_names_may_stand_in_several_quotes_together() -> None:
    claim = Claim(
        "Green counted 12 ships and Stubb 10,000 people.",
        (find(FIRST, "Green counted 12 ships"), find(SECOND, "10,000 people, Stubb told")),
    )
    assert answer([claim], FIRST, SECOND).text == f"{claim.text}[1][2]"


def test_what_stands_only_beside_the_quote_does_not_count() -> None:
    claim = Claim("Green counted 12 ships.", (find(FIRST, "Green counted"),))
    assert not answer([claim], FIRST).answered


def test_a_claim_without_a_span_is_not_said() -> None:
    assert not answer([Claim("Green counted 12 ships.", ())], FIRST).answered


def test_a_span_outside_the_passages_found_is_not_cited() -> None:
    span = find(FIRST, "Green counted 12 ships.")
    claim = Claim("Green counted 12 ships.", (span,))
    before = Hit(Passage(FIRST, 0, span.start, ordinal=0), 1.0)
    half = Hit(Passage(FIRST, 0, span.end - 1, ordinal=0), 1.0)
    assert not citations.verify(Draft("?", (claim,)), []).answered
    assert not citations.verify(Draft("?", (claim,)), [before, half, hit(SECOND)]).answered
    assert citations.verify(Draft("?", (claim,)), [before, hit(FIRST)]).answered


def test_a_span_of_another_version_of_the_article_is_not_cited() -> None:
    claim = Claim("Green counted 12 ships.", (find(FIRST, "Green counted 12 ships."),))
    assert not answer([claim], EDITED).answered


def test_one_span_that_was_not_found_spoils_its_claim_but_not_the_next() -> None:
    found, missing = find(FIRST, "Green counted 12 ships."), find(SECOND, "Ten ships came")
    drafted = [Claim("It came.", (found, missing)), Claim("Green counted 12 ships.", (found,))]
    assert answer(drafted, FIRST).text == "Green counted 12 ships.[1]"


def test_numbers_close_up_where_a_claim_is_dropped() -> None:
    drafted = [
        Claim("Green counted 12 ships.", (find(FIRST, "Green counted 12 ships."),)),
        Claim("Green counted 13 ships.", (find(FIRST, "hurt 80, Governor Green"),)),
        Claim("Ten ships came.", (find(SECOND, "Ten ships came"),)),
        Claim("Green counted ships.", (find(FIRST, "Green counted 12 ships."),)),
    ]
    result = answer(drafted, FIRST, SECOND)
    assert result.text == "Green counted 12 ships.[1] Ten ships came.[2] Green counted ships.[1]"
    assert [c.quote for c in result.citations] == ["Green counted 12 ships.", "Ten ships came"]


def test_a_passage_that_is_cited_whole_is_numbered_as_its_span_is() -> None:
    passage = hit(SECOND).passage
    same = Span(SECOND, passage.start, passage.end)
    text = fold_space(SECOND.text)
    result = answer([Claim(text, (passage, same)), Claim(text, (same, passage))], SECOND)
    assert len(result.citations) == 1


def test_a_source_cannot_forge_a_footnote() -> None:
    article = source("They left.[7] Ten stayed [1][2].")
    spans = [Span(article, start, end) for start, end in sentences.split(article.text)]
    result = answer([Claim(span.text, (span,)) for span in spans], article)
    inline = [int(number) for number in re.findall(r"\[(\d+)\]", result.text)]
    assert inline == [number for statement in result.statements for number in statement.numbers]


class TestShortAnswers:
    FIRST_COUNT = Claim(
        "The fire in Lahaina killed 9,000 people.",
        (find(FIRST, "The fire in Lahaina killed 9,000 people"),),
        short="9,000",
    )
    LATER_COUNT = Claim(
        "The fire in Lahaina killed nearly 10,000 people.",
        (find(SECOND, "The fire in Lahaina killed nearly 10,000 people"),),
        short="nearly 10,000",
    )

    def test_one_is_given_as_it_is(self) -> None:
        assert answer([self.LATER_COUNT], SECOND).short == "nearly 10,000"

    def test_two_different_ones_are_given_with_dates(self) -> None:
        result = answer([self.FIRST_COUNT, self.LATER_COUNT], FIRST, SECOND)
        assert result.short is not None
        first, second = result.short.split("; ")
        assert re.fullmatch(r"9,000 \(0?3 May 2024\)", first)
        assert re.fullmatch(r"nearly 10,000 \(0?5 May 2024\)", second)

    def test_without_a_date_the_title_is_given(self) -> None:
        undated = source("At least 8,000 died.", name="b.md")
        other = Claim("At least 8,000 died.", (find(undated, undated.text),), "At least 8,000")
        result = answer([self.FIRST_COUNT, other], FIRST, undated)
        assert result.short is not None
        assert result.short.endswith("; At least 8,000 (Title of b.md)")

    def test_the_same_one_twice_is_given_once(self) -> None:
        again = source("About that: 9,000 died.", name="b.md", published=date(2024, 6, 1))
        other = Claim("9,000 died.", (find(again, "9,000 died."),), short="9,000")
        assert answer([self.FIRST_COUNT, other], FIRST, again).short == "9,000"

    def test_case_makes_no_difference(self) -> None:
        again = source("Nearly 10,000 died.", name="b.md")
        other = Claim("Nearly 10,000 died.", (find(again, again.text),), short="Nearly 10,000")
        assert answer([self.LATER_COUNT, other], SECOND, again).short == "nearly 10,000"

    def test_that_of_a_claim_that_is_dropped_is_not_given(self) -> None:
        false = dataclasses.replace(self.LATER_COUNT, text="It was in Zanzibar: 10,000.")
        assert answer([self.FIRST_COUNT, false], FIRST, SECOND).short == "9,000"
        assert answer([false], FIRST, SECOND).short is None

    def test_the_date_is_that_of_the_article_it_stands_in(self) -> None:
        on_both = dataclasses.replace(
            self.LATER_COUNT, spans=(find(FIRST, "The fire in Lahaina"), *self.LATER_COUNT.spans)
        )
        result = answer([self.FIRST_COUNT, on_both], FIRST, SECOND)
        assert result.short is not None
        assert "5 May 2024" in result.short.split("; ")[1]

    def test_it_may_stand_over_a_line_break(self) -> None:
        article = source("They counted nearly\n10,000 people.")
        claim = Claim(
            "They counted nearly 10,000.", (find(article, article.text),), "nearly 10,000"
        )
        assert answer([claim], article).short == "nearly 10,000"

    @pytest.mark.parametrize(
        "short", ["10,001", "exactly 10,000", "Zanzibar", "10,000 people left"]
    )
    def test_one_that_stands_in_no_quote_is_not_given(self, short: str) -> None:
        result = answer([dataclasses.replace(self.LATER_COUNT, short=short)], SECOND)
        assert result.answered
        assert result.short is None

    @pytest.mark.parametrize("short", ["10", "10,00", "early 10,000", "Lahai"])
    def test_a_part_of_a_word_or_number_is_not_given(self, short: str) -> None:
        result = answer([dataclasses.replace(self.LATER_COUNT, short=short)], SECOND)
        assert result.answered
        assert result.short is None

    @pytest.mark.parametrize("short", ["", " "])
    def test_a_blank_one_is_not_given(self, short: str) -> None:
        result = answer([dataclasses.replace(self.LATER_COUNT, short=short)], SECOND)
        assert result.answered
        assert result.short is None


def test_where_nothing_is_said_the_closest_passages_are_offered() -> None:
    result = citations.verify(Draft("why?"), [hit(SECOND), hit(FIRST), hit(SECOND)])
    assert not result.answered
    assert [(c.number, c.quote) for c in result.closest] == [(1, SECOND.text), (2, FIRST.text)]


def test_nothing_found_and_nothing_said_is_an_answer_too() -> None:
    assert citations.verify(Draft("why?"), []) == Answer("why?")
