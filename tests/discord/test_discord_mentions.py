"""The bot answers where it is spoken to: by mention, in reply, in its threads, in private."""

from __future__ import annotations

import logging
from typing import Any

import discord
import pytest
from simcord import ChannelHandle, UserHandle
from simcord.backend.models import AllowedMentions
from simcord.enums import MessageType

from tests.discord.conftest import Gate, World, labels, sent

pytestmark = pytest.mark.simcord(settle_timeout=30)

ARRESTED = "how many were arrested?"
SHORT = "**nearly 10,000**"
HOW_TO_ASK = 'Ask me something, like "how many were arrested?"'
# Discord is told every five seconds that the bot types; simcord would wait for that.
HELD = pytest.mark.simcord(settle_timeout=4)
READING_ALONG = pytest.mark.parametrize("options", [{"reads_messages": True}])


def posts(world: World) -> list[Any]:
    """The JSON of what the bot has written into channels."""
    return world.sent("POST", "/messages")


async def set_rules(world: World, **rules: Any) -> None:
    await world.client.set_rules(world.server, **rules)


async def thread_of_the_bot(world: World) -> ChannelHandle:
    """Make the bot open a thread, by asking it something."""
    await set_rules(world, has_threads=True)
    await world.post(f"{world.bot} {ARRESTED}")
    (thread,) = world.channel.threads
    return thread


async def test_a_mention_is_answered_in_reply(world: World) -> None:
    asked = await world.post(f"{world.bot} {ARRESTED}")
    assert world.last.content.startswith(SHORT)
    assert world.last.author == world.env.bot.user
    assert labels(world.last) == ["[1]", "👍", "👎"]
    (payload,) = posts(world)
    assert payload["message_reference"] == {
        "type": 0,
        "message_id": asked.id,
        "channel_id": world.channel.id,
        "guild_id": world.guild.id,
        "fail_if_not_exists": False,
    }


@HELD
async def test_the_bot_is_seen_typing_until_it_answers(world: World, gate: Gate) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    assert len(world.sent("POST", "/typing")) == 1
    assert posts(world) == []
    await gate.open()
    assert world.last.content.startswith(SHORT)


async def test_a_mention_may_stand_anywhere(world: World) -> None:
    for text in (f"how many {world.bot} were arrested?", f"{ARRESTED} {world.bot}"):
        await world.post(text)
        assert world.last.content.startswith(SHORT)


async def test_a_mention_by_the_old_form_is_one_too(world: World) -> None:
    await world.post(f"{world.bot.replace('@', '@!')} {ARRESTED}")
    assert world.last.content.startswith(SHORT)


async def test_the_name_that_the_bot_has_on_a_server_is_no_part_of_the_question(
    world: World,
) -> None:
    assert world.guild.me
    world.env.backend.get_member(world.guild.id, world.guild.me.id).nick = "Miss Marple"
    await world.env.restart_bot(world.make_client())
    await set_rules(world, has_threads=True)
    await world.post(f"{world.bot} {ARRESTED}")
    (thread,) = world.channel.threads
    assert thread.name == ARRESTED


async def test_other_names_are_part_of_the_question(world: World) -> None:
    assert world.env.bot.user
    other = world.guild.add_member(world.env.create_user(f"{world.env.bot.user.name}anist"))
    await set_rules(world, has_threads=True)
    await world.post(f"{world.bot} what does {other.mention} say of {world.manager.mention}?")
    (thread,) = world.channel.threads
    assert thread.name == f"what does @{other.name} say of @max?"


async def test_several_questions_of_one_person_are_all_answered(world: World) -> None:
    for _ in range(3):
        await world.post(f"{world.bot} {ARRESTED}")
    assert [post["content"].splitlines()[0] for post in posts(world)] == [SHORT] * 3


@pytest.mark.parametrize("rest", ["", " ", "?", " … !", "\u200b", "👋"])
async def test_a_mention_with_no_question_is_told_how_to_ask(world: World, rest: str) -> None:
    await world.post(f"{world.bot}{rest}")
    assert world.last.content == HOW_TO_ASK


async def test_a_question_that_is_too_long_is_told_so(world: World) -> None:
    await world.post(f"{world.bot} {'why ' * 300}")
    assert world.last.content.startswith("The question has 1,199 characters; ask it in at most")


async def test_what_is_not_meant_for_the_bot_is_left_alone(world: World) -> None:
    role = next(role for role in world.guild.roles.values() if role.name == "TestBot")
    for text in (
        ARRESTED,
        f"@everyone {ARRESTED}",
        f"@here {ARRESTED}",
        f"{role.mention} {ARRESTED}",
        f"{world.manager.mention} {ARRESTED}",
        f"@TestBot {ARRESTED}",
        f"{world.channel.mention} {ARRESTED}",
    ):
        await world.post(text)
    assert posts(world) == []
    assert world.sent("POST", "/typing") == []


async def test_other_bots_are_left_alone(world: World) -> None:
    robot = world.guild.add_member(world.env.create_user("robot", bot=True))
    await robot.send(world.channel, f"{world.bot} {ARRESTED}")
    webhook = world.guild.create_webhook(world.channel)
    await webhook.send(f"{world.bot} {ARRESTED}")
    assert posts(world) == []


