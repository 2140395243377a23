"""An answer becomes messages that Discord takes, with its footnotes and nothing forged."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord.markdown import clean, plain, safe_url
from bot.discord.messages import MOST_NUMBERS, Card, Part, card, changed, parts
from bot.discord.splitting import LIMIT, length
from bot.render import NOT_ANSWERED
from retrieval.articles import normalise
from retrieval.types import Answer, Article, Citation, Statement
from tests.discord.test_discord_markdown import (
    ATTACKS,
    BREAK,
    EVERYONE,
    INVITES,
    PINGS,
    Node,
    attacks,
    injections,
    parse,
    visible,
    walk,
)
from tests.strategies import articles, prose, raw_texts

TEXT = "It began at dawn. Nearly 10,000\npeople were arrested. It ended at dusk."
ARTICLE = Article(
    id="a.md", title="A day", text=TEXT, url="https://example.org/a", published=date(2022, 1, 3)
)
CITATION = Citation(ARTICLE, TEXT.index("Nearly"), TEXT.index(" It ended"), 1)
CITED = Answer(
    question="how many?",
    short="Nearly 10,000",
    statements=(Statement("Nearly 10,000 people were arrested.", (1,)),),
    citations=(CITATION,),
)
KINDS = {"text", "quote", "strong", "link", "em", "subtext"}
URLS = (None, "https://example.org/a", "https://example.org/(a)", "https://discord.gg/a",
        "https://" + "e.org/" * 84, "https://e.org/a](https://e.com", "@everyone")  # fmt: skip

texts = attacks | raw_texts | prose
cited_articles = st.builds(
    lambda article, title, text, url: replace(
        article, title=title, text=normalise(text) or "x", url=url
    ),
    articles(),
    attacks | st.sampled_from(("A day", "@everyone " * 60, "：/" * 100)),
    texts,
    st.sampled_from(URLS),
)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    found = draw(st.lists(cited_articles, min_size=1, max_size=3))
    statements: list[Statement] = []
    last = 0
    for _ in range(draw(st.integers(0, 6))):
        new = draw(st.integers(0 if last else 1, 3) | st.integers(18, 45))
        again = draw(st.lists(st.integers(1, max(last, 1)), max_size=3)) if last else []
        numbers = (*again, *range(last + 1, last + new + 1)) or (1,)
        last += new
        text = draw(texts) * draw(st.sampled_from((1, 1, 1, 40)))
        statements.append(Statement(text, numbers))
    citations = []
    for number in range(1, (last or draw(st.integers(0, 4))) + 1):
        article = found[number % len(found)]
        start = draw(st.integers(0, len(article.text) - 1)) if number < 5 else 0
        citations.append(Citation(article, start, len(article.text), number))
    return Answer(
        question=draw(texts),
        short=draw(st.none() | texts),
        statements=tuple(statements),
        citations=tuple(citations) if last else (),
        closest=() if last else tuple(citations),
    )


def lines(part: Part) -> list[str]:
    return part.text.split("\n")


def footnotes(part: Part) -> list[int]:
    """Return the bold footnotes of a part's statements, in order."""
    body = part.text.partition("**Sources**")[0]
    said = [line for line in body.split("\n") if not re.match(r"\*\*\[\d+\]\*\* \S.* ·|>", line)]
    marks = [node.shown for line in said for node in parse(line) if node.kind == "strong"]
    found = [mark for mark in marks if re.fullmatch(r"(\[\d+\])+", mark)]
    return [int(number) for mark in found for number in re.findall(r"\d+", mark)]


def assert_only_ours(text: str) -> list[Node]:
    """Check that no words of others ping, link, invite or pose as a footnote."""
    nodes = list(walk(parse(text)))
    assert {node.kind for node in nodes} <= KINDS, text
    without_links = re.sub(r"\]\(<[^<>\s]*>\)", "]", text)
    assert not PINGS.search(text)
    for form in (text, visible(parse(text))):
        assert not EVERYONE.search(form), form
        assert not INVITES.search(form), form
    assert not re.search(r"\w://", without_links)
    assert "```" not in without_links.replace(r"\`", "")
    bold = [node.shown for node in nodes if node.kind == "strong"]
    forged = re.findall(r"\[\s*\d+\s*\]", visible(parse(text)))
    assert forged == [mark for each in bold for mark in re.findall(r"\[\d+\]", each)], text
    return nodes


