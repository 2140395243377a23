"""When something breaks, a person gets one sentence and a reference, and the log the rest."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import discord
import pytest
from simcord import InteractionResult, ResponseMessage

from retrieval.errors import LibraryError
from tests.discord.conftest import World, labels, sent, text_of

pytestmark = pytest.mark.simcord(settle_timeout=30)

ARRESTED = "how many were arrested?"
INTERNAL = "the word is swordfish, in /srv/footnote/library.db"
SENTENCE = re.compile(
    r"Something went wrong on my side; please try again, or give the reference `([0-9a-f]{8})` "
    r"to those who run me\."
)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[int], list[logging.LogRecord]]:
    """What the bot has logged, of a level or above."""
    caplog.set_level(logging.INFO, "bot")
    return lambda level: [record for record in caplog.records if record.levelno >= level]


Logged = Callable[[int], list[logging.LogRecord]]


def broken(*_: object, **__: object) -> Any:
    raise RuntimeError(INTERNAL)


def assert_explained(world: World, text: str, logged: Logged) -> None:
    """Check that a sentence gives a reference, under which the log has what happened."""
    match = SENTENCE.fullmatch(text)
    assert match, text
    (record,) = logged(logging.ERROR)
    assert record.__dict__["reference"] == match[1]
    assert record.exc_info
    _, error, trace = record.exc_info
    assert INTERNAL in str(error)
    assert trace
    assert all("swordfish" not in one and "/srv" not in one for one in world.texts())
    _ = world.env.errors  # to read them says that they were to be expected


async def answered(world: World) -> ResponseMessage:
    (message,) = sent(await world.ask(ARRESTED))
    return message


async def vote(world: World, message: ResponseMessage) -> InteractionResult:
    custom_id = message.components[0]["components"][-1]["custom_id"]
    return await world.alice.click(message, custom_id=custom_id)


@pytest.mark.parametrize("kind", [RuntimeError, LibraryError])  # a bug; for its keeper to mend
async def test_a_command_that_breaks_is_explained(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def fail(*_: object) -> Any:
        raise kind(INTERNAL)

    monkeypatch.setattr(world.service.libraries, "answer", fail)
    assert_explained(world, text_of(await world.ask(ARRESTED)), logged)


async def test_a_private_command_that_breaks_is_explained_in_private(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.service.libraries, "answer", broken)
    result = await world.ask(ARRESTED, private=True)
    assert_explained(world, world.told(result), logged)


async def test_a_menu_that_breaks_is_explained(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.service.libraries, "answer", broken)
    message = await world.manager.send(world.channel, ARRESTED)
    result = await world.alice.context_menu(world.channel, "Ask about this", message)
    assert_explained(world, text_of(result), logged)


async def test_a_mention_that_breaks_is_explained_in_reply(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.service.libraries, "answer", broken)
    asked = await world.post(f"{world.bot} {ARRESTED}")
    assert_explained(world, world.last.content, logged)
    (payload,) = world.sent("POST", "/messages")
    assert payload["message_reference"]["message_id"] == asked.id


async def test_a_direct_message_that_breaks_is_explained(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.service.libraries, "answer", broken)
    await world.alice.send_dm(ARRESTED)
    answer = world.alice.user.dm_channel.last_message
    assert answer
    assert_explained(world, answer.content, logged)


async def test_a_footnotes_button_that_breaks_is_explained_to_who_presses(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await answered(world)
    monkeypatch.setattr(world.service.records, "given", broken)
    assert_explained(world, world.told(await world.alice.click(message, label="[1]")), logged)


async def test_a_vote_that_breaks_is_explained_to_who_votes(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await answered(world)
    before = message.content
    monkeypatch.setattr(world.service.records, "vote", broken)
    assert_explained(world, world.told(await vote(world, message)), logged)
    assert message.content == before


async def test_a_page_that_breaks_is_explained_and_the_list_stays(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = sent(await world.alice.slash(world.channel, "sources"))
    before = shown.content
    monkeypatch.setattr(world.service.libraries, "sources", broken)
    result = await world.alice.click(shown, label="Next ▶")
    assert shown.content == before
    (explanation,) = result.followups
    assert explanation.ephemeral
    assert_explained(world, explanation.content, logged)


async def test_a_setting_that_breaks_is_explained_and_not_made(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = sent(await world.manager.slash(world.channel, "settings"))
    before = shown.content
    monkeypatch.setattr(world.service.records, "set_rules", broken)
    result = await world.manager.click(shown, label="Answer commands privately")
    assert_explained(world, world.told(result), logged)
    assert shown.content == before
    assert not sent(await world.ask(ARRESTED))[0].ephemeral


async def test_an_article_that_breaks_is_explained_in_place_of_its_progress(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.service.libraries, "add_file", broken)
    result = await world.manager.slash(world.channel, "source add", file=("a.md", b"a"))
    assert_explained(world, world.told(result), logged)


async def test_an_attachment_that_cannot_be_had_is_explained(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.env.backend.cdn, "get", lambda _: None)
    result = await world.manager.slash(world.channel, "source add", file=("a.md", b"a"))
    assert world.told(result).endswith(".")  # it is not left at "Reading …"
    assert world.service.libraries.own_sources(world.server) == []


async def test_what_is_offered_while_one_types_may_break_without_a_word(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.service.libraries, "sources", broken)
    assert await world.alice.autocomplete(world.channel, "ask", "source", "") == []
    (record,) = logged(logging.ERROR)
    assert record.exc_info
    assert INTERNAL in str(record.exc_info[1])


async def test_each_failure_has_a_reference_of_its_own(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.service.libraries, "answer", broken)
    texts = [text_of(await world.ask(ARRESTED)) for _ in range(3)]
    references = [record.__dict__["reference"] for record in logged(logging.ERROR)]
    assert [references[i] in text for i, text in enumerate(texts)] == [True] * 3
    assert len(set(references)) == 3
    assert len(world.env.errors) == 3


async def test_a_command_that_has_gone_is_said_to_have_changed(world: World) -> None:
    world.client.tree.remove_command("sources")
    told = world.told(await world.alice.slash(world.channel, "sources"))
    assert told == (
        "I have changed since this command was shown to you; reload Discord and try again."
    )


class TestExpiredInteractions:
    """Discord forgets an interaction that was not taken within three seconds."""

    def expire(self, world: World) -> None:
        world.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)

    def assert_only_logged(self, world: World, logged: Logged, result: InteractionResult) -> None:
        assert sent(result) == []
        assert logged(logging.ERROR) == []
        (record,) = logged(logging.WARNING)
        assert "Unknown" in record.__dict__["why"] or "10062" in record.__dict__["why"]
        _ = world.env.errors

    async def test_a_command(self, world: World, logged: Logged) -> None:
        self.expire(world)
        self.assert_only_logged(world, logged, await world.ask(ARRESTED))
        before = len(world.env.http_requests)
        await world.env.settle()
        assert len(world.env.http_requests) == before

    async def test_a_button(self, world: World, logged: Logged) -> None:
        message = await answered(world)
        for press in (world.alice.click(message, label="[1]"), vote(world, message)):
            self.expire(world)
            result = await press
            assert sent(result) == []
        assert logged(logging.ERROR) == []
        assert len(logged(logging.WARNING)) == 2

    async def test_a_panel(self, world: World, logged: Logged) -> None:
        (shown,) = sent(await world.manager.slash(world.channel, "settings"))
        before = shown.content
        self.expire(world)
        result = await world.manager.click(shown, label="Answer commands privately")
        self.assert_only_logged(world, logged, result)
        assert shown.content == before

    async def test_the_one_who_asked_may_ask_again(self, world: World) -> None:
        self.expire(world)
        await world.ask(ARRESTED)
        assert len(world.env.errors) == 1
        assert "**nearly 10,000**" in text_of(await world.ask(ARRESTED))


class TestDiscordsOwnFailures:
    async def test_an_answer_that_discord_does_not_take_is_explained(
        self, world: World, logged: Logged
    ) -> None:
        world.env.inject_error("POST", "/webhooks/*", status=500)
        match = SENTENCE.fullmatch(text_of(await world.ask(ARRESTED)))
        (record,) = logged(logging.ERROR)
        assert match
        assert record.__dict__["reference"] == match[1]
        assert len(world.env.errors) == 1

    async def test_when_nothing_can_be_told_that_is_logged(
        self, world: World, logged: Logged
    ) -> None:
        for method in ("POST", "PATCH"):
            world.env.inject_error(method, "/webhooks/*", status=500, times=None)
        result = await world.ask(ARRESTED)
        assert result.deferred
        assert [record.levelname for record in logged(logging.WARNING)] == ["ERROR", "WARNING"]
        assert len(world.env.errors) == 1

    async def test_a_mention_that_cannot_be_answered_is_logged(
        self, world: World, logged: Logged
    ) -> None:
        world.env.inject_error("POST", "/channels/*/messages", status=500, times=None)
        await world.post(f"{world.bot} {ARRESTED}")
        assert len(world.sent("POST", "/messages")) == 2
        assert len(logged(logging.ERROR)) == 1

    async def test_an_answer_without_typing_is_one_too(self, world: World) -> None:
        world.env.inject_error("POST", "/channels/*/typing", status=500, times=None)
        await world.post(f"{world.bot} {ARRESTED}")
        assert world.last.content.startswith("**nearly 10,000**")


async def test_an_event_that_breaks_is_logged_and_the_bot_goes_on(
    world: World, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(discord.Message, "is_system", broken)
        await world.post(f"{world.bot} {ARRESTED}")
    (record,) = logged(logging.ERROR)
    assert record.exc_info
    assert record.__dict__["event"] == "on_message"
    assert len(world.env.errors) == 1
    await world.post(f"{world.bot} {ARRESTED}")
    assert labels(world.last) == ["[1]", "👍", "👎"]
