"""What a server adds is for its own members; everybody else has the shared articles only."""

from __future__ import annotations

from dataclasses import dataclass

import discord
import pytest
from simcord import ChannelHandle, InteractionResult, MemberActor

from tests.discord.conftest import World, sent, text_of

pytestmark = pytest.mark.simcord(settle_timeout=30)

ARRESTED = "how many were arrested?"
NOTHING = "**The sources don't say.**"
FERRY = "# Ferry of Lund\n\nThe ferry of Lund carried 4,812 passengers in May.\n"
FERRY_QUESTION = "How many passengers did the ferry of Lund carry?"


@dataclass
class Elsewhere:
    """Somebody who manages another server."""

    server: str
    channel: ChannelHandle
    spy: MemberActor

    async def ask(self, question: str, **options: str) -> InteractionResult:
        return await self.spy.slash(self.channel, "ask", question=question, **options)


@pytest.fixture
def own(world: World) -> str:
    """The id of an article that the first server has added."""
    return world.add("ferry.md", FERRY)


@pytest.fixture
def elsewhere(world: World, own: str) -> Elsewhere:
    guild = world.env.create_guild("Rivals")
    managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    spy = guild.add_member(world.env.create_user("spy"), roles=[managers])
    return Elsewhere(str(guild.id), guild.create_text_channel("spies"), spy)


async def test_its_members_find_it_by_command_and_mention(world: World, own: str) -> None:
    assert "**4,812**" in text_of(await world.ask(FERRY_QUESTION))
    await world.post(f"{world.bot} {FERRY_QUESTION}")
    assert "**4,812**" in world.last.content


async def test_on_another_server_no_answer_has_a_word_of_it(
    world: World, elsewhere: Elsewhere
) -> None:
    text = text_of(await elsewhere.ask(FERRY_QUESTION))
    assert NOTHING in text
    await elsewhere.spy.send(elsewhere.channel, f"{world.bot} {FERRY_QUESTION}")
    answers = [text, *(message.content for message in elsewhere.channel.history()[1:])]
    assert not any("4,812" in one or "carried" in one for one in answers)


async def test_on_another_server_it_cannot_be_named(
    world: World, elsewhere: Elsewhere, own: str
) -> None:
    for name in (own, "Ferry of Lund", "ferry.md", world.server):
        told = world.told(await elsewhere.ask(FERRY_QUESTION, source=name))
        assert told.startswith("No article has ")


async def test_on_another_server_it_is_not_listed(world: World, elsewhere: Elsewhere) -> None:
    (shown,) = sent(await elsewhere.spy.slash(elsewhere.channel, "sources"))
    assert shown.content.startswith("**14 sources**")
    pages = [shown.content]
    await elsewhere.spy.click(shown, label="Next ▶")
    assert "Ferry" not in "\n".join([*pages, shown.content])


async def test_on_another_server_it_is_not_offered(elsewhere: Elsewhere) -> None:
    spy, channel = elsewhere.spy, elsewhere.channel
    for command in ("ask", "source remove"):
        assert await spy.autocomplete(channel, command, "source", "ferry") == []
    assert await spy.autocomplete(channel, "source remove", "source", "") == []


async def test_from_another_server_it_cannot_be_removed(
    world: World, elsewhere: Elsewhere, own: str
) -> None:
    for name in (own, "Ferry of Lund"):
        result = await elsewhere.spy.slash(elsewhere.channel, "source remove", source=name)
        assert world.told(result).startswith("This server has added no article with ")
    assert [s.id for s in world.service.libraries.own_sources(world.server)] == [own]


async def test_servers_may_add_articles_of_the_same_name(
    world: World, elsewhere: Elsewhere
) -> None:
    file = ("ferry.md", FERRY.replace("4,812", "77").encode())
    await elsewhere.spy.slash(elsewhere.channel, "source add", file=file)
    assert "**77**" in text_of(await elsewhere.ask(FERRY_QUESTION))
    assert "**4,812**" in text_of(await world.ask(FERRY_QUESTION))


async def test_in_direct_messages_there_is_nothing_of_it(world: World, own: str) -> None:
    user = world.alice.user
    assert NOTHING in text_of(await user.slash("ask", question=FERRY_QUESTION))
    world.clock.now += 1000
    await user.send_dm(FERRY_QUESTION)
    assert NOTHING in user.dm_channel.history()[-1].content
    assert await user.autocomplete("ask", "source", "ferry") == []
    assert text_of(await user.slash("sources")).startswith("**14 sources**")


class TestWhereTheBotIsNoMember:
    """Whoever has installed the bot for themselves may use it on servers that have not."""

    @pytest.fixture
    def own(self, world: World, own: str) -> str:
        """The bot leaves; simcord lets its members go on to use its commands."""
        world.env.backend.emit("GUILD_DELETE", {"id": str(world.guild.id)})
        assert world.env.bot.get_guild(world.guild.id) is None
        return own

    async def test_there_are_answers_from_the_shared_articles_only(
        self, world: World, own: str
    ) -> None:
        assert "**nearly 10,000**" in text_of(await world.ask(ARRESTED))
        assert NOTHING in text_of(await world.ask(FERRY_QUESTION))
        told = world.told(await world.ask(FERRY_QUESTION, source=own))
        assert told.startswith("No article has ")

    async def test_their_buttons_work(self, world: World, own: str) -> None:
        (message,) = sent(await world.ask(ARRESTED))
        (shown,) = sent(await world.alice.click(message, label="[1]"))
        assert shown.embeds[0].title == "U.N. objects to blue helmets on troops in Kazakhstan"

    async def test_the_servers_own_articles_are_neither_listed_nor_offered(
        self, world: World, own: str
    ) -> None:
        listed = text_of(await world.alice.slash(world.channel, "sources"))
        assert listed.startswith("**14 sources**")
        assert await world.alice.autocomplete(world.channel, "ask", "source", "ferry") == []

    async def test_the_servers_rules_do_not_hold(self, world: World, own: str) -> None:
        await world.client.set_rules(world.server, channels=(1,), is_private=True, cooldown=300)
        (message,) = sent(await world.ask(ARRESTED))
        assert not message.ephemeral
        assert "**nearly 10,000**" in message.content

    async def test_a_message_can_be_taken_for_the_question(self, world: World, own: str) -> None:
        message = await world.manager.send(world.channel, ARRESTED)
        result = await world.alice.context_menu(world.channel, "Ask about this", message)
        assert "**nearly 10,000**" in text_of(result)

    async def test_nothing_can_be_set_up_where_it_would_not_hold(
        self, world: World, own: str
    ) -> None:
        # Discord lets a server have the commands without the bot.
        for command, options in (
            ("source add", {"file": ("ore.md", FERRY.encode())}),
            ("source remove", {"source": own}),
            ("settings", {}),
        ):
            told = world.told(await world.manager.slash(world.channel, command, **options))
            assert not told.startswith(("Added", "Removed", "**"))
        assert len(world.service.libraries.own_sources(world.server)) == 1
