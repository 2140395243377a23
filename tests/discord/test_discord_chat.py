"""A chat model writes the answers that the bot gives: they grow, and what fails is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chat_server import ChatServer, Reply, serving
from tests.discord.conftest import World, labels, sent, text_of

pytestmark = [
    pytest.mark.simcord(settle_timeout=30),
    # the clients of the providers close their connections when they are collected
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ARRESTED = "how many were arrested?"
FIRST = "The unrest has killed at least 164 people."
SECOND = "Nearly 10,000 people have been arrested."
TEXT = f"{FIRST}[?nearly 10,000] {SECOND}[?nearly 10,000] That is all there is to say of it."


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with serving() as server:
        yield server


@pytest.fixture
def chat_settings(server: ChatServer) -> dict[str, Any]:
    return {
        "chat_model": "openai:scripted",
        "chat_base_url": f"{server.url}/v1",
        "chat_api_key": "secret",
    }


async def test_an_answer_grows_in_the_message_that_holds_it_in_the_end(
    world: World, server: ChatServer
) -> None:
    server.script(Reply(TEXT, pause=0.15))
    (message,) = sent(await world.ask(ARRESTED))
    # No second passes on the simulated Discord: what is heard after the first waits for the whole.
    partial, last = world.sent("PATCH", "/@original")
    assert partial["content"] == f"> {ARRESTED}\n\n{FIRST} **[1]** …"
    assert f"{FIRST} **[1]** {SECOND} **[1]**\n\n**Sources**" in last["content"]
    assert message.content == last["content"]
    assert labels(message) == ["[1]", "👍", "👎"]


async def test_a_reply_to_a_mention_grows_too_and_is_one_message(
    world: World, server: ChatServer
) -> None:
    server.script(Reply(TEXT, pause=0.15))
    await world.alice.send(world.channel, f"{world.bot} {ARRESTED}")
    first, *_ = world.sent("POST", f"/channels/{world.channel.id}/messages")
    assert first["content"] == f"{FIRST} **[1]** …"
    own = [one for one in world.channel.history() if one.author.id == world.client.own_id]
    (message,) = own
    assert "**Sources**" in message.content
    assert labels(message) == ["[1]", "👍", "👎"]
    assert message.flags.suppress_embeds


async def test_a_quick_answer_is_sent_at_once(world: World, server: ChatServer) -> None:
    server.script(f"{SECOND}[?nearly 10,000]")
    await world.ask(ARRESTED)
    assert world.sent("PATCH", "/@original") == []


async def test_a_fault_is_told_in_small_print_above_the_offline_answer(
    world: World, server: ChatServer
) -> None:
    server.script(Reply(status=401))
    lines = text_of(await world.ask(ARRESTED)).splitlines()
    assert lines[2] == (
        "-# The chat model's provider refused the key; set CHAT\\_API\\_KEY. This is the answer "
        "without it."
    )
    assert lines[3] == "**nearly 10,000**"
    assert "secret" not in str(world.texts())


async def test_where_a_stream_is_cut_the_offline_answer_takes_the_place_of_what_was_shown(
    world: World, server: ChatServer
) -> None:
    server.script(Reply(TEXT, pause=0.15, cut=len(TEXT) - 30))
    (message,) = sent(await world.ask(ARRESTED))
    assert FIRST in world.sent("PATCH", "/@original")[0]["content"]
    assert "**nearly 10,000**" in message.content
    assert FIRST not in message.content


async def test_a_follow_up_is_rewritten_by_the_model(world: World, server: ChatServer) -> None:
    server.script(f"{SECOND}[?nearly 10,000]")
    await world.client.set_rules(world.server, has_threads=True)
    await world.post(f"{world.bot} {ARRESTED}")
    (thread,) = world.channel.threads
    world.clock.now += 10
    server.script("How many people were killed?", f"{FIRST}[?at least 164]")
    await world.post(f"{world.bot} and killed?", channel=thread)
    assert "and killed?" in server.prompts[0][-1][1]
    assert "| U.N. objects" in server.prompts[0][-1][1]
    assert "-# → How many people were killed?" in str(world.texts()[-1])
