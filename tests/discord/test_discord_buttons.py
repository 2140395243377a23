"""A footnote's button shows the very words that are cited; the others keep votes."""

from __future__ import annotations

from pathlib import Path

import pytest
from simcord import InteractionResult, MemberActor, ResponseMessage

from bot import compose
from bot.settings import Settings
from retrieval.types import Article
from tests.discord.conftest import World, sent, text_of
from tests.discord.test_discord_markdown import BREAK, parse

pytestmark = pytest.mark.simcord(settle_timeout=30)

ARRESTED = "how many were arrested?"
FERRY = "# Ferry of Lund\n\nThe ferry of Lund carried 4,812 passengers in May.\n"
FERRY_QUESTION = "How many passengers did the ferry of Lund carry?"
TOO_OLD = "This answer is not kept any more; please ask again."
QUESTIONS = (
    ARRESTED,
    "who won the Wimbledon final?",
    "how deep does the Endurance lie?",
    "how many ships were waiting at the Suez Canal?",
    "by how much did DART shorten the orbit of Dimorphos?",
    "how many people were killed in Morocco?",
)


async def answered(world: World, question: str = ARRESTED) -> ResponseMessage:
    (message,) = sent(await world.ask(question))
    return message


def buttons(message: ResponseMessage) -> dict[str, str]:
    """The ids of a message's buttons, by what is written on them."""
    return {
        button.get("label") or button["emoji"]["name"]: button["custom_id"]
        for row in message.components
        for button in row["components"]
    }


def answer_id(message: ResponseMessage) -> str:
    return buttons(message)["👍"].split(":")[2]


def forge(world: World, message: ResponseMessage, custom_id: str) -> None:
    """Give a message's first button another id."""
    stored = world.env.backend.get_message(message.channel_id, message.id)
    stored.components[0]["components"][0]["custom_id"] = custom_id


async def vote(world: World, actor: MemberActor, message: ResponseMessage, emoji: str) -> str:
    result = await actor.click(message, custom_id=buttons(message)[emoji])
    return world.told(result)


def highlighted(result: InteractionResult) -> str:
    """The words that a card marks, as they are read."""
    (card,) = sent(result)[0].embeds
    marked = [node.shown for node in parse(card.description or "") if node.kind == "strong"]
    return "".join(marked).replace(BREAK, "")


