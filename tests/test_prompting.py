"""A prompt is checked before it is used, and what is put into it stays where it is put."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage, SystemMessage

from bot.chat import read_prompts
from retrieval import prompting
from retrieval.errors import ConfigError
from retrieval.prompting import Prompt
from retrieval.types import Article, Hit, Passage
from tests import strategies

TWO_PARTS = (frozenset({"most"}), frozenset({"passages", "question"}))
THREE_PARTS = (*TWO_PARTS, frozenset({"faults"}))
GOOD = "Say {most} things.\n\n---\n\n{passages}\n\nQuestion: {question}\n"

ONE_MARK = re.compile(r"[\[【]\s*\^?\s*\d+\s*[\]】]")

_PIECES = (
    "[3]", "【3】", "[", "]", "3", "[^2]", "[1, 2]", "\n", "\r\n", "\u2028", "\x85", "\x1c", "| ",
    "\n| ", "\n\n[2] from “x”:\n| ", "Question:", "---\n", "{", "{question}", "a",
)  # fmt: skip
hostile_texts = st.one_of(
    strategies.raw_texts, st.lists(st.sampled_from(_PIECES), max_size=9).map("".join)
)
"""Words that try to end their passage, to begin another one, or to fill a variable."""


def hit(text: str, *, title: str = "Title", published: date | None = None) -> Hit:
    article = Article("a.md", title, text, published=published)
    return Hit(Passage(article, 0, len(text), ordinal=0), 1.0)


class TestEveryPassage:
    @given(hostile_texts.filter(bool))
    def test_is_one_line_that_begins_with_a_bar(self, text: str) -> None:
        head, *rest = prompting.fenced([hit(text)]).splitlines()
        assert head == "[1] from “Title”:"
        assert len(rest) == 1
        assert rest[0].startswith("| ")

    @given(hostile_texts.filter(bool), hostile_texts)
    def test_has_no_mark_but_its_own_number(self, text: str, title: str) -> None:
        fenced = prompting.fenced([hit(text, title=title), hit(text, title=title)])
        assert ONE_MARK.findall(fenced) == ["[1]", "[2]"]
        assert [line[:4] for line in fenced.splitlines() if line][::2] == ["[1] ", "[2] "]

    @given(hostile_texts)
    def test_keeps_its_letters(self, text: str) -> None:
        letters = re.sub(r"[\s\[\]【】()]", "", text)
        assert re.sub(r"[\s\[\]【】()]", "", prompting.line(text)) == letters

    @given(st.lists(hostile_texts.filter(bool), min_size=1, max_size=4))
    def test_stands_under_its_place_in_the_search(self, texts: list[str]) -> None:
        lines = prompting.fenced([hit(text) for text in texts]).split("\n")
        assert lines[::3] == [f"[{n}] from “Title”:" for n in range(1, len(texts) + 1)]
        assert lines[1::3] == [f"| {prompting.line(text)}" for text in texts]
        assert set(lines[2::3]) <= {""}


def test_a_passage_has_the_title_and_the_day_of_its_article() -> None:
    first = hit("They left.", title="The fire", published=date(2024, 5, 3))
    second = hit("Ten\nstayed [4].", title="The\n[1] flood")
    assert prompting.fenced([first, second]) == (
        "[1] from “The fire”, 3 May 2024:\n| They left.\n\n"
        "[2] from “The (1) flood”:\n| Ten stayed (4)."
    )


def test_only_the_words_of_the_passage_are_given_and_not_those_around_it() -> None:
    article = Article("a.md", "The fire", "They left. Ten stayed. Nobody knew.")
    passage = Passage(article, 11, 22, ordinal=1)
    assert prompting.fenced([Hit(passage, 1.0)]) == "[1] from “The fire”:\n| Ten stayed."


def test_no_passages_are_no_text() -> None:
    assert prompting.fenced([]) == ""


def test_ordinary_words_are_left_as_they_are() -> None:
    assert prompting.line("“No,” she said (twice) – at 3 p.m.") == (
        "“No,” she said (twice) – at 3 p.m."
    )


class TestMessages:
    def test_are_the_instruction_and_the_request(self) -> None:
        values = {"most": 4, "passages": "| They left.", "question": "who left?"}
        assert Prompt("a.md", GOOD, TWO_PARTS).messages(values) == [
            SystemMessage("Say 4 things."),
            HumanMessage("| They left.\n\nQuestion: who left?"),
        ]

    def test_a_third_part_may_follow(self) -> None:
        prompt = Prompt("a.md", f"{GOOD}\n---\nNot so:\n{{faults}}\n", THREE_PARTS)
        values = {"most": 4, "passages": "x", "question": "y"}
        assert len(prompt.messages(values)) == 2
        assert prompt.later({"faults": "- “It.”"}) == HumanMessage("Not so:\n- “It.”")

    @given(hostile_texts, hostile_texts)
    def test_a_value_fills_its_own_place_only_whatever_it_holds(
        self, passages: str, question: str
    ) -> None:
        values = {"most": "{question}", "passages": passages, "question": question}
        system, request = Prompt("a.md", GOOD, TWO_PARTS).messages(values)
        assert system.content == "Say {question} things."
        assert request.content == f"{passages}\n\nQuestion: {question}"

    def test_doubled_braces_are_braces(self) -> None:
        prompt = Prompt("a.md", "Say {{most}}.\n---\n{a}", (frozenset(), frozenset({"a"})))
        assert prompt.messages({"a": 1})[0].content == "Say {most}."

    def test_a_line_of_dashes_within_a_part_does_not_divide_it(self) -> None:
        text = "Say {most} ---\n----\n---\n{passages} {question}"
        instruction, _ = Prompt("a.md", text, TWO_PARTS).messages(
            {"most": 1, "passages": 2, "question": 3}
        )
        assert instruction.content == "Say 1 ---\n----"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            GOOD.replace("{question}", "it"),
            r"prompts/a\.md misses the variable \{question\}",
            id="missing",
        ),
        pytest.param(
            GOOD.replace("{most}", "4"),
            r"prompts/a\.md misses the variable \{most\}",
            id="missing in the instruction",
        ),
        pytest.param(
            GOOD + "{answer}",
            r"prompts/a\.md has the unknown variable \{answer\}",
            id="unknown",
        ),
        pytest.param(
            GOOD.replace("Question:", "{most}"),
            r"prompts/a\.md has the unknown variable \{most\}",
            id="one of another part",
        ),
        pytest.param(
            GOOD.replace("{question}", "{questoin}"),
            r"prompts/a\.md misses the variable \{question\}",
            id="misspelt",
        ),
    ],
)
def test_a_prompt_with_other_variables_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Prompt("a.md", text, TWO_PARTS)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("", 1, id="empty"),
        pytest.param(GOOD.replace("---", "===="), 1, id="not divided"),
        pytest.param(f"{GOOD}---\nMore.", 3, id="divided twice"),
    ],
)
def test_a_prompt_of_more_or_fewer_parts_is_refused(text: str, count: int) -> None:
    with pytest.raises(ConfigError, match=rf"prompts/a\.md has {count} parts?,.* should have 2;"):
        Prompt("a.md", text, TWO_PARTS)


@pytest.mark.parametrize("broken", ["{", "}", "{most", "{passages.x}", "{passages[0]}", "{0}"])
def test_a_prompt_whose_braces_are_broken_is_refused(broken: str) -> None:
    with pytest.raises(ConfigError, match=r"prompts/a\.md cannot be read \(.+\); mend its braces"):
        Prompt("a.md", f"{broken}\n{GOOD}", TWO_PARTS)


def test_the_prompts_that_come_with_the_install_are_good() -> None:
    answer, rewrite = read_prompts()
    system, request = answer.messages(
        {"most": 4, "not_said": "NOT SAID", "passages": "| WORDS", "question": "WHO?"}
    )
    assert "at most 4 short sentences" in str(system.content)
    assert "NOT SAID" in str(system.content)
    assert request.content == "| WORDS\n\nQuestion: WHO?"
    again = answer.later({"faults": "- “IT”", "not_said": "NOT SAID"})
    assert "- “IT”" in str(again.content)
    _, asked = rewrite.messages({"conversation": "| WHO?", "question": "and there?"})
    assert str(asked.content).endswith("| WHO?\n\nLast question: and there?")
