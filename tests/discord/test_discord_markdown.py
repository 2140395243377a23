"""Whatever a source or a user writes, Discord shows it and does nothing else with it.

The parser here knows the rules of Discord's client and nothing of the module that is tested.
Where the client is strict about what a mark needs around it, the parser is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from unicodedata import category, normalize
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simcord.preview._markdown import _FIELD_POLICIES, markdown_tokens

from bot.discord.markdown import TITLE, clean, link, plain, quoted, safe_url
from tests.strategies import raw_texts

BREAK = "\u200b"
INJECTIONS = Path(__file__).parents[3] / "shared" / "data" / "injection"
BLOCKS = {
    "heading": r" *#{1,3} +(?P<inner>[^\n]+)",
    "subtext": r" *-# +(?P<inner>[^\n]+)",
    "quote": r" *>(?:>>)? +(?P<inner>[^\n]*)",
    "list": r" *(?:[*+-]|\d+\.) +(?P<inner>[^\n]+)",
}
INLINES = {
    "escape": r"\\(?P<inner>[^0-9A-Za-z\s])",
    "fence": r"```(?:[\w+\-.#]+\n)?\n*(?P<raw>[^\n][\s\S]*?)\n*```",
    "code": r"(?P<ticks>`+)(?P<raw>[\s\S]*?[^`])(?P=ticks)(?!`)",
    "mention": r"<(?:@[!&]?|#)\d+>|@(?:everyone|here)",
    "command": r"</[^:>\n]+:\d+>",
    "navigation": r"<id:\w+>",
    "emoji": r"<a?:\w+:\d+>|:[a-zA-Z0-9_+-]+:",
    "timestamp": r"<t:-?\d+(?::[a-zA-Z])?>",
    "autolink": r"<(?P<target>[a-z][a-z0-9+.-]*:/[^ >]+)>",
    "contact": r"<(?:mailto:)?[^\s<>@]+@[^\s<>@]+\.[a-z]+>|<(?:tel:)?\+?\d[\d() -]+>",
    "link": (
        r"\[(?P<inner>(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))+)\]"
        r"\(\s*<?(?P<target>(?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"][\s\S]*?['\"])?\s*\)"
    ),
    "url": r"(?P<target>(?:https?|steam|discord)://[^\s<]+)",
    "strong": r"\*\*(?P<inner>(?:\\[\s\S]|[^\\])+?)\*\*(?!\*)",
    "underline": r"__(?P<inner>(?:\\[\s\S]|[^\\])+?)__(?!_)",
    "struck": r"~~(?P<inner>(?:\\[\s\S]|[^\\])+?)~~(?!~)",
    "spoiler": r"\|\|(?P<inner>[\s\S]+?)\|\|",
    "em": r"(?P<mark>[*_])(?P<inner>(?:\\[\s\S]|(?!(?P=mark))[^\\])+)(?P=mark)",
}
RULES = [(kind, re.compile(rule, re.IGNORECASE), kind in BLOCKS)
         for kind, rule in (BLOCKS | INLINES).items()]  # fmt: skip
BEGINNING = frozenset("\\`<@:[*_~|hsdHSD")
PINGS = re.compile(r"<(?:@[!&]?|#)\d+>|</[^>]+:\d+>")
EVERYONE = re.compile(r"@everyone|@here|<@[!&]?\d", re.IGNORECASE)
INVITES = re.compile(
    r"discord(?:app)?\.com/+(?:invite|channels|events|template)|"
    r"(?:discord\.(?:gg|new|me|gift)|dsc\.gg)/+\w",
    re.IGNORECASE,
)
FOOTNOTE = re.compile(r"\[[^\w\[\]]*\d+[^\w\[\]]*\]")
# simcord reads links only where linkify-it-py is installed; it reads all else in any case.
_FIELD_POLICIES["as installed"] = _FIELD_POLICIES["message"] | {
    "links": find_spec("linkify_it") is not None
}


@dataclass(frozen=True)
class Node:
    """What Discord makes of a stretch of text; ``shown`` is what a person reads of it."""

    kind: str
    shown: str
    target: str = ""
    inner: tuple[Node, ...] = ()


def parse(text: str, *, is_block: bool = True) -> list[Node]:
    nodes: list[Node] = []
    position = 0
    while position < len(text):
        at_start = is_block and (position == 0 or text[position - 1] == "\n")
        match, kind = next(
            (
                (found, kind)
                for kind, rule, is_first in RULES
                if (at_start or (not is_first and text[position] in BEGINNING))
                and (found := rule.match(text, position))
            ),
            (None, "text"),
        )
        if match is None or kind == "escape":
            shown = match["inner"] if match else text[position]
            if nodes and nodes[-1].kind == "text":
                shown = nodes.pop().shown + shown
            nodes.append(Node("text", shown))
        else:
            groups = match.groupdict()
            inner = tuple(parse(groups.get("inner") or "", is_block=kind == "quote"))
            shown = groups.get("raw") or visible(inner) or groups.get("target") or match.group()
            nodes.append(Node(kind, shown, groups.get("target") or "", inner))
        position = match.end() if match else position + 1
    return nodes


def visible(nodes: tuple[Node, ...] | list[Node]) -> str:
    return "".join(node.shown for node in nodes)


def walk(nodes: tuple[Node, ...] | list[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from walk(node.inner)


def assert_dead(text: str) -> None:
    """Check that nothing in a text pings, links or invites, parsed or not."""
    assert {node.kind for node in walk(parse(text))} <= {"text"}, text
    assert not PINGS.search(text), text
    read = visible(parse(text))
    for form in (text, read, unquote(read), normalize("NFKC", read)):
        assert not EVERYONE.search(form), form
        assert not INVITES.search(form), form
        assert not re.search(r"\w://", form), form
    decoded = unquote(normalize("NFKC", read))
    assert not INVITES.search(decoded), decoded
    assert not re.search(r"\w://", decoded), decoded
    assert "\n" not in text


def assert_simcord_agrees(text: str) -> None:
    context = {
        "users": {"1": "eve"},
        "roles": {"1": "mods"},
        "channels": {"1": "general"},
        "commands": {"1": "ask"},
        "emojis": {"1": {"name": "ab", "animated": False, "id": "1"}},
        "everyone": True,
    }
    for block in markdown_tokens(text, "as installed", context=context):
        children = block.get("children", [])
        inner = [child for one in children for child in one.get("children", [one])]
        assert {block["type"], *(child["type"] for child in inner)} <= {
            "paragraph",
            "inline",
            "text",
        }, (text, block)


def injections() -> list[str]:
    """Return every text of the injection data; the test that asks is skipped where it is not."""
    if not INJECTIONS.is_dir():
        pytest.skip(f"the injection data is not here: {INJECTIONS}")

    def strings(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (text for item in value.values() for text in strings(item))
        elif isinstance(value, list):
            yield from (text for item in value for text in strings(item))

    found: list[str] = []
    for path in sorted(INJECTIONS.glob("*.json*")):
        text = path.read_text("utf-8")
        pieces = text.splitlines() if path.suffix == ".jsonl" else [text]
        found += [each for piece in pieces if piece.strip() for each in strings(json.loads(piece))]
    return found


ATTACKS = (
    # Mentions, emoji, timestamps
    "@everyone", "@here", "@EVERYONE", "@every\u00adone", "@\u200beveryone", "\\@everyone",
    "@@here",
    "<@1>", "<@!1>", "<@&1>", "<#1>", "\\<@1>", "<\u200b@1>", "<@\u20601>", "<\u202e@1>", "<<@1>>",
    "</ask:1>", "</ask sub:1>", "<id:customize>", "<id:browse>", "<:ab:1>", "<a:ab:1>", ":ab:",
    ":smile::smile:", "10:30:45", "<t:1:R>", "<t:1>", "<a@b.org>", "<mailto:a@b.org>",
    "<+12345678>",
    "<sound:0:1>", "@silent hush", "＠everyone", "﹫here",
    # Emphasis, code, spoilers
    "*a*", "**a**", "***a***", "_a_", "__a__", "~~a~~", "||a||", "`a`", "``a``", "```a```",
    "```py\na\n```", "```", "``` ", "\\*a*", "\\\\*a*", "\\\\\\*a*", "*a", "a*", "\\", "\\\\",
    "¯\\_(ツ)_/¯", "snake_case_name", "2*3*4", "a\\`b`c`", "**[7]**", "*\u200b*a**",
    # At the start of a line
    "# a", "## a", "### a", "-# a", "- a", "* a", "+ a", "1. a", "12. a", "> a", ">>> a", ">a",
    "\n# a", "a\n# b", "a\r\n> b", "a\u2028# b", "a\x85- b", "\u200b# a", " - a", "--- a", "-",
    "1.",
    "a\n\n> b\n>>> c", "\x0b# a", "\x00# a", "\x1b- a", "\u3164# a", "\u2800> a", "===", "---",
    # Links
    "[a](https://e.org)", "[a](<https://e.org>)", "[a](https://e.org) [b](https://e.org)",
    "[a](https://e.org 'b')", "[[a]](https://e.org)", "\\[a](https://e.org)", "![a](https://e.org)",
    "[a\\](https://e.org)", "[a]\n(https://e.org)", "](https://e.org)", "[](https://e.org)",
    "[a][b]", "[b]: https://e.org", "[a](discord.gg/b)", "[a](javascript:b)", "<https://e.org>",
    "https://e.org", "HTTPS://E.ORG", "hTtP://e.org/a_b_c", "https://e.org/(a)", "steam://run/1",
    "ht\u00adtps://e.org", "https:\u200b//e.org", "https:/\u2060/e.org", "https:\\//e.org",
    "https:/\\/e.org", "https：//e.org", "https:／／e.org", "ｈｔｔｐｓ：／／e.org", "ｈttps://e.org",
    "https%3A//e.org", "https:%2F%2Fe.org", "https%3A%2F%2Fe.org", "discord://-/invite/a",
    "https://a@e.org", "mailto:a@b.org", "ftp://e.org", "a.b+c://e.org", "https:///e.org",
    # Invites
    "discord.gg/a", "DISCORD.GG/a", "Discord.Gg/a", "discord.com/invite/a",
    "discordapp.com/invite/a",
    "discord.\u200bgg/a", "dis\u00adcord.gg/a", "discord.gg\u2060/a", "discord.gg/\ufeffa",
    "d\u200ci\u200ds\u200ec\u200fo\u2061r\u2062d\u2063.\u2064g\u034fg\u180e/\u3164a",
    "discord.gg\\/a", "discord\\.gg/a", "discord%2Egg/a", "discord%2egg%2Fa", "discord.g%67/a",
    "%64iscord.gg/a", "discord．gg/a", "discord․gg/a", "discord﹒gg/a", "ｄｉｓｃｏｒｄ．ｇｇ／ａ",
    "discord.ⓖⓖ/a", "𝐝𝐢𝐬𝐜𝐨𝐫𝐝.𝐠𝐠/a", "https://discord.gg/a", "www.discord.gg/a", "discord.new/a",
    "https://discord.com/channels/1/2/3", "dsc.gg/a", "discord.me/a", "discord.gift/a",
    "xdiscord.gg/a", "discord％２Ｅgg/a", "discord.%67g/a", "discord.gg%EF%BC%8Fa",
    "％64iscord.gg/a", "discord%2\u200bEgg/a", "discord.g\ufe0fg/a",
    "discord.gg\U000e0061/a", "d\U000e0001iscord.gg/a", "discord.com/events/1/2",
    # What hides or stacks
    "e" + "\u0301" * 5000, "\u202egro.e//:sptth", "\u2066@everyone\u2069", "\x1b[31mred", "a\x00b",
    "\ud800", "\U000e0041\U000e0042", "<b>a</b>", "&lt;@1&gt;", "&#64;everyone", "|a|b|\n|-|-|",
    "\ufe0f" * 300, "\u20dd" * 300, "\u180b@everyone", "$a$", "<script>",
)  # fmt: skip
FRAGMENTS = (*(attack for attack in ATTACKS if len(attack) < 20), "\\", " ", "\n", "://", ".", "/",
             "https", "discord", "gg", ":", "@", "<", ">", "[", "]", "(", ")", "`", "%2F", "7",
             "a")  # fmt: skip
attacks = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("live", "kind"),
    [
        ("*a*", "em"), ("_a_", "em"), ("**a**", "strong"), ("__a__", "underline"),
        ("~~a~~", "struck"), ("||a||", "spoiler"), ("`a`", "code"), ("```a```", "fence"),
        ("# a", "heading"), ("-# a", "subtext"), ("- a", "list"), ("1. a", "list"), ("> a",
        "quote"),
        (">>> a", "quote"), ("<@1>", "mention"), ("@here", "mention"), ("<#1>", "mention"),
        ("</ask:1>", "command"), ("<id:browse>", "navigation"), ("<:ab:1>", "emoji"),
        (":ab:", "emoji"), ("<t:1:R>", "timestamp"), ("<https://e.org>", "autolink"),
        ("https://e.org", "url"), ("[a](https://e.org)", "link"), ("[a](<https://e.org>)", "link"),
        ("<a@b.org>", "contact"), ("\\\\*a*", "em"), ("\\", "text"), ("\\*a\\*", "text"),
        ("a # b", "text"), ("a\n# b", "heading"),
    ],
)  # fmt: skip
def test_the_parser_of_these_tests_sees_what_is_live(live: str, kind: str) -> None:
    assert parse(live)[-1].kind == kind


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: ascii(attack[:40]))
@pytest.mark.parametrize("wrapped", ["{}", "word {} word", "{0} {0}", "({})", "a{}b"])
def test_no_attack_does_anything(attack: str, wrapped: str) -> None:
    text = wrapped.format(attack)
    for safe in (plain(text), quoted(text)):
        assert_dead(safe)
        assert_simcord_agrees(safe)


@given(attacks)
def test_nothing_that_is_put_together_from_attacks_does_anything(text: str) -> None:
    for safe in (plain(text), quoted(text)):
        assert_dead(safe)


@given(raw_texts | st.text())
def test_nothing_that_anybody_ever_wrote_does_anything(text: str) -> None:
    assert_dead(plain(text))
    assert_dead(quoted(text))


@given(attacks | raw_texts)
def test_a_person_reads_the_very_words(text: str) -> None:
    assert visible(parse(quoted(text))).replace(BREAK, "") == clean(text)
    round_brackets = str.maketrans("[]［］", "()()")
    read = visible(parse(plain(text))).replace(BREAK, "")
    assert read.translate(round_brackets) == clean(text).translate(round_brackets)


@settings(max_examples=40)
@given((attacks | raw_texts).map(lambda text: text[:200]))
def test_a_part_of_escaped_text_is_as_dead_as_the_whole(text: str) -> None:
    safe = plain(text)
    for cut in range(len(safe) + 1):
        is_within_an_escape = (len(safe[:cut]) - len(safe[:cut].rstrip("\\"))) % 2
        if not is_within_an_escape:
            kinds = {node.kind for node in walk([*parse(safe[:cut]), *parse(safe[cut:])])}
            assert kinds <= {"text"}, (safe[:cut], safe[cut:])


def test_ordinary_prose_is_left_as_it_is() -> None:
    prose = "In 2022, the U.N. said 7.8% (or $4.037) of “long-lived” voters left; why? It isn't so!"
    assert plain(prose) == prose
    assert quoted(prose) == prose


def test_each_mark_is_escaped_once() -> None:
    assert plain(r"*a* \*b\* _c_") == r"\*a\* \\\*b\\\* \_c\_"
    assert all(plain(mark) == "\\" + mark for mark in "\\*_~`|<>[]#+:/&-")


@pytest.mark.parametrize(
    "forged",
    ["[7]", "[ 7 ]", "[17]", "［7］", "[７]", "［ ７ ］", "[٧]", "[७]", "[⁷]", "[⑦]", "[𝟕]",
     "[\u00a07]", "[7\ufe0f\u20e3]", "[\u200b7]", "[7\u0301]", "[*7*]", "[\\7]", "[#7]", "[1, 2]",
     "[1–3]", "【7】", "[^7]", "[Ⅶ]"],
)  # fmt: skip
def test_a_forged_footnote_loses_its_brackets(forged: str) -> None:
    read = visible(parse(plain(f"said.{forged} More"))).replace(BREAK, "")
    assert not set(read) & set("[]［］【】")
    assert read.startswith("said.(")
    assert read.endswith(") More")


@given(attacks | st.text(st.sampled_from("[]［］7７ \u200b*\\a"), max_size=12))
def test_no_footnote_can_be_forged(text: str) -> None:
    read = normalize("NFKC", visible(parse(plain(text))).replace(BREAK, ""))
    assert not FOOTNOTE.search(read)


def test_brackets_around_words_stay() -> None:
    assert visible(parse(plain("he [the king] left [sic] in [May 1066]"))) == (
        "he [the king] left [sic] in [May 1066]"
    )


def test_the_exact_words_of_a_source_keep_its_own_footnotes() -> None:
    assert quoted("said.[7]") == r"said.\[7\]"
    assert_dead(quoted("[7](https://e.org)"))


def test_what_cannot_be_seen_is_dropped() -> None:
    hidden = "\u00ad\u200b\u200e\u200f\u2060\u2064\ufeff\u202e\u2066\x07\U000e0041"
    assert clean(f"a{hidden}b") == "ab"
    assert clean(f"{hidden} a {hidden}") == "a"
    assert clean("a\n\tb\u2028c") == "a b c"


def test_what_joins_and_parts_letters_is_kept_as_persian_and_emoji_need_it() -> None:
    for text in ("می\u200cخواهم", "👩\u200d🚀"):
        assert clean(text) == text


def test_parentheses_in_an_address_are_encoded() -> None:
    assert (
        link("Ada", "https://e.org/Ada_(language)") == "[Ada](<https://e.org/Ada_%28language%29>)"
    )


@given(st.integers(0, 500), st.sampled_from("\u0301\u20dd\ufe0f"))
def test_accents_do_not_pile_up(count: int, mark: str) -> None:
    assert clean("e" + mark * count + "f") == "e" + mark * min(count, 8) + "f"


@given(attacks | raw_texts, st.integers(1, 40))
def test_text_is_cut_before_it_is_escaped(text: str, longest: int) -> None:
    safe = plain(text, longest)
    read = visible(parse(safe)).replace(BREAK, "")
    whole = visible(parse(plain(text))).replace(BREAK, "")
    assert len(read) <= longest
    assert_dead(safe)
    assert read == whole or whole.startswith(read.removesuffix("…"))
    assert read == whole or read.endswith("…")


def test_text_is_cut_between_words_if_that_leaves_half_of_it() -> None:
    assert plain("one two three", 8) == "one two…"
    assert plain("one two three", 9) == "one two…"
    assert plain("one two three", 11) == "one two…"
    assert plain("one two three", 13) == "one two three"
    assert plain("a " + "b" * 40, 12) == "a " + "b" * 9 + "…"
    assert plain("*" * 9, 4) == r"\*\*\*…"


def test_a_title_is_a_link_to_its_source() -> None:
    said = link("Storm *hits* [live]", "https://example.org/a_b?c=d#e")
    assert said == r"[Storm \*hits\* (live)](<https://example.org/a_b?c=d#e>)"
    (node,) = parse(said)
    assert (node.kind, node.target) == ("link", "https://example.org/a_b?c=d#e")
    assert node.shown == "Storm *hits* (live)"


@given(attacks, attacks | st.sampled_from(("e.org", "e.org/a", "[::1]/a", "e.org/a?b=[c]")))
def test_a_link_goes_where_it_says_and_nowhere_else(title: str, rest: str) -> None:
    url = f"https://{rest}"
    nodes = parse(link(title, url))
    if safe_url(url) is None:
        assert_dead(link(title, url))
    else:
        assert [(node.kind, node.target) for node in nodes] == [("link", url)]
        assert {node.kind for node in walk(nodes[0].inner)} <= {"text"}
        assert not FOOTNOTE.search(nodes[0].shown)
    assert nodes


@pytest.mark.parametrize(
    "url",
    ["https://example.org", "http://example.org:8080/a/b-c_d~e?f=g&h=%20#i", "HTTPS://EXAMPLE.ORG/",
     "https://en.wikipedia.org/wiki/2022_Kazakh_unrest", "https://bücher.example/ü",
     "https://xn--bcher-kva.example",
     "https://192.0.2.1/a", "https://example.org/Schindler's_List,_1",
     "https://example.org/@someone/a*b*",
     "https://example.org/discord-is-down", "https://" + "e.org/" * 84],
)  # fmt: skip
def test_an_address_on_the_web_is_safe(url: str) -> None:
    assert safe_url(url) == url
    assert parse(link("a", url))[0].target == url


@pytest.mark.parametrize(
    "url",
    [None, "", "example.org", "//example.org", "ftp://e.org", "javascript:alert(1)",
    "data:text/html,a",
     "file:///etc/passwd", "discord://a", "https://", "https:///a", "https://?a", "https://#a",
     "https:e.org",
     "https://e.org/a b", "https://e.org/a\n", "https://e.org/\t", "https://e.org/a\u00a0b",
     " https://e.org",
     "https://e.org/<a", "https://e.org/a>b", "https://e.org/a`b",
     "https://e.org/a\\b",
     "https://e.org/[a]", "https://e.org/a|b", 'https://e.org/a"b', "https://e.org/\x00",
     "https://e.org/\x7f",
     "https://e.org/a\u200bb", "https://e.org/\u202ea", "https://e.org/\u2028a",
     "https://a:b@e.org",
     "https://a@e.org", "https://e.org\\@d.org", "https://e.org:port/", "https://e.org:99999/",
     "https://[::1]/",
     "https://[::1", "https://e..org", "https://.e.org", "https://a%2Eb.org",
     "https://e.org/" + "a" * 500,
     "https://discord.gg/a", "https://DISCORD.gg/a", "https://www.discord.gg/a",
     "https://discord.gg./a",
     "https://discord.com/invite/a", "https://discord.com/channels/1/2",
     "https://ptb.discord.com/a",
     "https://discordapp.com/invite/a", "https://cdn.discordapp.com/a",
     "https://media.discordapp.net/a",
     "https://discord.new/a", "https://dsc.gg/a", "https://discord.me/a", "https://discord.gift/a",
     "https://discord%2Egg/a", "https://discord.g%67/a", "https://ｄｉｓｃｏｒｄ.gg/a",
     "https://discord。gg/a",
     "https://discord．gg/a", "https://dis\u00adcord.gg/a", "https://disco\ufe0frd.gg/a",
     "https://ⓓiscord.gg/a",
     "https://e.org/?u=https://discord.gg/a", "https://e.org/discord%2Egg/a",
     "https://e.org/discord%252Egg/a",
     "https://e.org/@everyone", "https://e.org/%40here", "https://e.org/DISCORD.GG/a", "https://e.org/ｄｉｓｃｏｒｄ.gg/a",
     "https://e.org/discord%C2%AD.gg/a", "https://e.org#discord.gg/a",
     "https://\ud800.org/"],
    ids=ascii,
)  # fmt: skip
def test_an_address_that_is_not_safe_is_no_link(url: str | None) -> None:
    assert safe_url(url) is None
    assert link("A *title*", url) == r"A \*title\*"


@given(attacks | raw_texts)
def test_a_long_title_is_cut(title: str) -> None:
    long = link(title * 30, "https://e.org")
    assert len(parse(long)[0].shown.replace(BREAK, "")) <= TITLE
    assert parse(long)[0].target == "https://e.org"
    assert plain("a" * 400, TITLE) == "a" * (TITLE - 1) + "…"


@pytest.mark.parametrize("title", ["", " ", "\u200b", "\u3164", "\U000e0041"])
def test_a_title_that_cannot_be_seen_is_given_a_name(title: str) -> None:
    assert link(title, "https://e.org") == "[Untitled](<https://e.org>)"
    assert link(title, None) == "Untitled"


@pytest.mark.parametrize("piece", ["[", "`", "[1", ".a", "\\", "%", "a"])
@pytest.mark.timeout(20)
def test_no_text_takes_long(piece: str) -> None:
    assert len(plain(piece * 100_000)) >= 100_000


def test_no_collected_injection_does_anything() -> None:
    texts = injections()
    assert len(texts) > 100
    for text in texts:
        assert_dead(plain(text))
        assert_dead(quoted(text))
        assert_dead(link(text, text))
        assert not FOOTNOTE.search(visible(parse(plain(text))))
        assert_simcord_agrees(plain(text[:500]))


@given(attacks | raw_texts)
def test_only_the_break_is_added_unseen(text: str) -> None:
    unseen = {character for character in plain(text) if category(character) in {"Cc", "Cf", "Zl"}}
    assert unseen - set(clean(text)) <= {BREAK}