class TestFootnotes:
    async def test_a_button_shows_the_quote_in_its_context(self, world: World) -> None:
        result = await world.manager.click(await answered(world), label="[1]")
        (shown,) = sent(result)
        (card,) = shown.embeds
        assert card.title == "U.N. objects to blue helmets on troops in Kazakhstan"
        assert card.url == "https://en.wikipedia.org/wiki/2022_Kazakh_unrest"
        assert card.footer.text == "11 January 2022 · en.wikipedia.org"
        assert card.description
        before, quote, after = card.description.split("**")
        assert before.startswith("… ")
        assert before.endswith("out of the operation. ")
        assert quote == (
            "The unrest has killed at least 164 people, and __nearly 10,000__ have been arrested, "
            "The Washington Post reported."
        )
        assert after.startswith(" It started in the first days of January")
        assert after.endswith(" …")

    async def test_only_who_presses_sees_it(self, world: World) -> None:
        message = await answered(world)
        (shown,) = sent(await world.manager.click(message, label="[1]"))
        assert shown.ephemeral
        assert shown.content == ""
        assert shown.components == []
        seen = [one.id for one in world.channel.history(viewer=world.alice)]
        assert seen == [message.id]

    async def test_it_shows_the_very_slice_that_was_cited(self, world: World) -> None:
        pressed = 0
        for question in QUESTIONS:
            message = await answered(world, question)
            given = world.service.records.given(answer_id(message))
            assert given
            for number, cited in enumerate(given.citations, start=1):
                article = world.service.libraries.article(cited.source, world.server)
                assert article
                result = await world.alice.click(message, label=f"[{number}]")
                assert highlighted(result) == article.text[cited.start : cited.end]
                pressed += 1
        assert pressed >= len(QUESTIONS)

    async def test_a_quote_over_several_lines_is_shown_on_one(self, world: World) -> None:
        world.add(
            "ferry.txt",
            "It was a busy spring on the water, as the harbour says in its\n"
            "report of Monday. The ferry of Lund carried 4,812 passengers in\n"
            "the month of May alone. Nobody had thought that so many would\n"
            "come when the fares were raised in the first days of the year.\n",
        )
        result = await world.alice.click(await answered(world, FERRY_QUESTION), label="[1]")
        assert highlighted(result) == (
            "The ferry of Lund carried 4,812 passengers in the month of May alone."
        )

    async def test_a_button_works_after_a_restart(self, world: World) -> None:
        message = await answered(world)
        await world.env.restart_bot(world.make_client())
        result = await world.alice.click(message, label="[1]")
        assert highlighted(result).startswith("The unrest has killed at least 164 people")

    async def test_a_button_under_a_mention_works_after_a_restart(self, world: World) -> None:
        await world.post(f"{world.bot} {ARRESTED}")
        message = world.last
        await world.env.restart_bot(world.make_client())
        result = await world.manager.click(message, label="[1]")
        assert highlighted(result).startswith("The unrest has killed at least 164 people")

    async def test_of_a_servers_article_that_has_changed_no_word_is_shown(
        self, world: World
    ) -> None:
        world.add("ferry.md", FERRY)
        message = await answered(world, FERRY_QUESTION)
        world.add("ferry.md", FERRY.replace("4,812", "5,001"))
        told = world.told(await world.alice.click(message, label="[1]"))
        assert told == "“Ferry of Lund” has changed since this answer was given; please ask again."

    async def test_of_a_servers_article_that_is_gone_no_word_is_shown(self, world: World) -> None:
        article = world.add("ferry.md", FERRY)
        message = await answered(world, FERRY_QUESTION)
        world.service.libraries.remove(world.server, article)
        told = world.told(await world.alice.click(message, label="[1]"))
        assert told == (
            "“Ferry of Lund” is not among the sources any more, so its words cannot be shown."
        )

    async def test_an_article_that_has_come_back_is_shown_again(self, world: World) -> None:
        article = world.add("ferry.md", FERRY)
        message = await answered(world, FERRY_QUESTION)
        world.service.libraries.remove(world.server, article)
        world.add("ferry.md", FERRY)
        result = await world.alice.click(message, label="[1]")
        assert highlighted(result) == "The ferry of Lund carried 4,812 passengers in May."

    async def test_a_shared_article_may_change_and_go_while_the_bot_runs(
        self, world: World, tmp_path: Path
    ) -> None:
        message = await answered(world)
        settings = Settings(_env_file=None, data_dir=tmp_path / "data")
        with compose.library(settings, lambda _: None) as library:
            library.put([Article("kazakhstan-blue-helmets.md", "Blue helmets", "They left.")])
            changed = world.told(await world.alice.click(message, label="[1]"))
            assert "has changed since this answer was given" in changed
            library.remove(["kazakhstan-blue-helmets.md"])
            gone = world.told(await world.alice.click(message, label="[1]"))
            assert "is not among the sources any more" in gone

    async def test_an_answer_that_is_not_kept_is_said_to_be_too_old(self, world: World) -> None:
        message = await answered(world)
        for custom_id in (
            f"footnote:cite:{'0' * 16}:1",
            f"footnote:cite:{answer_id(message)}:2",
            f"footnote:cite:{answer_id(message)}:0",
        ):
            forge(world, message, custom_id)
            assert world.told(await world.alice.click(message, label="[1]")) == TOO_OLD

    async def test_what_was_answered_on_one_server_is_not_shown_on_another(
        self, world: World
    ) -> None:
        world.add("ferry.md", FERRY)
        secret = answer_id(await answered(world, FERRY_QUESTION))
        other = world.env.create_guild("Rivals")
        spy = other.add_member(world.env.create_user("spy"))
        result = await spy.slash(other.create_text_channel("spies"), "ask", question=ARRESTED)
        (message,) = sent(result)
        forge(world, message, f"footnote:cite:{secret}:1")
        assert world.told(await spy.click(message, label="[1]")) == TOO_OLD

        world.clock.now += 1000
        (message,) = sent(await spy.user.slash("ask", question="who won the Wimbledon final?"))
        forge(world, message, f"footnote:cite:{secret}:1")
        assert world.told(await spy.user.click(message, label="[1]")) == TOO_OLD

    async def test_what_was_answered_in_private_is_not_shown_on_a_server(
        self, world: World
    ) -> None:
        (secret,) = sent(await world.alice.user.slash("ask", question=ARRESTED))
        message = await answered(world)
        forge(world, message, f"footnote:cite:{answer_id(secret)}:1")
        assert world.told(await world.alice.click(message, label="[1]")) == TOO_OLD

    async def test_nothing_answers_a_button_that_is_none_of_the_bots(self, world: World) -> None:
        message = await answered(world)
        for custom_id in ("footnote:cite:x:1", "footnote:cite:", "other:thing", "footnote:none"):
            forge(world, message, custom_id)
            result = await world.alice.click(message, label="[1]")
            assert sent(result) == []


