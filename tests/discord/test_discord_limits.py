"""Everybody gets a turn: a wait between questions, one at a time, and a queue with an end."""

from __future__ import annotations

import asyncio

import pytest
from simcord import InteractionResult, MemberActor

from tests.discord.conftest import Gate, World, sent, text_of

pytestmark = pytest.mark.simcord(settle_timeout=30)

ARRESTED = "how many were arrested?"
SHORT = "**nearly 10,000**"


async def ask(
    world: World, actor: MemberActor | None = None, question: str = ARRESTED
) -> InteractionResult:
    """Ask at once, however long the last question is ago."""
    return await (actor or world.alice).slash(world.channel, "ask", question=question)


class TestTheWait:
    async def test_who_asks_again_too_soon_is_told_how_long_to_wait(self, world: World) -> None:
        assert SHORT in text_of(await ask(world))
        for now, said in (
            (0, "5 seconds"),
            (0.5, "5 seconds"),
            (2, "3 seconds"),
            (4, "1 second"),
            (4.9, "1 second"),
        ):
            world.clock.now = now
            assert world.told(await ask(world)) == f"Please wait {said} before you ask again."
        world.clock.now = 5
        assert SHORT in text_of(await ask(world))

    async def test_each_person_waits_alone(self, world: World) -> None:
        await ask(world)
        assert SHORT in text_of(await ask(world, world.manager))

    async def test_it_is_one_wait_for_all_ways_to_ask(self, world: World) -> None:
        refusal = "Please wait 5 seconds before you ask again."
        await ask(world)
        message = await world.alice.send(world.channel, f"{world.bot} {ARRESTED}")
        assert world.last.content == refusal
        result = await world.alice.context_menu(world.channel, "Ask about this", message)
        assert world.told(result) == refusal
        await world.alice.send_dm(ARRESTED)
        answer = world.alice.user.dm_channel.last_message
        assert answer
        assert answer.content == refusal

    async def test_what_was_no_question_costs_no_wait(self, world: World) -> None:
        world.told(await ask(world, question="?!"))
        result = await world.alice.slash(
            world.channel, "ask", question=ARRESTED, source="no such thing"
        )
        world.told(result)
        await world.alice.send(world.channel, world.bot)
        assert SHORT in text_of(await ask(world))

    async def test_buttons_and_lists_know_no_wait(self, world: World) -> None:
        (message,) = sent(await ask(world))
        for _ in range(3):
            assert sent(await world.alice.click(message, label="[1]"))[0].embeds
            assert "14 sources" in text_of(await world.alice.slash(world.channel, "sources"))


class TestOneAtATime:
    async def test_a_person_asks_one_question_at_a_time(self, world: World, gate: Gate) -> None:
        first = await ask(world)
        assert first.deferred
        world.clock.now += 1000
        refusal = "I am still on your last question; please ask one at a time."
        assert world.told(await ask(world)) == refusal
        await gate.open()
        assert SHORT in text_of(first)
        assert SHORT in text_of(await ask(world))

    async def test_a_private_conversation_counts_too(self, world: World, gate: Gate) -> None:
        await ask(world)
        world.clock.now += 1000
        await world.alice.send_dm(ARRESTED)
        answer = world.alice.user.dm_channel.last_message
        assert answer
        assert answer.content == "I am still on your last question; please ask one at a time."
        await gate.open()

    async def test_others_may_ask_meanwhile(self, world: World, gate: Gate) -> None:
        results = [await ask(world), await ask(world, world.manager)]
        await gate.open()
        assert all(SHORT in text_of(result) for result in results)

    async def test_who_got_no_answer_may_ask_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(world.service.libraries, "answer", None)
            await ask(world)
            assert len(world.env.errors) == 1
        world.clock.now += 5
        assert SHORT in text_of(await ask(world))


class TestTheQueue:
    def members(self, world: World, count: int) -> list[MemberActor]:
        return [
            world.guild.add_member(world.env.create_user(f"member-{number}"))
            for number in range(count)
        ]

    async def test_who_comes_when_it_is_full_is_refused(self, world: World, gate: Gate) -> None:
        waiting = [await ask(world, member) for member in self.members(world, 5)]
        assert all(result.deferred for result in waiting)
        refusal = "5 questions are waiting already; please ask again in a minute."
        assert world.told(await ask(world)) == refusal
        await gate.open()
        assert all(SHORT in text_of(result) for result in waiting)
        assert SHORT in text_of(await ask(world))  # to be refused costs no wait

    @pytest.mark.simcord(settle_timeout=4)
    async def test_a_mention_is_refused_in_reply(self, world: World, gate: Gate) -> None:
        for member in self.members(world, 5):
            await member.send(world.channel, f"{world.bot} {ARRESTED}")
        await world.post(f"{world.bot} {ARRESTED}")
        assert world.last.content == (
            "5 questions are waiting already; please ask again in a minute."
        )
        await gate.open()
        posts = world.sent("POST", "/messages")
        assert [post["content"].startswith(SHORT) for post in posts] == [False] + [True] * 5

    async def test_what_needs_no_answer_does_not_wait(self, world: World, gate: Gate) -> None:
        for member in self.members(world, 5):
            await ask(world, member)
        assert "14 sources" in text_of(await world.alice.slash(world.channel, "sources"))
        choices = await world.alice.autocomplete(world.channel, "ask", "source", "blue")
        assert len(choices) == 1
        result = await world.manager.slash(world.channel, "settings")
        assert text_of(result).startswith("**How I answer")
        await gate.open()


async def test_while_the_bot_stops_nothing_more_is_taken(world: World) -> None:
    await world.service.desk.close(1)
    refusal = "I am being restarted; please ask again in a minute."
    assert world.told(await ask(world)) == refusal
    await world.post(f"{world.bot} {ARRESTED}")
    assert world.last.content == refusal


async def test_while_the_bot_stops_what_it_has_begun_is_finished(world: World, gate: Gate) -> None:
    result = await ask(world)
    closing = asyncio.create_task(world.service.desk.close(10))
    await asyncio.sleep(0)
    assert "restarted" in world.told(await ask(world, world.manager))
    assert result.deferred
    await gate.open()
    assert await closing
    assert SHORT in text_of(result)
