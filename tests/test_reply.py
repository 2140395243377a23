"""A reply is cut into sentences, each with the numbers of the passages that it cites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import reply
from retrieval.reply import Said
from tests import strategies

LEFT, STAYED = Said("They left.", (1,)), Said("Ten stayed.", (2,))

_words = st.sampled_from(
    ("the harbour", "two ferries", "Dr. Holt", "Mr. Vik", "in Orlen", "7.8 metres", "10,000 tons",
     "$4.5 billion", "the *old* mill", "burned", "**Velmar**", "a `red` flag", "nobody", "e-mail",
     "[2]", "[1, 3]")
)  # fmt: skip
_marks = st.sampled_from(("", "[1]", " [2]", "[1][3]", " [1] [2]", "[1, 2]", "【3】", " [^4]"))
_starts = st.sampled_from(("", "", "", "- ", "* ", "3. ", "2) ", "# ", "> "))


@st.composite
def _lines(draw: st.DrawFn) -> str:
    """Draw a line of sentences that nobody would cut in another way."""
    line = draw(_starts)
    for _ in range(draw(st.integers(1, 3))):
        middle = " ".join(draw(st.lists(_words, min_size=1, max_size=5)))
        stop, marks = draw(st.sampled_from(".!?")), draw(_marks)
        ending = stop + marks if draw(st.booleans()) else marks + stop
        line += f"It was {middle} there{ending} "
    return line.rstrip() if draw(st.booleans()) else line


replies = st.builds(
    lambda thought, lines: thought + "\n".join(lines),
    st.sampled_from(("", "", "<think>Is it 3? I say [2]. Yes.\nOr no.</think>\n\n")),
    st.lists(_lines(), min_size=1, max_size=4),
)
"""Replies in ordinary sentences, with the marks and the Markdown that models write."""


class TestEveryReply:
    @given(replies)
    def test_a_sentence_of_a_reply_that_is_being_written_never_changes(self, text: str) -> None:
        finished = reply.split(text)
        for end in range(len(text) + 1):
            early = reply.whole(text[:end])
            assert early == finished[: len(early)]

    def test_an_abbreviation_that_is_half_written_ends_no_sentence(self) -> None:
        for text in ("It is in St. Or", "They met at 3 p.m. U", "Rain fell.[1] “G"):
            assert reply.whole(text) == []

    @given(replies)
    def test_all_but_the_last_sentence_are_known_before_the_end(self, text: str) -> None:
        assert reply.whole(text + " ") == reply.split(text)[:-1]

    @given(replies)
    def test_no_sentence_keeps_a_mark_or_an_emphasis(self, text: str) -> None:
        for said in reply.split(text):
            assert not set("[]【】*`\n") & set(said.text)
            assert said.text.startswith("It was ")
            assert said.text.endswith(("there.", "there!", "there?"))

    @given(st.one_of(strategies.raw_texts, st.text("[]【】^1,;. \n*-<think>aB", max_size=40)))
    def test_whatever_it_holds_each_sentence_is_one_line_with_a_word(self, text: str) -> None:
        for said in reply.split(text):
            assert said.text == " ".join(said.text.split())
            assert any(character.isalnum() for character in said.text)
            assert len(set(said.numbers)) == len(said.numbers)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("They left.[1] Ten stayed.[2]", id="behind the full stop"),
        pytest.param("They left [1]. Ten stayed [2].", id="before it"),
        pytest.param("They left[1]. Ten stayed. [2]", id="one of each"),
        pytest.param("They left.[1]Ten stayed.[2]", id="no space"),
        pytest.param("They left.【1】 Ten stayed.【2】", id="other brackets"),
        pytest.param("They left.[^1] Ten stayed.[^2]", id="footnotes"),
        pytest.param("They left [passage 1]. Ten stayed [passage 2].", id="passage"),
        pytest.param("[1] They left.\n[2] Ten stayed.", id="at the start of a line"),
        pytest.param("They [1] left. Ten [2] stayed.", id="in the middle"),
        pytest.param("They left.[1]\n\nTen stayed.[2]", id="paragraphs"),
        pytest.param("They left.[1]\r\nTen stayed.[2]\r\n", id="carriage returns"),
        pytest.param("- They left.[1]\n- Ten stayed.[2]", id="dashes"),
        pytest.param("* They left.[1]\n  * Ten stayed.[2]", id="stars"),
        pytest.param("• They left.[1]\n• Ten stayed.[2]", id="bullets"),
        pytest.param("1. They left.[1]\n2. Ten stayed.[2]", id="numbered"),
        pytest.param("1) They left.[1]\n2) Ten stayed.[2]", id="numbered with brackets"),
        pytest.param("> They left.[1]\n> Ten stayed.[2]", id="quoted"),
        pytest.param("## They left.[1]\nTen stayed.[2]", id="heading"),
        pytest.param("**They left.**[1] Ten **stayed**.[2]", id="bold"),
        pytest.param("*They* left.[1] _Ten_ stayed.[2]", id="italics"),
        pytest.param("__They__ left.[1] `Ten` stayed.[2]", id="underlined and code"),
        pytest.param("***They*** left.[1] Ten *stayed.*[2]", id="both"),
        pytest.param("They left.[1][1] Ten stayed.[2] [2]", id="a mark twice"),
        pytest.param("<think>A ship? [7]</think>They left.[1] Ten stayed.[2]", id="thought"),
        pytest.param("<think>\nA\nship?\n</think>\n\nThey left.[1] Ten stayed.[2]", id="long one"),
        pytest.param("They left.[1] Ten stayed.[2]<think>Or did it", id="one that is not ended"),
    ],
)
def test_sentences_have_the_marks_that_stand_in_or_behind_them(text: str) -> None:
    assert reply.split(text) == [LEFT, STAYED]


@pytest.mark.parametrize(
    ("marks", "numbers"),
    [
        ("", ()),
        ("[2][1]", (2, 1)),
        ("[2, 3]", (2, 3)),
        ("[2; 3]", (2, 3)),
        ("[2] [3] [2]", (2, 3)),
        ("[passages 1, 12]", (1, 12)),
        ("[0]", (0,)),
    ],
)
def test_the_numbers_are_kept_in_order_each_once(marks: str, numbers: tuple[int, ...]) -> None:
    assert reply.split(f"They left.{marks}") == [Said("They left.", numbers)]
    assert reply.split(f"They left {marks}.")[0].numbers == numbers


def test_marks_behind_a_quotation_are_its_own() -> None:
    assert reply.split("“They left.”[1] Ten stayed.[2]") == [Said("“They left.”", (1,)), STAYED]


def test_a_sentence_does_not_get_the_mark_of_the_next_one() -> None:
    assert reply.split("They left. Ten stayed.[2]") == [Said("They left.", ()), STAYED]


def test_what_only_looks_like_a_mark_is_text() -> None:
    assert reply.split("They left [sic] by bus (3).[1]") == [
        Said("They left [sic] by bus (3).", (1,))
    ]


def test_a_full_stop_within_a_word_or_a_number_ends_no_sentence() -> None:
    text = "Dr. Holt lost $4.5 million at 3 p.m. on Monday."
    assert reply.split(f"{text}[1]") == [Said(text, (1,))]


def test_stars_and_underscores_within_words_are_kept() -> None:
    assert reply.split("They sent 2*3 copies of port_plan.[1]") == [
        Said("They sent 2*3 copies of port_plan.", (1,))
    ]


@pytest.mark.parametrize("text", ["", " \n", "[1]", "...", "- \n* ", "<think>They left.[1]"])
def test_where_nothing_is_said_there_is_no_sentence(text: str) -> None:
    assert reply.split(text) == []
    assert reply.whole(text) == []


class TestOneThatIsBeingWritten:
    def test_a_sentence_waits_for_its_marks(self) -> None:
        assert reply.whole("They left.") == []
        assert reply.whole("They left. [1") == []
        assert reply.whole("They left. [1]") == []
        assert reply.whole("They left. [1] Ten") == []
        assert reply.whole("They left. [1] Ten ") == [LEFT]

    def test_a_mark_that_is_half_written_is_no_text(self) -> None:
        assert reply.whole("They left.[1] Ten stayed.[2") == [LEFT]
        assert reply.whole("They left.[1] Ten stayed.[2, ") == [LEFT]

    def test_what_is_still_being_thought_is_not_said(self) -> None:
        assert reply.whole("<think>They left.[3] Ten stayed.[4] Or") == []


@pytest.mark.parametrize(
    "text",
    [
        reply.NOT_SAID,
        "The sources do not say",
        "the sources don't say.",
        "The sources don’t say who left.",
        "The sources do not say.[1]",
        "**The sources do not say.**",
        "- Sources do not say.",
        "<think>Hm. They left?</think>\nThe sources do not say.",
        "The passages do not mention it.",
        "The provided passages do not specify when.",
        "The context provided does not contain the answer.",
        "The given text doesn't state a number.",
        "The article does not tell.",
    ],
)
def test_that_the_sources_do_not_say_is_understood(text: str) -> None:
    (said,) = reply.split(text)
    assert said.says_not


@pytest.mark.parametrize(
    "text",
    [
        "The sources say that they left.",
        "They do not say who left.",
        "The sources of the river do not freeze.",
        "Holt said that the sources do not say.",
        "The articles do not saylor.",
    ],
)
def test_another_sentence_does_not_say_it(text: str) -> None:
    (said,) = reply.split(text)
    assert not said.says_not


def test_a_number_that_no_passage_can_have_is_text() -> None:
    number = "7" * 5_000
    for mark in (f"[{number}]", f"[1-{number}]", f"[{number}, 2]"):
        (said,) = reply.split(f"They left {mark}.")
        assert said.numbers == ()