class TestVotes:
    def counts(self, world: World) -> list[tuple[int, int]]:
        return [(rated.good, rated.bad) for rated in world.service.records.rated()]

    async def test_a_vote_is_counted_and_told_only_to_who_votes(self, world: World) -> None:
        message = await answered(world)
        told = await vote(world, world.alice, message, "👍")
        assert "👍 1 · 👎 0" in told
        (rated,) = world.service.records.rated()
        assert (rated.good, rated.bad) == (1, 0)
        assert rated.id == answer_id(message)
        assert rated.question == ARRESTED
        assert rated.server == world.server

    async def test_a_person_has_one_vote_on_an_answer(self, world: World) -> None:
        message = await answered(world)
        await vote(world, world.alice, message, "👍")
        assert "👍 0 · 👎 1" in await vote(world, world.alice, message, "👎")
        assert self.counts(world) == [(0, 1)]

    async def test_the_same_vote_again_takes_it_back(self, world: World) -> None:
        message = await answered(world)
        await vote(world, world.alice, message, "👎")
        assert "👍 0 · 👎 0" in await vote(world, world.alice, message, "👎")
        assert self.counts(world) == []
        assert "👍 0 · 👎 1" in await vote(world, world.alice, message, "👎")

    async def test_each_person_and_each_answer_has_votes_of_its_own(self, world: World) -> None:
        message = await answered(world)
        await vote(world, world.alice, message, "👍")
        assert "👍 2 · 👎 0" in await vote(world, world.manager, message, "👍")
        assert "👍 1 · 👎 1" in await vote(world, world.manager, message, "👎")
        other = await answered(world, "who won the Wimbledon final?")
        await vote(world, world.alice, other, "👎")
        assert sorted(self.counts(world)) == [(0, 1), (1, 1)]

    async def test_votes_survive_a_restart(self, world: World) -> None:
        message = await answered(world)
        await vote(world, world.alice, message, "👍")
        await world.env.restart_bot(world.make_client())
        assert self.counts(world) == [(1, 0)]
        assert "👍 2 · 👎 0" in await vote(world, world.manager, message, "👍")

    async def test_that_nothing_was_answered_can_be_voted_on(self, world: World) -> None:
        message = await answered(world, "what is the color of the sky on Mars?")
        await vote(world, world.alice, message, "👎")
        (rated,) = world.service.records.rated()
        assert (rated.good, rated.bad, rated.text) == (0, 1, "")

    async def test_votes_work_in_direct_messages(self, world: World) -> None:
        user = world.alice.user
        (message,) = sent(await user.slash("ask", question=ARRESTED))
        result = await user.click(message.message, custom_id=buttons(message)["👍"])
        assert "👍 1 · 👎 0" in text_of(result)

    async def test_an_answer_that_is_not_kept_takes_no_votes(self, world: World) -> None:
        message = await answered(world)
        forge(world, message, f"footnote:vote:{'0' * 16}:good")
        result = await world.alice.click(message, label="[1]")
        assert world.told(result) == TOO_OLD
        assert self.counts(world) == []


async def test_buttons_work_where_the_bot_may_not_speak(world: World) -> None:
    message = await answered(world)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=None)
    result = await world.alice.click(message, label="[1]")
    assert highlighted(result).startswith("The unrest has killed")
