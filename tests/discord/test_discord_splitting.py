"""Long texts become messages: short enough, cut where one would pause, nothing lost or broken."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord.markdown import plain
from bot.discord.splitting import LIMIT, beginning, length, split
from tests.discord.test_discord_markdown import attacks, parse, visible, walk
from tests.strategies import EXTREMES, prose, raw_texts

WHOLE = (
    "`a few words`", "``a ` b``", "`[1](`", "[a title](https://example.org/a)",
    "[a (b) [c]](<https://example.org/d-e>)", "[a *b*](https://example.org/wiki/A_(b))",
    "<https://example.org/a?b=c>", "https://example.org/a/b/c?d=e#f", "<@123456>", "</ask on:123>",
    "<:smile:123456>", "<t:1700000000:R>", "```py\nfor a in b:\n\n    c. d\n```", "```one line```",
)  # fmt: skip
"""Markdown that means something else, or nothing, if it is cut."""
RUNS = ("[1]", "[1][2]", "[10][11][12]", " **[1][2]**", " [1] [2]", "**[3]**")
KINDS_THAT_SPAN = {"code", "fence", "link", "autolink", "url", "mention", "command", "emoji"}
words = st.sampled_from(("river", "it", "rained", "a", "harvest", "10,000", "U.N.", "naïve", "😀"))
written = st.lists(
    st.tuples(
        words | st.sampled_from(WHOLE),
        st.sampled_from(("", "", ".", "?", ".”")),
        st.sampled_from(("",) * 4 + RUNS),
        st.sampled_from((" ", " ", " ", "\n", "\n\n", "  ")),
    ),
    max_size=60,
).map(
    lambda pieces: "".join(
        word + (end if word not in WHOLE else "") + (run if word not in WHOLE else "") + blank
        for word, end, run, blank in pieces
    )
)
"""Markdown as a chat model writes it."""
limits = st.integers(60, 200)


def without_blanks(text: str) -> str:
    return re.sub(r"\s", "", text)


def spans(text: str) -> list[tuple[str, str]]:
    """Return what of a text must not be cut, in order."""
    return [(n.kind, n.shown) for n in walk(parse(text)) if n.kind in KINDS_THAT_SPAN]


def test_length_counts_as_discord_does() -> None:
    assert length("aé€") == 3
    assert length("😀") == 2
    assert length("👨‍👩‍👧") == 8
    assert length("\ud800") == 1


def test_a_short_text_is_one_part() -> None:
    assert split("It rained. It stopped.") == ["It rained. It stopped."]
    assert split("a" * LIMIT) == ["a" * LIMIT]
    assert split("😀" * (LIMIT // 2)) == ["😀" * (LIMIT // 2)]
    assert len(split("😀" * (LIMIT // 2) + "a")) == 2


@pytest.mark.parametrize("text", ["", " ", "\n\n \t"])
def test_blank_text_has_no_parts(text: str) -> None:
    assert split(text) == []


def test_a_limit_that_nothing_fits_in_is_refused() -> None:
    with pytest.raises(ValueError, match="parts of 1"):
        split("abc", 1)


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("It rained. It stopped. It rained.", 24, ["It rained. It stopped.", "It rained."]),
        ("It rained. It stopped. It rained.", 22, ["It rained. It stopped.", "It rained."]),
        ("It rained. It stopped. It rained.", 21, ["It rained.", "It stopped.", "It rained."]),
        ("Dr. Lee saw the U.N. vote. It passed.", 30, ["Dr. Lee saw the U.N. vote.", "It passed."]),
        ("one two three\nfour five six", 22, ["one two three", "four five six"]),
        ("one two three four", 10, ["one two", "three four"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("one. two   \n\n\n   three", 8, ["one. two", "three"]),
        ("ae\u0301e\u0301e\u0301", 4, ["ae\u0301", "e\u0301e\u0301"]),
        ("👍🏽👍🏽", 7, ["👍🏽", "👍🏽"]),
        ("👨‍👩‍👧👨‍👩‍👧", 10, ["👨‍👩‍👧", "👨‍👩‍👧"]),
        ("👨‍👩‍👧👨‍👩‍👧", 11, ["👨‍👩‍👧", "👨‍👩‍👧"]),
        ("🇫🇷🇯🇵🇩🇪", 10, ["🇫🇷🇯🇵", "🇩🇪"]),
        (r"ab\*\*\*", 5, [r"ab\*", r"\*\*"]),
        (r"a\\\\", 4, [r"a\\", r"\\"]),
        ("Rain fell.[1][2] Snow fell.[3]", 18, ["Rain fell.[1][2]", "Snow fell.[3]"]),
        ("Rain fell. **[1][2]** Snow fell.", 24, ["Rain fell. **[1][2]**", "Snow fell."]),
        ("Rain in Spain [1] [2] then", 18, ["Rain in", "Spain [1] [2] then"]),
        ("see `a b` now", 8, ["see", "`a b`", "now"]),
        ("`aaa bbb. ccc` ddd", 8, ["`aaa", "bbb.", "ccc` ddd"]),
        ("Rain fell. **[1][2]** Snow fell.", 27, ["Rain fell. **[1][2]**", "Snow fell."]),
        ("said so [1](http://e.org)", 20, ["said so", "[1](http://e.org)"]),
        (
            f"{'ab ' * 17}\n{'ab ' * 17}\n{'ab ' * 9}",
            65,
            ["ab " * 16 + "ab"] * 2 + ["ab " * 8 + "ab"],
        ),
        ("see [a b](http://e.org/c_(d)) now", 28, ["see", "[a b](http://e.org/c_(d))", "now"]),
        ("see </ask on:12> now", 13, ["see", "</ask on:12>", "now"]),
        ("see [a b](http://e.org) now", 22, ["see", "[a b](http://e.org)", "now"]),
        ("see(http://e.org/abc)", 17, ["see(", "http://e.org/abc)"]),
        ("see <http://e.org/abc> now", 18, ["see", "<http://e.org/abc>", "now"]),
        ("one \ud800two", 4, ["one", "\ud800two"]),
        (r"see \`a b\` now", 9, [r"see \`a", r"b\` now"]),
    ],
)
def test_a_text_is_cut_where_one_would_pause(text: str, limit: int, parts: list[str]) -> None:
    assert split(text, limit) == parts


def test_code_that_fits_is_moved_whole_into_the_next_part() -> None:
    code = "```py\na = 1\n\nb = 2\n```"
    assert split(f"Look at this code:\n{code}\nThat was it.", 30) == [
        "Look at this code:",
        code,
        "That was it.",
    ]


def test_code_that_is_too_long_is_closed_and_opened_again() -> None:
    lines = [f"    line_{n} = {n}" for n in range(10)]
    code = "```py\n" + "\n".join(lines) + "\n```"
    parts = split(f"Before. {code} After.", 60)
    assert parts[0] == "Before."
    assert parts[-1].endswith(" After.")
    middle = [part.removesuffix(" After.") for part in parts[1:]]
    assert all(part.startswith("```py\n    line_") for part in middle)
    assert all(part.endswith("\n```") for part in middle)
    assert [line for part in middle for line in part.split("\n")[1:-1]] == lines


def test_code_in_one_line_that_is_too_long_is_cut_all_the_same() -> None:
    parts = split("```" + "x" * 100 + "```", 50)
    assert [node.kind for part in parts for node in parse(part)] == ["fence"] * len(parts)
    assert "".join(parse(part)[0].shown for part in parts) == "x" * 100


def test_no_empty_code_is_left_over() -> None:
    code = "```py\n" + "x" * 40 + "\n" + " " * 40 + "```"
    assert split(f"{code} After.", 60) == ["```py\n" + "x" * 40 + "\n```", "After."]


@pytest.mark.parametrize("limit", [2, 5, 9, 10, 11, 12, 13])
def test_code_is_cut_like_other_text_where_its_marks_leave_no_room(limit: int) -> None:
    parts = split("```py\n" + "ab " * 10 + "\n```", limit)
    assert all(0 < length(part) <= limit for part in parts)
    assert "".join(re.findall(r"[ab]", "".join(parts))) == "ab" * 10


@given(written | raw_texts | attacks | st.text(), st.integers(8, 100))
def test_every_part_is_short_enough_and_none_is_blank(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(length(part) <= limit for part in parts)
    assert all(part == part.strip() != "" for part in parts)
    assert bool(parts) == bool(text.strip())


@given(
    (written | prose | raw_texts | attacks | st.text()).filter(lambda text: "```" not in text),
    st.integers(2, 100),
)
def test_nothing_is_lost_but_blanks(text: str, limit: int) -> None:
    assert without_blanks("".join(split(text, limit))) == without_blanks(text)


@given(written, limits)
def test_code_links_and_mentions_stay_whole(text: str, limit: int) -> None:
    assert [span for part in split(text, limit) for span in spans(part)] == spans(text.strip())


@given(written, limits)
def test_footnotes_stay_with_each_other_and_with_their_word(text: str, limit: int) -> None:
    for part in split(text, limit):
        assert not re.match(r"\**\[\d+\](?!\()", part)
    run = r"(?:[ \t]*\*{0,2}\[\d+\](?!\()\*{0,2})+"
    inside = [re.findall(run, part) for part in split(text, limit)]
    assert [each for found in inside for each in found] == re.findall(run, text.strip())


@given(
    st.lists(
        st.text(st.sampled_from("ab :=\n`{}<>[](\\*é😀"), max_size=60), min_size=1, max_size=9
    ),
    st.sampled_from(("", "py", "c++", "objective-c")),
    st.integers(60, 150),
)
def test_code_of_any_length_stays_code_and_keeps_its_language(
    lines: list[str], language: str, limit: int
) -> None:
    body = "\n".join(lines).replace("```", "")
    if not body.strip() or body.strip().startswith("`") or body.strip().endswith("`"):
        body = f"x{body}x"
    parts = split(f"Before. ```{language}\n{body}\n``` After.", limit)
    nodes = [node for part in parts for node in parse(part)]
    code = [node for node in nodes if node.kind == "fence"]
    assert without_blanks("".join(node.shown for node in code)) == without_blanks(body)
    assert all(part.count(f"```{language}\n") == 1 for part in parts if "```" in part)
    others = "".join(node.shown for node in nodes if node.kind != "fence")
    assert without_blanks(others) == "Before.After."


@given((attacks | raw_texts).map(plain), st.integers(4, 60))
def test_escaped_text_stays_escaped(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert {node.kind for part in parts for node in walk(parse(part))} <= {"text"}
    read = "".join(visible(parse(part)) for part in parts)
    assert without_blanks(read) == without_blanks(visible(parse(text)))


@given(prose, st.integers(300, 600))
def test_prose_is_cut_at_the_ends_of_its_sentences(text: str, limit: int) -> None:
    assert all(part.endswith(".") for part in split(text, limit))


@given((attacks | raw_texts | prose).map(plain), st.integers(2, 60))
def test_a_beginning_is_a_beginning_that_fits(text: str, limit: int) -> None:
    start = beginning(text, limit)
    assert length(start) <= limit
    assert text.startswith(start)
    assert (start == text) == (length(text) <= limit)
    assert {node.kind for node in walk(parse(start))} <= {"text"}


def test_a_beginning_ends_with_a_word_if_that_leaves_half_of_it() -> None:
    assert beginning("one two three four", 12) == "one two"
    assert beginning("a " + "b" * 40, 12) == "a " + "b" * 10
    assert beginning("e" + "\u0301" * 40, 12) == "e" + "\u0301" * 11
    assert beginning(r"\*\*\*", 3) == r"\*"
    assert beginning("ae\u0301", 2) == "a"


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_texts_are_cut(name: str) -> None:
    parts = split(EXTREMES[name])
    assert all(0 < length(part) <= LIMIT for part in parts)
    assert without_blanks("".join(parts)) == without_blanks(EXTREMES[name])


@pytest.mark.parametrize(
    "piece",
    ["`", "```", "[", "[a](", "<", "\\", "https://e.org/", "[1]", " [1]", "**[1]** ", "a`b``c",
     "\n", "[[a]", "(", "[a](b(", "```\n", "``` ", "😀", "🇫🇷", "\u0301"],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_no_text_takes_long(piece: str) -> None:
    text = "a" + piece * (100_000 // len(piece)) + "a"
    assert all(0 < length(part) <= LIMIT for part in split(text))
