"""Whatever stands in an article or a question, the bot's messages do only what the bot means.

Its own marks are known: after they and all that is escaped are taken out of a message, nothing
may be left of which Discord makes more than letters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

import pytest

from bot.discord.markdown import safe_url
from retrieval import sentences
from retrieval.question import MAX_QUESTION, check
from retrieval.types import Answer, Article, Citation, Statement
from tests.discord.conftest import World, labels, sent, text_of
from tests.discord.test_discord_markdown import (
    ATTACKS,
    EVERYONE,
    FOOTNOTE,
    INVITES,
    PINGS,
    injections,
)

pytestmark = pytest.mark.simcord(settle_timeout=30)

ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
WRITTEN = [attack for attack in ATTACKS if "\ud800" not in attack]  # that is no UTF-8
HIDDEN = 0xF0000  # where escaped signs are for as long as the others are looked for
LINK = re.compile(r"\[([^\[\]]+)\]\(<((?i:https?)://[^\s<>()]+)>\)")
FOOTNOTES = re.compile(r"\*\*((?:\[\d+\])+)\*\*")
OWN = re.compile(
    r"^\*\*(?:Sources\*\*$|\d+ sources?\*\*)|^\*Closest passages, which may not answer:\*$"
    r"|^(?:> |• |- |-# )(?=\S)"
    r"|^\*\*(?=[^*\n]+\*\*$)|(?<=\S)\*\*$",  # the short answer, on a line of its own
    re.MULTILINE,
)
MARKED = re.compile(r"\*\*([^*]+)\*\*|__([^_]+)__")
LIVE = re.compile(r"[*_~`|<>\[\]#\\]|@(?!\u200b)|^\s*(?:[-+]|\d+\.)\s", re.MULTILINE)


def assert_harmless(text: str, urls: Iterable[str] = (), *, is_card: bool = False) -> None:
    """Check that a message does nothing but what the bot means; a card quotes word for word."""
    hidden = ESCAPE.sub(lambda escape: chr(HIDDEN + ord(escape[1])), text)
    assert {url for _, url in LINK.findall(hidden)} <= set(urls), text
    rest = LINK.sub(r"\1", hidden)
    if is_card:
        rest = MARKED.sub(r"\1\2", MARKED.sub(r"\1\2", rest))
    else:
        rest = OWN.sub("", FOOTNOTES.sub("", rest))
    assert not LIVE.search(rest), (LIVE.search(rest), text)
    shown = "".join(chr(ord(c) - HIDDEN) if HIDDEN < ord(c) < HIDDEN + 128 else c for c in rest)
    assert not PINGS.search(LINK.sub("", text)), text
    for form in (text, shown, unquote(shown), normalize("NFKC", shown)):
        assert not EVERYONE.search(form), text
        assert not INVITES.search(form), text
    for form in (shown, unquote(normalize("NFKC", shown))):
        assert not re.search(r"\w://", form), text
    assert is_card or not FOOTNOTE.search(normalize("NFKC", shown).replace("\u200b", "")), text


def assert_all_harmless(world: World, since: int = 0) -> int:
    """Check every message that the bot has sent, and return how many there are by now."""
    messages = world.messages()
    sources = world.service.libraries.sources(world.server)
    urls = {url for source in sources if (url := safe_url(source.url))}
    for message in messages[since:]:
        assert_harmless(message.get("content") or "", urls)
        for embed in message.get("embeds") or ():
            assert_harmless(embed["title"], is_card=True)
            assert_harmless(embed["description"], is_card=True)
            assert embed.get("url") in {None, *urls}
        if message.get("components"):
            buttons = set(labels(message)) - {"👍", "👎", "◀ Back", "Next ▶"}
            assert all(re.fullmatch(r"\[\d+\]", label) for label in buttons)
    return len(messages)


def plant(world: World, name: str, *, title: str, url: str, text: str) -> Article:
    """Add an article in which texts stand as they are, and not as Markdown."""
    head = f"---\ntitle: {json.dumps(title)}\nurl: {json.dumps(url)}\n---\n"
    body = "\n\n".join(f"{'~' * 12}\n{one}\n{'~' * 12}" for one in text.split("\0"))
    article = world.service.libraries.article(world.add(name, head + body), world.server)
    assert article
    return article


def batches(texts: Sequence[str], limit: int = MAX_QUESTION) -> Iterator[list[str]]:
    """Join texts to as many as can be asked together; those that are too long are cut."""
    batch: list[str] = []
    for text in texts:
        for piece in (text[i : i + limit] for i in range(0, len(text), limit)):
            if batch and sum(map(len, batch)) + len(batch) + len(piece) > limit:
                yield batch
                batch = []
            batch.append(piece)
    yield batch


def in_full(question: str, articles: Iterable[Article]) -> Answer:
    """Return an answer that says every sentence of some articles."""
    spans = [(a, start, end) for a in articles for start, end in sentences.split(a.text)]
    citations = tuple(Citation(*span, number) for number, span in enumerate(spans, start=1))
    return Answer(
        question=question,
        short=citations[0].quote,
        statements=tuple(Statement(c.quote, (c.number,)) for c in citations),
        citations=citations,
    )


@pytest.mark.parametrize(
    "live",
    [
        "*a*", "a_b_", "`a`", "||a||", "~~a~~", "<@1>", "@everyone", "<#1>", "</ask:1>", "<t:1>",
        "https://e.org", "[a](<https://e.org>)", "[a](https://e.org)", "discord.gg/a", "[7]",
        "said.[7]", "# a", "1. a", "+ a", "\\\\*a*", "```", "**a** b", "https\\://e.org", "［7］",
        "> a\n> > b", "**Sources** a", "discord%2Egg/a", "a \\\\[1]", "**[1] a**",
    ],
)  # fmt: skip
def test_what_does_something_is_noticed(live: str) -> None:
    with pytest.raises(AssertionError):
        assert_harmless(live)


def test_what_the_bot_means_is_let_through() -> None:
    text = (
        "> how many\\?\n\n**nearly 10,000**\nSo it was\\. **[1][2]** And so\\. **[3]**\n\n"
        "**Sources**\n**[1]** [A \\[b\\]](<https://e.org>) · 1 May 2020\n-# To ask on, reply."
    )
    assert_harmless(text, ["https://e.org"])
    with pytest.raises(AssertionError):
        assert_harmless(text, ["https://example.org"])


async def test_collected_injections_do_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = world.service.libraries
    real, said, answered = libraries.answer, 0, 0
    for number, texts in enumerate(batches(injections(), limit=4 * MAX_QUESTION)):
        title, url = texts[number % len(texts)], texts[-1]
        url = url if number % 2 else f"https://e.org/{url}"
        article = plant(world, f"{number}.md", title=title, url=url, text="\0".join(texts))
        for batch in batches(texts):
            question = check(" ".join(batch)[:MAX_QUESTION])
            full = in_full(question, [article]) if batch[0] == texts[0] else Answer(question)
            monkeypatch.setattr(libraries, "answer", lambda *_, full=full: full)
            said += len(sent(await world.ask(question)))
        if number % 4 == 0:
            monkeypatch.setattr(libraries, "answer", real)
            (message, *_) = sent(await world.ask(texts[0][:100]))
            answered += "[1]" in labels(message)
    assert said > 200
    assert answered > 0  # the bot itself would say some of it
    assert_all_harmless(world)


async def test_attacks_do_nothing_in_titles_addresses_and_texts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = 0
    for number, batch in enumerate(batches(WRITTEN, limit=300)):
        article = plant(
            world,
            f"{number}.md",
            title=f"{batch[0]} and {batch[-1]}",
            url=batch[-1] if number % 2 else f"https://e.org/{batch[0]}",
            text="\0".join(f"The {attack} ferry carried {attack} in May." for attack in batch),
        )
        full = in_full(" ".join(batch), [article])
        monkeypatch.setattr(world.service.libraries, "answer", lambda *_, full=full: full)
        first, *_ = messages = sent(await world.ask("what?"))
        await world.alice.click(first, label="[1]")
        assert "The " in messages[0].content
        unanswered = Answer(" ".join(batch), closest=full.citations[:3])
        monkeypatch.setattr(world.service.libraries, "answer", lambda *_, it=unanswered: it)
        await world.post(f"{world.bot} what?")
        assert "Closest passages" in world.last.content
        checked = assert_all_harmless(world, checked)
    (shown,) = sent(await world.alice.slash(world.channel, "sources"))
    while not shown.components[0]["components"][-1]["disabled"]:
        await world.alice.click(shown, label="Next ▶")
    assert assert_all_harmless(world, checked) > checked


async def test_attacks_do_nothing_in_questions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.service.libraries, "answer", lambda q, *_: Answer(check(q.question)))
    await world.client.set_rules(world.server, has_threads=True)
    for number, attack in enumerate(ATTACKS):
        text = f"{attack} what of {attack} then?"[:MAX_QUESTION]
        (message,) = sent(await world.ask(text))
        assert message.content.startswith("> ")
        if number % 6 == 0:
            await world.post(f"{world.bot} {text}")
    assert len(world.channel.threads) > 25
    assert_all_harmless(world)


async def test_attacks_do_nothing_in_what_a_follow_up_is_about(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, attack in enumerate(ATTACKS[::4]):
        article = plant(world, f"{number}.md", title=attack, url="", text="Ten were arrested.")
        answer = in_full(f"how many {attack} left?"[:MAX_QUESTION], [article])
        monkeypatch.setattr(world.service.libraries, "answer", lambda *_, one=answer: one)
        await world.post(f"{world.bot} how many were arrested?")
        await world.post("and killed?", reply_to=world.last)
        assert "→" in world.last.content
    assert_all_harmless(world)


async def test_attacks_do_nothing_in_what_one_is_told(world: World) -> None:
    for attack in ATTACKS:
        told = world.told(await world.ask("how many?", source=f"{attack} {attack}"))
        assert_harmless(told)
        result = await world.manager.slash(
            world.channel, "source remove", source=f"{attack} {attack}"
        )
        assert_harmless(world.told(result))
        result = await world.manager.slash(world.channel, "source add", url=f"{attack} {attack}")
        assert_harmless(world.told(result))


async def test_attacks_do_nothing_where_articles_are_added_changed_and_removed(
    world: World,
) -> None:
    for attack in WRITTEN[::9]:
        data = f"---\ntitle: {json.dumps(attack)}\nurl: {json.dumps(attack)}\n---\nThe {{}} ferry."
        added = await world.manager.slash(
            world.channel, "source add", file=("a.md", data.format("old").encode())
        )
        assert text_of(added).startswith("Added ")
        (message, *_) = sent(await world.ask("what ferry?", source=f"{world.server}/a.md"))
        renewed = await world.manager.slash(
            world.channel, "source add", file=("a.md", data.format("new").encode())
        )
        assert text_of(renewed).startswith("Renewed ")
        if "[1]" in labels(message):
            await world.alice.click(message, label="[1]")
        await world.manager.slash(world.channel, "source remove", source=f"{world.server}/a.md")
    urls = {attack for attack in ATTACKS if safe_url(attack)}
    texts: list[Any] = [message.get("content") for message in world.messages()]
    for text in texts:
        assert_harmless(text or "", urls)
