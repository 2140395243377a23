"""Those who manage a server choose where and how the bot answers there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from simcord import MemberActor, ResponseMessage, SetupError

from bot.schema import Rules
from tests.discord.conftest import World, sent, text_of

pytestmark = pytest.mark.simcord(settle_timeout=30)

ARRESTED = "how many were arrested?"
STRING_SELECT, CHANNEL_SELECT = 3, 8


async def panel(world: World, actor: MemberActor | None = None) -> ResponseMessage:
    result = await (actor or world.manager).slash(world.channel, "settings")
    (shown,) = sent(result)
    return shown


def select(shown: ResponseMessage, kind: int) -> dict[str, Any]:
    """The only menu of a kind in a panel."""
    items: list[dict[str, Any]] = [item for row in shown.components for item in row["components"]]
    (found,) = (item for item in items if item["type"] == kind)
    return found


def buttons(shown: ResponseMessage) -> list[str]:
    """What is written on a panel's buttons."""
    return [
        item["label"] for row in shown.components for item in row["components"] if item["type"] == 2
    ]


async def choose(world: World, shown: ResponseMessage, kind: int, *values: Any) -> None:
    custom_id = select(shown, kind)["custom_id"]
    await world.manager.select(shown, values, custom_id=custom_id)


def rules(world: World) -> Rules:
    """The server's rules, as they are kept."""
    return world.service.records.rules().get(world.server, Rules())


class TestThePanel:
    async def test_it_tells_how_the_bot_answers(self, world: World) -> None:
        shown = await panel(world)
        assert shown.ephemeral
        assert shown.content.splitlines() == [
            "**How I answer on this server**",
            "- in every channel",
            "- 5 seconds between two questions of a member",
            "- commands: openly, unless they choose otherwise",
            "- mentions: in reply",
        ]
        assert buttons(shown) == ["Answer commands privately", "Answer mentions in threads"]
        assert select(shown, CHANNEL_SELECT).get("default_values", []) == []

    async def test_it_shows_each_choice_at_once(self, world: World) -> None:
        other = world.guild.create_text_channel("other")
        shown = await panel(world)
        await choose(world, shown, CHANNEL_SELECT, other, world.channel)
        await choose(world, shown, STRING_SELECT, "60")
        await world.manager.click(shown, label="Answer commands privately")
        await world.manager.click(shown, label="Answer mentions in threads")
        assert shown.content.splitlines()[1:] == [
            f"- in {other.mention}, {world.channel.mention}",
            "- 60 seconds between two questions of a member",
            "- commands: only to the one who asks, unless they choose otherwise",
            "- mentions: in a thread of their own",
        ]
        assert buttons(shown) == ["Answer commands openly", "Answer mentions in reply"]
        preset = [int(each["id"]) for each in select(shown, CHANNEL_SELECT)["default_values"]]
        assert preset == [other.id, world.channel.id]
        chosen = [o["value"] for o in select(shown, STRING_SELECT)["options"] if o.get("default")]
        assert chosen == ["60"]
        assert rules(world) == Rules((other.id, world.channel.id), 60, True, True)

    async def test_each_choice_can_be_taken_back(self, world: World) -> None:
        shown = await panel(world)
        before = shown.content
        await choose(world, shown, CHANNEL_SELECT, world.channel)
        await choose(world, shown, STRING_SELECT, "0")
        assert "- no wait between two questions of a member" in shown.content
        await choose(world, shown, CHANNEL_SELECT)
        await choose(world, shown, STRING_SELECT, "5")
        for label in (
            "Answer commands privately",
            "Answer commands openly",
            "Answer mentions in threads",
            "Answer mentions in reply",
        ):
            await world.manager.click(shown, label=label)
        assert shown.content == before
        assert rules(world) == Rules(cooldown=5)

    async def test_what_was_chosen_is_kept_after_a_restart(self, world: World) -> None:
        shown = await panel(world)
        await choose(world, shown, CHANNEL_SELECT, world.channel)
        await world.manager.click(shown, label="Answer commands privately")
        text = shown.content
        await world.env.restart_bot(world.make_client())
        assert (await panel(world)).content == text
        (answer,) = sent(await world.ask(ARRESTED))
        assert answer.ephemeral

    async def test_it_offers_the_wait_that_the_whole_bot_is_set_to(self, world: World) -> None:
        for seconds, said in ((7, "7 seconds"), (1, "1 second"), (0, "no wait")):
            world.client.service = replace(world.service, cooldown=seconds)
            shown = await panel(world)
            assert f"- {said} between two questions of a member" in shown.content
            (default,) = (
                option
                for option in select(shown, STRING_SELECT)["options"]
                if option.get("default")
            )
            assert default["value"] == str(seconds)
            assert default["label"] == f"{said} between two questions of a member"

    async def test_servers_are_set_up_apart(self, world: World) -> None:
        await world.manager.click(await panel(world), label="Answer commands privately")
        other = world.env.create_guild("Other")
        bob = other.add_member(world.env.create_user("bob"))
        result = await bob.slash(other.create_text_channel("a"), "ask", question=ARRESTED)
        assert not sent(result)[0].ephemeral

    async def test_it_is_for_those_who_manage_the_server(self, world: World) -> None:
        with pytest.raises(SetupError, match="default-member-permissions"):
            await panel(world, world.alice)
        found = world.env.backend.find_command("settings", world.guild.id)
        assert found
        world.guild.set_command_permissions(int(found["id"]), {world.alice: True})
        result = await world.alice.slash(world.channel, "settings")
        assert world.told(result) == "That is for members who may manage this server."

    async def test_who_does_not_manage_the_server_any_more_changes_nothing(
        self, world: World
    ) -> None:
        shown = await panel(world)
        role = world.guild.roles["Managers"]
        world.env.backend.remove_member_role(world.guild.id, world.manager.id, role.id)
        result = await world.manager.click(shown, label="Answer commands privately")
        assert rules(world) == Rules()
        assert world.told(result) == "That is for members who may manage this server."

    async def test_after_ten_minutes_it_changes_nothing(self, world: World) -> None:
        shown = await panel(world)
        await world.env.advance_time(601)
        if "Answer commands privately" in buttons(shown):
            await world.manager.click(shown, label="Answer commands privately")
        assert rules(world) == Rules()
        assert world.env.errors == []


