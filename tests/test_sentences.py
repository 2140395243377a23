"""Sentences are cut where a reader would cut them, and no character is lost."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval import sentences
from retrieval.types import fold_space
from tests import strategies


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences.split(text)]


@pytest.mark.parametrize(
    "expected",
    [
        # abbreviations
        ["The U.N. said so.", "It is grave."],
        ["He works for the U.N.", "The council met."],
        ["He left the U.S.", "Then he came back."],
        ["The U.S. Department of Commerce counted.", "The damage rose."],
        ["Dr. Smith met Mr. Jones.", "They talked."],
        ["Prof. A. B. Carter, Ph.D., spoke.", "He left."],
        ["Maj. Gen. Smith spoke.", "Lt. Col. Ray left."],
        ["Gov. Josh Green announced it.", "A court must approve."],
        ["Sen. John Doe (D-Mass.) voted no.", "It failed."],
        ["Acme Inc. bought Beta Corp. for $3 million.", "Shares rose."],
        ["St. Louis won.", "It rained."],
        ["It was No. 1 on the list.", "It stayed."],
        ["See fig. 3 for more.", "It helps."],
        ["Jan. 6 was cold.", "Feb. 7 was not."],
        ["He was, i.e. had been, in London, etc.", "Then he left."],
        # initials
        ["J. K. Rowling wrote it.", "It sold well."],
        ["George W. Bush spoke.", "He left."],
        # decimals, sums, versions, scores
        ["It rose 3.5 percent.", "That is a lot."],
        ["The cost was $4.5 billion.", "It rose."],
        ["Version 2.0.1 is out.", "Get it."],
        ["The team won 3-2.", "Fans cheered."],
        # times of day
        ["It began at 5 p.m.", "The crowd left."],
        ["It began at 5 p.m. Friday in the square.", "Then it ended."],
        ["They met at 9 a.m. Monday.", "Then they met at 3 p.m. Tuesday."],
        ["It began at 11:30 a.m. EST on a cold day.", "It ended."],
        ["The vote was at 6 p.m. local time.", "It failed."],
        ["The quake hit at 11 p.m. GMT.", "People ran."],
        # quotations
        ["He said: “Go home.”", "They left."],
        ["“Go home,” he said.", "“Now.”", "They left."],
        ['"Is it over?" she asked.', "Nobody knew."],
        ["He asked why?", "She did not know!"],
        # other scripts and signs
        ["今天下雨。", "明天晴天。"],
        ["مرحبا بالعالم.", "كيف حالك؟", "أنا بخير."],
        ["שלום עולם.", "מה שלומך?"],
        ["Great news 🎉!", "They won 👩‍🚀."],
    ],
    ids=" | ".join,
)
def test_sentences_are_cut_where_a_reader_would(expected: list[str]) -> None:
    assert split(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["Quake kills dozens", "RABAT (AP) — At least 12 people died."],
        ["Mayor wins again", "By a hair"],
        ["Powerful earthquake kills hundreds", "RABAT", "At least 12 people died."],
        ["wow this is big #quake", "see you there @bob"],
        ["OMG 😱", "is everyone ok", "RT @bob so sad"],
        ["- bread and butter", "- milk"],
        ["The first paragraph is one line.", "So is the second, and it is longer."],
        ["Rain in the north of the country", "Snow"],
    ],
    ids=" | ".join,
)
def test_a_line_break_ends_a_headline_a_tweet_and_an_item(expected: list[str]) -> None:
    assert split("\n".join(expected)) == expected


def test_a_blank_line_ends_a_sentence_without_a_full_stop() -> None:
    assert split("It rained all of\n\nthe day") == ["It rained all of", "the day"]


def test_a_paragraph_that_is_one_line_may_hold_several_sentences() -> None:
    text = "The council met on Monday. It voted.\nThe mayor objected to the whole of it."
    assert split(text) == [
        "The council met on Monday.",
        "It voted.",
        "The mayor objected to the whole of it.",
    ]


def test_a_hard_wrapped_sentence_goes_on_over_its_line_breaks() -> None:
    text = (
        "The council of the town met on Monday evening to discuss the budget,\n"
        "and voted to raise the tax on houses by three percent. The mayor has\n"
        "objected. She said that it was too much for people who had been hit\n"
        "by the flood."
    )
    assert [fold_space(sentence) for sentence in split(text)] == [
        "The council of the town met on Monday evening to discuss the budget, "
        "and voted to raise the tax on houses by three percent.",
        "The mayor has objected.",
        "She said that it was too much for people who had been hit by the flood.",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "The people of the town were met on the bridge that evening by Dr.",
        "The people of the town were met on the bridge that evening by Gov.",
        "They had crossed the river at night and were met at about 5 a.m.",
    ],
)
def test_a_line_may_be_wrapped_after_an_abbreviation(line: str) -> None:
    text = f"{line}\nFriday was a good day for it."
    assert split(fold_space(text)) == [fold_space(text)]
    assert split(text) == [text]


@settings(max_examples=60)
@given(strategies.hard_wrapped)
def test_hard_wrapped_text_has_the_sentences_of_the_same_text_on_one_line(text: str) -> None:
    assert [fold_space(sentence) for sentence in split(text)] == split(fold_space(text))


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t\n \n"])
def test_a_blank_text_has_no_sentences(text: str) -> None:
    assert split(text) == []


@settings(max_examples=150)
@given(strategies.raw_texts)
@example(strategies.ONE_SENTENCE)
@example("".join(strategies.EMOJI) + ". Next.")
def test_sentences_are_in_order_trimmed_and_hold_every_character(text: str) -> None:
    position = 0
    for start, end in sentences.split(text):
        assert position <= start < end <= len(text)
        assert text[position:start].strip() == ""
        assert text[start:end] == text[start:end].strip()
        position = end
    assert text[position:].strip() == ""


@pytest.mark.parametrize("text", strategies.EXTREMES.values(), ids=strategies.EXTREMES)
def test_no_text_is_too_odd_to_be_cut(text: str) -> None:
    found = sentences.split(text)
    assert found[0][0] == 0
    assert found[-1][1] == len(text)


@pytest.mark.parametrize(
    "line",
    [
        "Copyright 2022 The Paper",
        "© 2023 The Paper",
        "(c) 2024 AP",
        "2024 The Paper. All rights reserved.",
        "This material may not be published, broadcast, rewritten or redistributed.",
        "Read more: How the quake struck",
        "READ ALSO The other story",
        "— Read the full story",
        "Read next: Another story",
        "See also: Another story",
        "Related: Another story",
        "Click here to read on",
        "Sign up for our newsletter",
        "Subscribe now for 1 euro",
        "Advertisement",
        "Follow us on Facebook",
        "Share this article",
        "Listen to this article",
    ],
)
def test_a_line_of_the_page_is_furniture(line: str) -> None:
    assert sentences.is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "At least 164 people have been killed.",
        "He read more books than anyone in the town.",
        "They asked readers to subscribe to the fund.",
        "Subscribers fled.",
        "Advertisements cost more than last year.",
        "(c) the council will pay for the bridge.",
        "Reading more helps.",
        "Related companies were fined as well.",
        "Copyright law was changed by parliament on Monday.",
        "The police said: share this with no one.",
        "",
    ],
)
def test_a_sentence_of_the_story_is_no_furniture(line: str) -> None:
    assert not sentences.is_furniture(line)


def test_only_whole_sentences_lie_within_two_offsets() -> None:
    text = (
        "Officials of the northern province met on Monday evening\n"
        "to talk. It is false, they said when they came out, that\n"
        "10,000 people were held by the police.\n\nIt rained."
    )
    whole = sentences.split(text)
    assert len(whole) == 3
    assert sentences.split_within(text, 0, len(text)) == whole
    assert sentences.split_within(text, text.index("It is false"), len(text)) == whole[1:]
    assert sentences.split_within(text, text.index("10,000"), len(text)) == whole[2:]


@given(text=strategies.stored_texts, data=st.data())
def test_sentences_within_a_passage_are_sentences_of_the_article(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    expected = [(a, b) for a, b in sentences.split(text) if start <= a and b <= end]
    assert sentences.split_within(text, start, end) == expected