def test_an_answer_is_said_with_its_footnotes_and_sources() -> None:
    assert parts(CITED) == [
        Part(
            "> how many?\n"
            "\n"
            "**Nearly 10,000**\n"
            "Nearly 10,000 people were arrested. **[1]**\n"
            "\n"
            "**Sources**\n"
            "**[1]** [A day](<https://example.org/a>) · 3 January 2022",
            (1,),
        )
    ]


def test_the_question_is_not_echoed_where_it_stands_above() -> None:
    assert parts(CITED, is_echoed=False)[0].text.startswith("**Nearly 10,000**\n")


def test_the_last_line_tells_how_to_ask_on() -> None:
    (part,) = parts(CITED, ask_on="Reply to *ask* on.")
    assert lines(part)[-1] == r"-# Reply to \*ask\* on."
    assert parts(CITED, ask_on=" ") == parts(CITED)
    (part,) = parts(Answer(question="why?"), ask_on="Reply.")
    assert lines(part)[-1] == "-# Reply."


def test_without_a_short_answer_there_is_no_blank_line() -> None:
    for short in (None, "", "\u200b"):
        (part,) = parts(replace(CITED, short=short))
        assert lines(part)[2] == "Nearly 10,000 people were arrested. **[1]**"


def test_a_second_statement_follows_on_the_same_line_with_its_own_footnotes() -> None:
    second = Citation(replace(ARTICLE, title="Two", url=None, published=None), 0, 5, 2)
    answer = replace(
        CITED,
        statements=(*CITED.statements, Statement("It ended.", (1, 2))),
        citations=(CITATION, second),
    )
    (part,) = parts(answer)
    assert lines(part)[3] == ("Nearly 10,000 people were arrested. **[1]** It ended. **[1][2]**")
    assert lines(part)[-1] == "**[2]** Two"
    assert part.numbers == (1, 2)


def test_two_footnotes_of_one_article_have_each_their_line() -> None:
    answer = replace(
        CITED,
        statements=(Statement("It ended.", (1, 2)),),
        citations=(CITATION, replace(CITATION, number=2)),
    )
    source = "[A day](<https://example.org/a>) · 3 January 2022"
    assert lines(parts(answer)[0])[-2:] == [f"**[1]** {source}", f"**[2]** {source}"]


def test_without_an_answer_the_closest_passages_are_offered_without_footnotes() -> None:
    answer = Answer(question="why?", closest=(CITATION, Citation(ARTICLE, 0, 17, 2)))
    assert parts(answer) == [
        Part(
            "> why?\n"
            "\n"
            f"**{NOT_ANSWERED}**\n"
            "*Closest passages, which may not answer:*\n"
            "• [A day](<https://example.org/a>) · 3 January 2022\n"
            "> Nearly 10,000 people were arrested.\n"
            "\n"
            "• [A day](<https://example.org/a>) · 3 January 2022\n"
            "> It began at dawn.",
            (),
        )
    ]


def test_with_nothing_at_all_there_is_still_a_sentence() -> None:
    assert parts(Answer(question="")) == [Part(f"**{NOT_ANSWERED}**", ())]


def test_a_long_passage_and_a_long_question_are_cut() -> None:
    text = "word " * 500
    answer = Answer(question=text, closest=(Citation(replace(ARTICLE, text=text), 0, 2000, 1),))
    (part,) = parts(answer)
    quotes = [line for line in lines(part) if line.startswith("> ")]
    assert [len(quote) for quote in quotes] == [len("> ") + 300] * 2
    assert all(quote.endswith(" word…") for quote in quotes)


