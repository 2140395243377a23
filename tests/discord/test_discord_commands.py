"""Discord is told which commands there are, and the bot sees no more than it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
import pytest
import simcord

from bot.discord import commands
from bot.discord.client import FootnoteClient
from bot.discord.run import PERMISSIONS
from tests.discord.conftest import World

pytestmark = pytest.mark.simcord(settle_timeout=30)

HERE, ELSEWHERE, PRIVATE = 0, 1, 2  # a server, a direct message to the bot, one to somebody else
ON_SERVER, ON_USER = 0, 1
MANAGE_SERVER = str(discord.Permissions(manage_guild=True).value)
DEVELOPMENT = 1_456_074_443_980_000_000


@pytest.fixture
def told(world: World) -> dict[str, dict[str, Any]]:
    """The commands that Discord was told of, by name."""
    (payload,) = world.sent("PUT", "/commands")
    return {command["name"]: command for command in payload}


async def test_discord_is_told_of_five_commands(told: dict[str, dict[str, Any]]) -> None:
    assert set(told) == {"ask", "Ask about this", "sources", "source", "settings"}


@pytest.mark.parametrize("name", ["ask", "Ask about this", "sources"])
async def test_what_asks_and_reads_works_everywhere(
    told: dict[str, dict[str, Any]], name: str
) -> None:
    assert told[name]["integration_types"] == [ON_SERVER, ON_USER]
    assert told[name]["contexts"] == [HERE, ELSEWHERE, PRIVATE]
    assert told[name]["default_member_permissions"] is None


@pytest.mark.parametrize("name", ["source", "settings"])
async def test_what_changes_a_server_is_for_those_who_manage_it(
    told: dict[str, dict[str, Any]], name: str
) -> None:
    assert told[name]["integration_types"] == [ON_SERVER]
    assert told[name]["contexts"] == [HERE]
    assert told[name]["default_member_permissions"] == int(MANAGE_SERVER)


async def test_members_are_not_shown_what_only_managers_may_do(world: World) -> None:
    assert set(world.alice.available_commands(world.channel)) == {"ask", "sources"}
    assert set(world.manager.available_commands(world.channel)) == {
        "ask",
        "sources",
        "source add",
        "source remove",
        "settings",
    }
    assert set(world.manager.user.available_commands()) == {"ask", "sources"}


async def test_discord_checks_the_length_of_a_question(told: dict[str, dict[str, Any]]) -> None:
    question, source, private = told["ask"]["options"]
    assert question["required"]
    assert (question["min_length"], question["max_length"]) == (1, 1000)
    assert source["autocomplete"]
    assert not source["required"]
    assert (private["name"], private["type"]) == ("private", 5)


async def test_every_command_and_option_is_described(told: dict[str, dict[str, Any]]) -> None:
    del told["Ask about this"]  # Discord takes no description of a menu's entry

    def texts(command: dict[str, Any]) -> list[str]:
        inner = [text for option in command.get("options", []) for text in texts(option)]
        return [command["description"], *inner]

    for text in (text for command in told.values() for text in texts(command)):
        assert 10 < len(text) <= 100


async def test_commands_are_told_only_when_they_have_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.env.restart_bot(world.make_client())
    assert len(world.sent("PUT", "/commands")) == 1

    monkeypatch.setattr(commands, "ALL", commands.ALL[:2])
    await world.env.restart_bot(world.make_client())
    _, changed = world.sent("PUT", "/commands")
    assert [command["name"] for command in changed] == ["ask", "Ask about this"]

    await world.env.restart_bot(world.make_client())
    assert len(world.sent("PUT", "/commands")) == 2


async def test_commands_are_told_again_if_that_failed(
    make_client: Callable[[], FootnoteClient],
) -> None:
    refused = simcord.Env(make_client())
    refused.inject_error("PUT", "/applications/*/commands")
    with pytest.raises(discord.HTTPException):
        await refused.start()
    async with simcord.run(make_client()) as env:
        assert [request.method for request in env.http_requests].count("PUT") == 1


class TestInDevelopment:
    @pytest.fixture
    def options(self) -> dict[str, Any]:
        return {"development_guild": DEVELOPMENT}

    async def test_commands_are_told_to_the_development_server_only(self, world: World) -> None:
        put = [r.path for r in world.env.http_requests if r.method == "PUT"]
        assert len(put) == 1
        assert put[0].endswith(f"/guilds/{DEVELOPMENT}/commands")
        guild = world.env.create_guild("Development", id=DEVELOPMENT)
        member = guild.add_member(world.env.create_user("dev"))
        assert set(member.available_commands(guild.create_text_channel("dev"))) == {
            "ask",
            "sources",
        }
        assert world.alice.available_commands(world.channel) == ()

    async def test_they_are_told_only_when_they_have_changed(self, world: World) -> None:
        await world.env.restart_bot(world.make_client())
        assert len(world.sent("PUT", "/commands")) == 1

    async def test_they_work_there(self, world: World) -> None:
        guild = world.env.create_guild("Development", id=DEVELOPMENT)
        member = guild.add_member(world.env.create_user("dev"))
        channel = guild.create_text_channel("dev")
        result = await member.slash(channel, "ask", question="how many were arrested?")
        assert result.response
        assert "**nearly 10,000**" in result.response.content


@pytest.mark.parametrize(
    ("options", "more"), [({}, set()), ({"reads_messages": True}, {"message_content"})]
)
async def test_the_bot_asks_for_three_intents_and_only_to_read_along_for_the_text_of_messages(
    make_client: Callable[[], FootnoteClient], more: set[str]
) -> None:
    wanted = {name for name, is_set in make_client().intents if is_set}
    assert wanted == {"guilds", "guild_messages", "dm_messages"} | more


@pytest.mark.simcord(settle_timeout=30, approved_intents=discord.Intents.default())
async def test_no_privileged_intent_is_needed(world: World) -> None:
    assert world.env.bot.is_ready()


async def test_it_works_with_the_permissions_that_it_is_invited_with(world: World) -> None:
    others = discord.Permissions(~PERMISSIONS.value & discord.Permissions.all().value)
    only = discord.PermissionOverwrite.from_pair(PERMISSIONS, others)
    assert world.guild.me
    channel = world.guild.create_text_channel("strict", overwrites={world.guild.me: only})
    await world.post(f"{world.bot} how many were arrested?", channel=channel)
    assert channel.last_message
    assert "**nearly 10,000**" in channel.last_message.content
    await world.client.set_rules(world.server, has_threads=True)
    await world.post(f"{world.bot} how many were arrested?", channel=channel)
    (thread,) = channel.threads
    await world.post(f"{world.bot} who found the Endurance?", channel=thread)
    assert thread.last_message
    assert "Endurance" in thread.last_message.content