async def test_what_discord_says_of_itself_is_left_alone(world: World) -> None:
    await set_rules(world, has_threads=True)
    thread = await thread_of_the_bot(world)
    before = len(posts(world))
    bot = UserHandle(world.env, world.env.backend.bot_user)
    world.guild.create_system_message(
        thread, MessageType.RECIPIENT_ADD, author=world.alice, recipient=bot
    )
    world.guild.create_system_message(world.channel, MessageType.NEW_MEMBER, author=world.alice)
    await world.env.settle()
    assert len(posts(world)) == before


@READING_ALONG
async def test_system_messages_are_no_follow_ups(world: World) -> None:
    thread = await thread_of_the_bot(world)
    before = len(posts(world))
    world.guild.create_system_message(thread, MessageType.CHANNEL_NAME_CHANGE, author=world.alice)
    await world.env.settle()
    assert len(posts(world)) == before


async def test_a_reply_to_an_answer_is_a_follow_up(world: World) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    asked = await world.post("who found the Endurance?", reply_to=world.last)
    assert "Endurance" in world.last.content
    assert posts(world)[-1]["message_reference"]["message_id"] == asked.id


async def test_a_reply_to_somebody_else_is_left_alone(world: World) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    other = await world.manager.send(world.channel, "no idea")
    await world.post("who found the Endurance?", reply_to=other)
    assert len(posts(world)) == 1


async def reply_without_ping(world: World) -> None:
    reference = {"message_id": world.last.id, "channel_id": world.channel.id}
    world.clock.now += 1000
    world.env.backend.create_message(
        world.channel.id,
        world.alice.id,
        "who found the Endurance?",
        reference=reference,
        allowed_mentions=AllowedMentions(replied_user=False),
    )
    await world.env.settle()


async def test_a_reply_without_ping_comes_without_its_text_and_is_left_alone(world: World) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    await reply_without_ping(world)
    assert len(posts(world)) == 1


@READING_ALONG
async def test_reading_along_a_reply_without_ping_is_a_follow_up(world: World) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    await reply_without_ping(world)
    assert "Endurance" in world.last.content


@READING_ALONG
async def test_reading_along_a_reply_to_a_commands_answer_is_a_follow_up(world: World) -> None:
    # Without, Discord neither counts such a reply as a mention nor gives its text.
    (answer,) = sent(await world.ask(ARRESTED))
    await world.post("who found the Endurance?", reply_to=answer)
    assert "Endurance" in world.last.content


async def test_a_server_may_have_mentions_answered_in_threads(world: World) -> None:
    thread = await thread_of_the_bot(world)
    assert thread.name == ARRESTED
    answer = thread.last_message
    assert answer
    assert answer.content.startswith(f"> {ARRESTED}\n")
    assert SHORT in answer.content
    assert labels(answer) == ["[1]", "👍", "👎"]
    assert [
        request.path
        for request in world.env.http_requests
        if request.path.endswith(("/messages", "/typing"))
    ] == [f"/channels/{thread.id}/typing", f"/channels/{thread.id}/messages"]
    assert "message_reference" not in posts(world)[0]


async def test_a_thread_is_named_by_the_beginning_of_its_question(world: World) -> None:
    await set_rules(world, has_threads=True)
    question = " ".join(["how many"] * 40)
    await world.post(f"{world.bot}\n{question}")
    (thread,) = world.channel.threads
    assert thread.name
    assert question.startswith(thread.name)
    assert 50 < len(thread.name) <= 100


async def test_where_it_may_open_no_thread_it_answers_in_reply(world: World) -> None:
    await set_rules(world, has_threads=True)
    no_threads = discord.PermissionOverwrite(create_public_threads=False)
    channel = world.guild.create_text_channel(
        "flat", overwrites={world.guild.default_role: no_threads}
    )
    asked = await world.post(f"{world.bot} {ARRESTED}", channel=channel)
    assert channel.threads == []
    assert channel.last_message
    assert channel.last_message.content.startswith(SHORT)
    assert posts(world)[-1]["message_reference"]["message_id"] == asked.id


async def test_where_there_are_no_threads_it_answers_in_reply(world: World) -> None:
    await set_rules(world, has_threads=True)
    channel = world.guild.create_voice_channel("lounge")
    await world.post(f"{world.bot} {ARRESTED}", channel=channel)
    assert channel.last_message
    assert channel.last_message.content.startswith(SHORT)


async def test_in_its_thread_it_says_how_to_ask_on(world: World) -> None:
    thread = await thread_of_the_bot(world)
    assert thread.last_message
    *_, hint = thread.last_message.content.splitlines()
    assert hint == "-# To ask on, reply to this message or mention me."


async def test_in_its_thread_it_answers_a_mention_and_a_reply(world: World) -> None:
    thread = await thread_of_the_bot(world)
    answer = thread.last_message
    await world.post(f"{world.bot} who found the Endurance?", channel=thread)
    assert thread.last_message
    assert "Endurance" in thread.last_message.content
    await world.post("who won the Wimbledon final?", channel=thread, reply_to=answer)
    assert "Alcaraz" in thread.last_message.content
    assert len(world.channel.threads) == 1