def test_a_long_answer_is_cut_between_its_statements_and_the_sources_come_last() -> None:
    statements = tuple(Statement(f"{'word ' * 80}end {n}.", (n,)) for n in range(1, 11))
    citations = tuple(replace(CITATION, number=n) for n in range(1, 11))
    said = parts(replace(CITED, statements=statements, citations=citations))
    assert [part.numbers for part in said] == [(1, 2, 3, 4), (5, 6, 7, 8), (9, 10)]
    assert all(re.search(r"end \d+\\\. \*\*\[\d+\]\*\*$", part.text) for part in said[:2])
    assert "**Sources**" not in said[0].text + said[1].text
    assert lines(said[2])[-11] == "**Sources**"


def test_the_heading_of_the_sources_goes_with_the_first_of_them() -> None:
    for room in range(1, 120):
        text = "x" * (LIMIT - room - len(" **[1]**"))
        answer = Answer(question="", statements=(Statement(text, (1,)),), citations=(CITATION,))
        said = parts(answer)
        assert not said[0].text.endswith("**Sources**")
        assert said[-1].text.endswith(
            "**Sources**\n**[1]** [A day](<https://example.org/a>) · 3 January 2022"
        )


def test_a_statement_that_is_too_long_is_cut_and_its_footnote_is_under_its_end() -> None:
    text = " ".join(f"word{n}" for n in range(600)) + "."
    said = parts(replace(CITED, statements=(Statement(text, (1,)),)))
    assert [part.numbers for part in said] == [(), (), (), (1,)]
    assert r"word599\. **[1]**" in said[-1].text
    read = " ".join(part.text for part in said)
    assert re.findall(r"word\d+", read) == re.findall(r"word\d+", text)


def test_more_footnotes_than_there_are_buttons_go_on_in_the_next_part() -> None:
    citations = tuple(replace(CITATION, number=n) for n in range(1, 46))
    answer = replace(
        CITED, statements=(Statement("So it was.", tuple(range(1, 46))),), citations=citations
    )
    said = parts(answer)
    assert [len(part.numbers) for part in said][:3] == [20, 20, 5]
    assert said[1].text == "**" + "".join(f"[{n}]" for n in range(21, 41)) + "**"


@given(answers(), st.none() | texts, st.booleans())
def test_every_part_is_one_that_discord_takes(
    answer: Answer, ask_on: str | None, is_echoed: bool
) -> None:
    for part in parts(answer, ask_on=ask_on, is_echoed=is_echoed):
        assert 0 < length(part.text) <= LIMIT
        assert part.text == part.text.strip()
        assert len(part.numbers) <= MOST_NUMBERS
        assert not re.search(r"(\*\*Sources\*\*|answer:\*)$", part.text)


@given(answers(), st.none() | attacks)
def test_nothing_of_others_does_anything_in_an_answer(answer: Answer, ask_on: str | None) -> None:
    known = {safe_url(citation.article.url) for citation in (*answer.citations, *answer.closest)}
    for part in parts(answer, ask_on=ask_on):
        nodes = assert_only_ours(part.text)
        assert {node.target for node in nodes if node.kind == "link"} <= known


@given(answers())
def test_each_footnote_has_one_button_where_it_is_first_used(answer: Answer) -> None:
    said = parts(answer, is_echoed=False)
    numbers = [number for part in said for number in part.numbers]
    assert numbers == [citation.number for citation in answer.citations]
    seen: set[int] = set()
    for part in said:
        first_used = [n for n in dict.fromkeys(footnotes(part)) if n not in seen]
        assert list(part.numbers) == first_used
        seen.update(first_used)


@given(answers())
def test_all_statements_are_said_in_order_with_their_footnotes(answer: Answer) -> None:
    said = "\n".join(part.text for part in parts(answer, is_echoed=False))
    body = said.partition("**Sources**")[0]
    if answer.short and (short := plain(answer.short, 500)):
        body = body.removeprefix(f"**{short}**")
    if not answer.answered:
        return
    expected = "".join(
        plain(s.text) + "".join(f"[{n}]" for n in dict.fromkeys(s.numbers))
        for s in answer.statements
    )
    unmarked = re.sub(r"(?<!\\)\*\*", "", body)
    assert re.sub(r"\s", "", unmarked) == re.sub(r"\s", "", expected)


