"""An answer that is too long for one message comes in several, and each has its own buttons."""

from __future__ import annotations

from typing import Any

import pytest
from simcord import ResponseMessage

from bot.discord.splitting import LIMIT, length
from retrieval import sentences
from retrieval.types import Answer, Citation, Statement
from tests.discord.conftest import World, labels, sent
from tests.discord.test_discord_buttons import highlighted

pytestmark = pytest.mark.simcord(settle_timeout=30)

COUNT = 45
"""Footnotes of the long answer: more than there is room for under two messages."""

LONG = "what do the articles say?"
VOTES = ["👍", "👎"]


@pytest.fixture
def answer(world: World, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """An answer of many sentences of the seed articles, which every question gets."""
    citations: list[Citation] = []
    for source in world.service.libraries.sources(None):
        article = world.service.libraries.article(source.id, None)
        assert article
        citations += [
            Citation(article, start, end, number=0)
            for start, end in sentences.split(article.text)[:4]
        ]
    numbered = tuple(
        Citation(one.article, one.start, one.end, number)
        for number, one in enumerate(citations[:COUNT], start=1)
    )
    answer = Answer(
        question=LONG,
        short="a lot",
        statements=tuple(Statement(" ".join(c.quote.split()), (c.number,)) for c in numbered),
        citations=numbered,
    )
    monkeypatch.setattr(world.service.libraries, "answer", lambda *_: answer)
    return answer


def numbers_pressed(message: Any) -> list[int]:
    """The footnotes that a message has buttons for."""
    return [int(label[1:-1]) for label in labels(message) if label not in VOTES]


async def parts(world: World) -> list[ResponseMessage]:
    return sent(await world.ask(LONG))


async def test_it_comes_in_messages_that_discord_takes(world: World, answer: Answer) -> None:
    messages = await parts(world)
    assert len(messages) > 3
    assert all(0 < length(message.content) <= LIMIT for message in messages)
    assert messages[0].content.startswith(f"> {LONG}\n")
    assert sum(message.content.count(f"> {LONG}") for message in messages) == 1
    assert sum(message.content.count("**Sources**") for message in messages) == 1


async def test_each_message_has_buttons_for_its_own_footnotes(world: World, answer: Answer) -> None:
    messages = await parts(world)
    pressed = [numbers_pressed(message) for message in messages]
    assert [number for numbers in pressed for number in numbers] == list(range(1, COUNT + 1))
    for message, numbers in zip(messages, pressed, strict=True):
        assert all(f"[{number}]**" in message.content for number in numbers)
    assert max(map(len, pressed)) < COUNT


async def test_votes_stand_below_the_last(world: World, answer: Answer) -> None:
    *others, last = await parts(world)
    assert labels(last)[-2:] == VOTES
    assert not [label for message in others for label in labels(message) if label in VOTES]


async def test_every_button_shows_its_own_quote_also_after_a_restart(
    world: World, answer: Answer
) -> None:
    messages = await parts(world)
    await world.env.restart_bot(world.make_client())
    quotes = {
        number: highlighted(await world.alice.click(message, label=f"[{number}]"))
        for message in messages
        for number in numbers_pressed(message)
    }
    assert quotes == {c.number: " ".join(c.quote.split()) for c in answer.citations}


async def test_a_private_one_is_private_in_every_part(world: World, answer: Answer) -> None:
    messages = sent(await world.ask(LONG, private=True))
    assert len(messages) > 3
    assert all(message.ephemeral for message in messages)
    assert world.channel.history(viewer=world.manager) == []


async def test_every_part_is_a_reply_to_the_mention(world: World, answer: Answer) -> None:
    asked = await world.post(f"{world.bot} {LONG}")
    posts = world.sent("POST", "/messages")
    assert len(posts) > 3
    assert {post["message_reference"]["message_id"] for post in posts} == {asked.id}
    assert [n for post in posts for n in numbers_pressed(post)] == list(range(1, COUNT + 1))


async def test_in_a_thread_the_last_part_says_how_to_ask_on(world: World, answer: Answer) -> None:
    await world.client.set_rules(world.server, has_threads=True)
    await world.post(f"{world.bot} {LONG}")
    (thread,) = world.channel.threads
    texts = [message.content for message in thread.history()]
    assert len(texts) > 3
    assert ["-# To ask on" in text for text in texts] == [False] * (len(texts) - 1) + [True]


async def test_the_parts_arrive_in_order(world: World, answer: Answer) -> None:
    messages = await parts(world)
    assert [message.id for message in messages] == sorted(message.id for message in messages)
    whole = "\n".join(message.content for message in messages)
    places = [whole.index(f" **[{number}]**") for number in range(1, COUNT + 1)]
    assert places == sorted(places)
    assert places[-1] < whole.index("**Sources**")


async def test_a_reply_to_any_part_follows_on_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = world.service.libraries.sources(None)[0]
    article = world.service.libraries.article(source.id, None)
    assert article
    (start, end), *_ = sentences.split(article.text)
    long = Answer(
        question=LONG,
        statements=(Statement("so it goes on " * 400, (1,)),),
        citations=(Citation(article, start, end, 1),),
    )
    monkeypatch.setattr(world.service.libraries, "answer", lambda *_: long)
    await world.post(f"{world.bot} {LONG}")
    pieces = [one for one in world.channel.history() if one.author == world.env.bot.user]
    assert len(pieces) > 2
    for piece in pieces:
        await world.post("who wrote it?", reply_to=piece)
        last = [one for one in world.channel.history() if one.content.startswith("-# → ")]
        assert last, piece.content[:80]
