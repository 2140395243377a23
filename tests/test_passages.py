"""Passages hold whole sentences, cover their article, and fit what the model reads."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval import passages, sentences
from retrieval.embedding import Embedder
from retrieval.passages import Offsets
from retrieval.types import Article, Passage
from tests import strategies

MOST_CALLS = 2_000
"""How often a tokenizer may be asked about a few words, before it is going round in a ring."""


def article(text: str, title: str = "A title") -> Article:
    return Article(id="a.md", title=title, text=text)


def split(embedder: Embedder, source: Article | str) -> list[Passage]:
    source = article(source) if isinstance(source, str) else source
    return passages.split(source, embedder.pieces, embedder.card.max_pieces)


def words(passage: Passage) -> int:
    return len(passage.text.split())


def pieces(embedder: Embedder, passage: Passage) -> int:
    return len(embedder.pieces(passages.embedded_text(passage)))


def uncovered(source: Article, found: list[Passage]) -> str:
    covered = {i for passage in found for i in range(passage.start, passage.end)}
    return "".join(c for i, c in enumerate(source.text) if i not in covered).strip()


def numbered(count: int, length: int) -> str:
    """Return a text of ``count`` sentences of ``length`` words, each sentence different."""
    return " ".join(
        f"Sentence {number} " + " ".join(["word"] * (length - 3)) + " ends."
        for number in range(count)
    )


class TestWholeSentences:
    @settings(max_examples=40)
    @given(text=strategies.prose)
    def test_a_passage_begins_and_ends_where_sentences_do(
        self, text: str, embedder: Embedder
    ) -> None:
        starts, ends = map(set, zip(*sentences.split(text), strict=True))
        for passage in split(embedder, text):
            assert passage.start in starts
            assert passage.end in ends

    @settings(max_examples=40)
    @given(text=strategies.prose)
    def test_a_passage_begins_with_the_last_sentence_of_the_one_before(
        self, text: str, embedder: Embedder
    ) -> None:
        starts = [start for start, _ in sentences.split(text)]
        for passage, following in pairwise(split(embedder, text)):
            assert following.start == max(start for start in starts if start < passage.end)

    @settings(max_examples=40)
    @given(text=strategies.prose)
    def test_passages_have_60_to_120_words_where_the_text_allows(
        self, text: str, embedder: Embedder
    ) -> None:
        found = split(embedder, text)
        assert all(words(passage) <= passages.MAX_WORDS == 120 for passage in found)
        assert all(words(passage) >= 60 for passage in found[:-1])

    def test_a_short_article_is_one_passage(self, embedder: Embedder) -> None:
        text = numbered(count=12, length=10)
        assert [passage.text for passage in split(embedder, text)] == [text]

    def test_the_next_passage_takes_as_many_sentences_as_fit(self, embedder: Embedder) -> None:
        found = split(embedder, numbered(count=23, length=10))
        assert [words(passage) for passage in found] == [120, 120]
        assert [passage.text.split()[1] for passage in found] == ["0", "11"]

    def test_a_sentence_too_long_to_be_had_twice_does_not_overlap(self, embedder: Embedder) -> None:
        text = numbered(count=3, length=100)
        found = split(embedder, text)
        assert [(passage.start, passage.end) for passage in found] == sentences.split(text)

    def test_a_sentence_longer_than_the_model_reads_is_cut_between_words(
        self, embedder: Embedder
    ) -> None:
        found = split(embedder, strategies.ONE_SENTENCE)
        assert len(found) > 1
        joined = " ".join(passage.text for passage in found)
        assert joined == strategies.ONE_SENTENCE

    @pytest.mark.parametrize("text", ["", " ", "\n", " \n\t\n "])
    def test_an_empty_text_has_none(self, text: str, embedder: Embedder) -> None:
        assert split(embedder, text) == []

    def test_an_article_of_one_word_is_one_passage(self, embedder: Embedder) -> None:
        assert [passage.text for passage in split(embedder, strategies.ONE_WORD)] == ["Earthquake"]


class TestWhatTheModelReads:
    def test_the_title_and_then_the_passage_are_embedded(self, embedder: Embedder) -> None:
        (passage,) = split(embedder, article("It rained. It stopped.", title="The weather"))
        assert passages.embedded_text(passage) == "The weather\nIt rained. It stopped."

    @settings(max_examples=60)
    @given(source=strategies.articles())
    @example(source=article(strategies.ONE_SENTENCE))
    @example(source=article("It rained.", title="t" * 10_000))
    @example(source=article("今天下雨。" * 300, title="今天下雨" * 100))
    def test_a_passage_is_never_longer_than_the_model_reads(
        self, source: Article, embedder: Embedder
    ) -> None:
        for passage in split(embedder, source):
            assert pieces(embedder, passage) <= embedder.card.max_pieces

    @settings(max_examples=40)
    @given(text=strategies.stored_texts, max_pieces=st.integers(24, 128))
    @example(text=strategies.EXTREMES["Korean without a space"], max_pieces=24)
    @example(text=strategies.EXTREMES["emoji without a space"], max_pieces=24)
    @example(text=strategies.EXTREMES["right to left"], max_pieces=24)
    def test_nor_longer_than_a_model_that_reads_less(
        self, text: str, max_pieces: int, embedder: Embedder
    ) -> None:
        source = article(text)
        found = passages.split(source, embedder.pieces, max_pieces)
        assert uncovered(source, found) == ""
        for passage in found:
            assert pieces(embedder, passage) <= max_pieces

    @pytest.mark.parametrize("text", strategies.EXTREMES.values(), ids=strategies.EXTREMES)
    def test_no_text_is_too_odd_to_be_read(self, text: str, embedder: Embedder) -> None:
        source = article(text)
        found = split(embedder, source)
        assert uncovered(source, found) == ""
        assert max(pieces(embedder, passage) for passage in found) <= embedder.card.max_pieces

    @pytest.mark.parametrize(
        "title",
        [
            pytest.param(" ".join(["각" * 33] * 4), id="Korean, of many pieces a letter"),
            pytest.param("각." * 100, id="Korean, a full stop after each letter"),
            pytest.param("地震." * 100, id="Chinese"),
            pytest.param("?!" * 500, id="signs"),
        ],
    )
    def test_a_title_leaves_room_for_the_text(self, title: str, embedder: Embedder) -> None:
        asked = 0

        def tokenize(text: str) -> Offsets:
            nonlocal asked
            asked += 1
            assert asked <= MOST_CALLS, "it does not end"
            return embedder.pieces(text)

        source = article("It rained for a day. Then it stopped.", title=title)
        found = passages.split(source, tokenize, embedder.card.max_pieces)
        assert [passage.text for passage in found] == [source.text]
        assert pieces(embedder, found[0]) <= embedder.card.max_pieces


class TestNothingIsLost:
    @settings(max_examples=60)
    @given(source=strategies.articles(st.one_of(strategies.stored_texts, strategies.prose)))
    def test_every_character_is_in_a_passage(self, source: Article, embedder: Embedder) -> None:
        assert uncovered(source, split(embedder, source)) == ""

    @settings(max_examples=60)
    @given(source=strategies.articles(st.one_of(strategies.stored_texts, strategies.prose)))
    def test_passages_are_in_order_and_none_lies_within_another(
        self, source: Article, embedder: Embedder
    ) -> None:
        found = split(embedder, source)
        for passage, following in pairwise(found):
            assert passage.start < following.start
            assert passage.end < following.end
        assert all(passage.text == passage.text.strip() for passage in found)
        assert all(passage.article == source for passage in found)

    @settings(max_examples=40)
    @given(source=strategies.articles(strategies.prose))
    def test_ordinals_count_from_0_and_keys_are_unique(
        self, source: Article, embedder: Embedder
    ) -> None:
        found = split(embedder, source)
        assert [passage.ordinal for passage in found] == list(range(len(found)))
        assert len({passage.key for passage in found}) == len(found)

    def test_every_key_changes_with_the_version(self, embedder: Embedder) -> None:
        old = article(numbered(count=40, length=10))
        for new in (
            dataclasses.replace(old, text=old.text + " One more."),
            dataclasses.replace(old, title="Another title"),
            dataclasses.replace(old, id="b.md"),
        ):
            keys = {passage.key for passage in split(embedder, old)}
            assert keys.isdisjoint(passage.key for passage in split(embedder, new))

    def test_the_same_article_has_the_same_keys(self, embedder: Embedder) -> None:
        text = numbered(count=40, length=10)
        first, second = split(embedder, article(text)), split(embedder, article(text))
        assert [passage.key for passage in first] == [passage.key for passage in second]
        assert first == second

    def test_a_text_said_twice_has_two_passages(self, embedder: Embedder) -> None:
        half = numbered(count=10, length=10)
        found = split(embedder, article(f"{half}\n\n{half}"))
        assert len(found) == 2
        assert len({passage.key for passage in found}) == 2