@given(answers())
def test_the_list_of_sources_has_a_line_for_each_footnote(answer: Answer) -> None:
    said = "\n".join(part.text for part in parts(answer))
    listed = said.partition("**Sources**\n")[2].split("\n") if answer.answered else []
    assert len(listed) == len(answer.citations)
    for line, citation in zip(listed, answer.citations, strict=True):
        article = citation.article
        assert line.startswith(f"**[{citation.number}]** ")
        assert (safe_url(article.url) is None) == ("](<" not in line)
        if article.published:
            assert line.endswith(f" · {article.published.day} {article.published:%B %Y}")


@given(answers())
def test_what_does_not_answer_is_never_given_a_footnote(answer: Answer) -> None:
    if not answer.answered:
        said = parts(answer, is_echoed=False)
        assert said[0].text.startswith(f"**{NOT_ANSWERED}**")
        assert not any(part.numbers for part in said)
        assert sum(line.startswith("• ") for part in said for line in lines(part)) == len(
            answer.closest
        )


def test_a_card_shows_the_quote_in_its_context() -> None:
    assert card(CITATION, "10,000") == Card(
        title="A day",
        url="https://example.org/a",
        description=(
            "It began at dawn. **Nearly __10,000__ people were arrested.** It ended at dusk."
        ),
        footer="3 January 2022 · example.org",
    )


@pytest.mark.parametrize(
    ("quote", "short", "marked"),
    [
        ("Ten left.", None, "**Ten left.**"),
        ("Ten left.", "", "**Ten left.**"),
        ("Ten left.", "eleven", "**Ten left.**"),
        ("Ten left, ten stayed.", "ten", "**Ten left, __ten__ stayed.**"),
        ("In 2023, 3 of 30 left.", "3", "**In 2023, __3__ of 30 left.**"),
        ("At least 12 died.", "15 (May 2023); 12 (June 2023)", "**At least __12__ died.**"),
        ("It was 15 (May 2023).", "15 (May 2023)", "**It was __15 (May 2023)__.**"),
        ("明天下雨。", "下雨", "**明天__下雨__。**"),
        ("哈哈哈", "哈", "**__哈哈哈__**"),
        ("a *b_ c", "*b_", r"**a __\*b\___ c**"),
        ("He said [7] so.", "[7]", r"**He said __\[7\]__ so.**"),
        ("See a-b.", "b", "**See a\\-__b__.**"),
    ],
)  # fmt: skip
def test_the_short_answer_is_underlined_where_the_quote_has_it(
    quote: str, short: str | None, marked: str
) -> None:
    citation = Citation(Article(id="x", title="X", text=quote), 0, len(quote), 1)
    assert card(citation, short).description == marked


def test_a_card_of_an_article_without_a_date_or_a_safe_address_says_what_it_can() -> None:
    bare = replace(ARTICLE, url="https://discord.gg/a", published=None)
    shown = card(replace(CITATION, article=bare))
    assert (shown.url, shown.footer) == (None, "")
    assert card(replace(CITATION, article=replace(bare, url="http://e.org"))).footer == "e.org"
    assert card(replace(CITATION, article=replace(ARTICLE, url=None))).footer == "3 January 2022"


def test_of_a_card_that_is_too_full_the_context_goes_first_and_then_the_end_of_the_quote() -> None:
    text = "Before this. " + "word " * 800 + "end. After this."
    article = replace(ARTICLE, text=text)
    start, end = text.index("word"), text.index(" After")
    whole = card(Citation(article, start, end, 1), "end").description
    assert whole.startswith("Before this. **word")
    assert whole.endswith(" __end__.** After this.")
    text = text.replace("word ", "word " * 18, 1)
    whole = card(Citation(replace(article, text=text), start, text.index(" After"), 1)).description
    assert whole == f"**{text[start : text.index(' After')]}**"
    text = text.replace("word ", "word " * 10, 1)
    cut = card(Citation(replace(article, text=text), start, len(text), 1), "word").description
    assert cut.startswith("**word word")
    assert cut.endswith("word …**")
    assert 4090 <= length(cut) <= 4096


