"""A question may follow on an answer: in a reply to it, in a thread, in private."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from simcord import ChannelHandle

from bot import records
from tests.discord.conftest import World, text_of

pytestmark = pytest.mark.simcord(settle_timeout=30)

ARRESTED = "how many were arrested?"
KILLED = "and killed?"
TITLE = "U.N. objects to blue helmets on troops in Kazakhstan"
UNDERSTOOD = f"-# → {TITLE}\\: how many were killed?\n**at least 164**\n"
READING_ALONG = pytest.mark.parametrize("options", [{"reads_messages": True}])


async def thread_of_the_bot(world: World) -> ChannelHandle:
    await world.client.set_rules(world.server, has_threads=True)
    await world.post(f"{world.bot} {ARRESTED}")
    (thread,) = world.channel.threads
    return thread


async def ask(world: World, thread: ChannelHandle, question: str, **options: Any) -> str:
    """What Alice is answered to a command in a thread."""
    world.clock.now += 1000
    return text_of(await world.alice.slash(thread, "ask", question=question, **options))


def said(world: World) -> list[str]:
    """What the bot has written into channels."""
    return [post["content"] for post in world.sent("POST", "/messages")]


async def test_a_reply_follows_on_the_answer_and_says_how_it_was_understood(world: World) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    await world.post(KILLED, reply_to=world.last)
    assert world.last.content.startswith(UNDERSTOOD)


async def test_a_reply_to_a_reply_follows_on_both(world: World) -> None:
    await world.post(f"{world.bot} how many people were arrested in Kazakhstan?")
    await world.post("and nurses?", reply_to=world.last)
    await world.post(KILLED, reply_to=world.last)
    assert world.last.content.startswith("-# → how many nurses were killed in Kazakhstan?\n")


async def test_a_reply_follows_on_that_answer_and_not_on_the_last(world: World) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    answer = world.last
    await world.post(f"{world.bot} who found the Endurance?")
    await world.post(KILLED, reply_to=answer)
    assert world.last.content.startswith(UNDERSTOOD)


async def test_after_a_restart_a_reply_still_follows_on_the_answer(world: World) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    answer = world.last
    await world.env.restart_bot(world.make_client())
    await world.post(KILLED, reply_to=answer)
    assert world.last.content.startswith(UNDERSTOOD)


async def test_in_a_channel_a_mention_follows_on_nothing(world: World) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    await world.post(f"{world.bot} {KILLED}")
    assert "→" not in world.last.content


async def test_a_question_that_stands_alone_is_left_as_it_is(world: World) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    await world.post("who found the wreck of the Endurance?", reply_to=world.last)
    assert "→" not in world.last.content
    assert "Endurance" in world.last.content


@READING_ALONG
async def test_in_a_thread_a_question_follows_on_the_last(world: World) -> None:
    thread = await thread_of_the_bot(world)
    await world.post(KILLED, channel=thread)
    assert said(world)[-1].startswith(UNDERSTOOD)


@READING_ALONG
async def test_a_new_thread_follows_on_nothing(world: World) -> None:
    await thread_of_the_bot(world)
    await world.post(f"{world.bot} {KILLED}")
    assert "→" not in said(world)[-1]


@READING_ALONG
async def test_a_command_in_a_thread_follows_on_it_too(world: World) -> None:
    thread = await thread_of_the_bot(world)
    told = await ask(world, thread, KILLED)
    assert told.startswith(f"> {TITLE}\\: how many were killed?\n\n**at least 164**")


@READING_ALONG
async def test_what_is_asked_in_private_stays_out_of_the_thread(world: World) -> None:
    thread = await thread_of_the_bot(world)
    await ask(world, thread, "who found the Endurance?", private=True)
    await world.post(KILLED, channel=thread)
    assert said(world)[-1].startswith(UNDERSTOOD)


@READING_ALONG
async def test_put_to_one_article_a_question_is_about_no_other(world: World) -> None:
    thread = await thread_of_the_bot(world)
    only = "maui-wildfires-later-count.md"
    told = await ask(world, thread, KILLED, source=only)
    assert told.startswith("> how many were killed?\n")
    assert TITLE not in told


async def test_in_private_a_question_follows_on_the_last(world: World) -> None:
    await world.alice.send_dm(ARRESTED)
    world.clock.now += 1000
    await world.alice.send_dm(KILLED)
    assert said(world)[-1].startswith(UNDERSTOOD)


async def test_a_conversation_rests_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "A_CONVERSATION_RESTS", timedelta(0))
    await world.alice.send_dm(ARRESTED)
    world.clock.now += 1000
    await world.alice.send_dm(KILLED)
    assert "→" not in said(world)[-1]


async def test_what_one_person_asked_in_private_is_nothing_to_another(world: World) -> None:
    await world.alice.send_dm(ARRESTED)
    await world.manager.send_dm(KILLED)
    assert "→" not in said(world)[-1]


async def test_buttons_like_ours_under_another_bots_message_lead_to_no_answer(
    world: World,
) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    ours: list[Any] = [row.to_dict() for row in world.last.components]
    robot = world.guild.add_member(world.env.create_user("robot", bot=True))
    world.env.backend.create_message(world.channel.id, robot.id, "Look at this", components=ours)
    await world.env.settle()
    await world.post(f"{world.bot} {KILLED}", reply_to=world.last)
    assert "→" not in world.last.content