class TestEffects:
    async def test_outside_the_chosen_channels_a_command_is_told_where(self, world: World) -> None:
        other = world.guild.create_text_channel("other")
        await choose(world, await panel(world), CHANNEL_SELECT, other)
        where = f"On this server I answer in {other.mention}."
        assert world.told(await world.ask(ARRESTED)) == where
        result = await world.alice.slash(other, "ask", question=ARRESTED)
        assert "**nearly 10,000**" in text_of(result)
        message = await world.manager.send(world.channel, ARRESTED)
        result = await world.alice.context_menu(world.channel, "Ask about this", message)
        assert world.told(result) == where

    async def test_in_direct_messages_no_server_has_a_say(self, world: World) -> None:
        other = world.guild.create_text_channel("other")
        shown = await panel(world)
        await choose(world, shown, CHANNEL_SELECT, other)
        await world.manager.click(shown, label="Answer commands privately")
        (answer,) = sent(await world.alice.user.slash("ask", question=ARRESTED))
        assert not answer.ephemeral

    async def test_commands_are_answered_privately_unless_asked_otherwise(
        self, world: World
    ) -> None:
        await world.manager.click(await panel(world), label="Answer commands privately")
        (by_default,) = sent(await world.ask(ARRESTED))
        assert by_default.ephemeral
        (openly,) = sent(await world.ask(ARRESTED, private=False))
        assert not openly.ephemeral
        assert [one.id for one in world.channel.history(viewer=world.manager)][-1] == openly.id

    async def test_the_wait_is_the_servers_own(self, world: World) -> None:
        await choose(world, await panel(world), STRING_SELECT, "300")
        await world.ask(ARRESTED)
        world.clock.now += 6
        result = await world.alice.slash(world.channel, "ask", question=ARRESTED)
        assert world.told(result) == "Please wait 294 seconds before you ask again."

    async def test_without_a_wait_one_may_ask_at_once(self, world: World) -> None:
        await choose(world, await panel(world), STRING_SELECT, "0")
        for _ in range(3):
            result = await world.alice.slash(world.channel, "ask", question=ARRESTED)
            assert "**nearly 10,000**" in text_of(result)

    async def test_mentions_are_answered_in_threads(self, world: World) -> None:
        await world.manager.click(await panel(world), label="Answer mentions in threads")
        await world.post(f"{world.bot} {ARRESTED}")
        (thread,) = world.channel.threads
        assert thread.last_message
        assert "**nearly 10,000**" in thread.last_message.content

    async def test_mentions_are_answered_only_in_the_chosen_channels(self, world: World) -> None:
        other = world.guild.create_text_channel("other")
        await choose(world, await panel(world), CHANNEL_SELECT, other)
        await world.post(f"{world.bot} {ARRESTED}")
        assert world.sent("POST", "/messages") == []
        await world.post(f"{world.bot} {ARRESTED}", channel=other)
        assert len(world.sent("POST", "/messages")) == 1