@given(cited_articles, texts, st.data(), st.sampled_from((1, 1, 50)))
def test_every_card_is_one_that_discord_takes(
    article: Article, short: str, data: st.DataObject, times: int
) -> None:
    text = article.text * times
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    cited = Citation(replace(article, text=text), start, end, 1)
    inside = text[start:end][: data.draw(st.integers(1, 12))]
    for answer in (short, inside, None):
        shown = card(cited, answer)
        assert 0 < length(shown.title) <= 256
        assert length(shown.description) <= 4096
        assert length(shown.footer) <= 2048
        assert shown.url == safe_url(article.url)
        assert {node.kind for node in walk(parse(shown.title))} <= {"text"}
        nodes = parse(shown.description)
        bold = [node for node in nodes if node.kind == "strong"]
        assert {node.kind for node in nodes} <= {"text", "strong"}
        assert {node.kind for node in walk([n for b in bold for n in b.inner])} <= {
            "text",
            "underline",
        }
        assert not EVERYONE.search(shown.description)
        assert not PINGS.search(shown.description)
        assert not INVITES.search(shown.description)
        quote = clean(cited.quote)
        assert len(bold) == bool(quote)
        read = "".join(node.shown for node in bold).replace(BREAK, "")
        assert read == quote or (read.endswith(" …") and quote.startswith(read[:-2]))


def test_a_quote_that_cannot_be_seen_is_not_marked() -> None:
    unseen = Citation(Article(id="x", title="X", text="\u200b"), 0, 1, 1)
    assert card(unseen, "x").description == ""
    (part,) = parts(Answer(question="", closest=(unseen,)))
    assert lines(part)[-1] == "• X"


@pytest.mark.timeout(20)
def test_a_card_of_an_endless_quote_does_not_take_long() -> None:
    text = "哈" * 100_000 + "a"
    shown = card(Citation(Article(id="x", title="X", text=text), 0, len(text), 1), "哈")
    assert shown.description == "**" + "哈" * 4090 + " …**"


def test_a_long_title_is_cut_on_a_card_too() -> None:
    shown = card(replace(CITATION, article=replace(ARTICLE, title="*word* " * 90)))
    assert 250 <= length(shown.title) <= 256
    assert shown.title.endswith(r"\*word\* …")


def test_a_footnote_whose_article_is_not_what_it_was_says_so() -> None:
    assert changed("A *day*", False) == (
        r"“A \*day\*” has changed since this answer was given; please ask again."
    )
    assert changed("A day", True) == (
        "“A day” is not among the sources any more, so its words cannot be shown."
    )
    assert "“Untitled”" in changed("\u200b", True)


@given(attacks, st.booleans())
def test_nothing_of_a_changed_title_does_anything(title: str, is_gone: bool) -> None:
    assert {node.kind for node in parse(changed(title, is_gone))} == {"text"}
    assert length(changed(title * 20, is_gone)) <= LIMIT


def assert_harmless_everywhere(text: str) -> None:
    article = Article(
        id="x", title=clean(text) or "x", text=normalise(text) or "x", url=text.strip()
    )
    whole = Citation(article, 0, len(article.text), 1)
    for answer in (
        Answer(
            question=text,
            short=text,
            statements=(Statement(text, (1,)),),
            citations=(whole,),
        ),
        Answer(question=text, closest=(whole,)),
    ):
        for part in parts(answer, ask_on=text):
            assert_only_ours(part.text)
            assert length(part.text) <= LIMIT
    nodes = list(walk(parse(card(whole, text[:20]).description)))
    assert {node.kind for node in nodes} <= {"text", "strong", "underline"}
    assert {node.kind for node in parse(changed(text, True))} == {"text"}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: ascii(attack[:40]))
def test_no_attack_does_anything_in_an_answer(attack: str) -> None:
    assert_harmless_everywhere(attack)


def test_no_collected_injection_does_anything_in_an_answer() -> None:
    texts = injections()
    assert len(texts) > 100
    for text in texts:
        assert_harmless_everywhere(text)