async def test_in_its_thread_it_does_not_get_the_text_of_other_messages(world: World) -> None:
    thread = await thread_of_the_bot(world)
    before = len(posts(world))
    await world.post("who found the Endurance?", channel=thread)
    assert len(posts(world)) == before


@READING_ALONG
async def test_reading_along_it_says_so_in_its_thread(world: World) -> None:
    thread = await thread_of_the_bot(world)
    assert thread.last_message
    *_, hint = thread.last_message.content.splitlines()
    assert hint == "-# Ask on here; I read along."


@READING_ALONG
async def test_reading_along_it_answers_whatever_is_asked_in_its_thread(world: World) -> None:
    thread = await thread_of_the_bot(world)
    asked = await world.post("who found the Endurance?", channel=thread)
    assert thread.last_message
    assert "Endurance" in thread.last_message.content
    assert posts(world)[-1]["message_reference"]["message_id"] == asked.id


@READING_ALONG
async def test_reading_along_it_leaves_the_threads_of_others_alone(world: World) -> None:
    model = world.env.backend.create_thread(world.channel.id, "ours", world.alice.id)
    await world.env.settle()
    thread = ChannelHandle(world.env, world.guild, model)
    await world.post(ARRESTED, channel=thread)
    await world.post(ARRESTED)
    assert posts(world) == []
    await world.post(f"{world.bot} {ARRESTED}", channel=thread)
    assert thread.last_message
    assert thread.last_message.content.startswith(SHORT)
    assert "-#" not in thread.last_message.content


@READING_ALONG
async def test_reading_along_its_threads_are_its_own_after_a_restart(world: World) -> None:
    thread = await thread_of_the_bot(world)
    await world.env.restart_bot(world.make_client())
    await world.post("who found the Endurance?", channel=thread)
    assert thread.last_message
    assert "Endurance" in thread.last_message.content


async def test_direct_messages_are_answered(world: World) -> None:
    dora = world.env.create_user("dora")
    await dora.send_dm(ARRESTED)
    answer = dora.dm_channel.last_message
    assert answer
    assert answer.content.startswith(SHORT)
    assert labels(answer) == ["[1]", "👍", "👎"]
    world.clock.now += 1000
    await dora.send_dm(f"{world.bot} who found the Endurance?")
    assert "Endurance" in dora.dm_channel.history()[-1].content
    await dora.send_dm("…")
    assert dora.dm_channel.history()[-1].content == HOW_TO_ASK


async def test_outside_the_channels_that_are_set_it_keeps_silent(world: World) -> None:
    other = world.guild.create_text_channel("other")
    await set_rules(world, channels=(world.channel.id,))
    await world.post(f"{world.bot} {ARRESTED}", channel=other)
    assert posts(world) == []
    assert world.sent("POST", "/typing") == []
    await world.post(f"{world.bot} {ARRESTED}")
    assert world.last.content.startswith(SHORT)


async def test_a_thread_belongs_to_its_channel(world: World) -> None:
    await set_rules(world, channels=(world.channel.id,))
    thread = await thread_of_the_bot(world)
    await world.post(f"{world.bot} who found the Endurance?", channel=thread)
    assert thread.last_message
    assert "Endurance" in thread.last_message.content


async def test_a_post_in_a_forum_is_answered_there(world: World) -> None:
    forum = world.guild.create_forum_channel("forum")
    model = world.env.backend.create_thread(forum.id, "arrests", world.alice.id)
    await world.env.settle()
    post = ChannelHandle(world.env, world.guild, model)
    await set_rules(world, channels=(forum.id,), has_threads=True)
    await world.post(f"{world.bot} {ARRESTED}", channel=post)
    assert post.last_message
    assert post.last_message.content.startswith(SHORT)


@pytest.mark.parametrize("denied", ["send_messages", "view_channel"])
async def test_where_it_may_not_speak_it_keeps_silent(
    world: World, denied: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert world.guild.me
    overwrite = discord.PermissionOverwrite(**{denied: False})
    channel = world.guild.create_text_channel("mute", overwrites={world.guild.me: overwrite})
    await world.post(f"{world.bot} {ARRESTED}", channel=channel)
    await world.post(f"{world.bot}", channel=channel)
    assert [message.author.id for message in channel.history()] == [world.alice.id] * 2
    assert world.env.errors == []
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


@HELD
async def test_a_question_that_is_deleted_meanwhile_is_answered_all_the_same(
    world: World, gate: Gate
) -> None:
    asked = await world.post(f"{world.bot} {ARRESTED}")
    await world.alice.delete(asked)
    await gate.open()
    assert world.last.content.startswith(SHORT)
    assert posts(world)[-1]["message_reference"]["fail_if_not_exists"] is False


@HELD
async def test_a_channel_that_is_deleted_meanwhile_is_no_error(
    world: World, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    await world.post(f"{world.bot} {ARRESTED}")
    world.env.backend.delete_channel(world.channel.id)
    await gate.open()
    assert world.env.errors == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
