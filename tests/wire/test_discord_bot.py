"""The bot as people run it: a process of its own, and Discord on the other side of a socket."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import discord
import httpx
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult, ResponseMessage

from tests.services import ChromaServer, PostgresServer, free_port
from tests.wire.discord_server import BotProcess, DiscordServer, bot_process

QUESTION = "how many were arrested?"
MESSAGES = "/channels/*/messages"
CALLBACK = "/interactions/*/callback"
FOLLOW_UP = "/webhooks/*"

Start = Callable[..., AbstractAsyncContextManager[BotProcess]]


@pytest.fixture
def start(
    server: DiscordServer, environment: dict[str, str], seeded_folder: Path, tmp_path: Path
) -> Start:
    """Start the bot over a copy of the seeded library; a second start goes on with it."""
    folder = Path(environment["DATA_DIR"])
    shutil.copytree(seeded_folder, folder)

    @asynccontextmanager
    async def started(on: DiscordServer = server, **changes: str) -> AsyncIterator[BotProcess]:
        settings = environment | {"DISCORD_TOKEN": on.token, "COOLDOWN": "0"} | changes
        async with bot_process(on, ["-m", "bot", "discord"], settings, cwd=tmp_path) as bot:
            yield bot

    return started


@dataclass
class Stage:
    """A running bot, and a member in a channel."""

    server: DiscordServer
    bot: BotProcess
    channel: ChannelHandle
    alice: MemberActor

    async def answer(self, result: InteractionResult, timeout: float = 30) -> ResponseMessage:
        assert result.acknowledged
        await self.server.until(lambda: not result.deferred, timeout)
        assert result.response is not None
        return result.response

    async def heard(self, text: str) -> discord.Message:
        """The first message in the channel that has a text in it, once it is there."""
        return await self.server.until(
            lambda: next((m for m in self.channel.history() if text in m.content), None)
        )

    def mention(self, text: str) -> str:
        return f"<@{self.server.world.backend.bot_user.id}> {text}"


@pytest.fixture
def people(server: DiscordServer) -> tuple[ChannelHandle, MemberActor]:
    guild = server.world.create_guild()
    return guild.create_text_channel("talk"), guild.add_member(server.world.create_user("alice"))


@pytest.fixture
async def stage(
    server: DiscordServer, start: Start, people: tuple[ChannelHandle, MemberActor]
) -> AsyncIterator[Stage]:
    async with start() as bot:
        await server.until(lambda: server.gateway.online)
        yield Stage(server, bot, *people)


async def test_discord_login_identifies_with_no_privileged_intent(stage: Stage) -> None:
    (identify,) = stage.server.gateway.identifies
    assert identify["token"] == stage.server.token
    wanted = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
    assert identify["intents"] == wanted.value
    (commands,) = stage.server.requests.matching("PUT", "/applications/*/commands")
    names = {command["name"] for command in commands.body}
    assert names == {"ask", "sources", "source", "settings", "Ask about this"}


async def test_discord_question_by_command_and_its_footnote(stage: Stage) -> None:
    message = await stage.answer(await stage.alice.slash(stage.channel, "ask", question=QUESTION))
    assert "**nearly 10,000**" in message.content
    shown = await stage.answer(await stage.alice.click(message, label="[1]"))
    assert shown.ephemeral
    assert "__nearly 10,000__" in (shown.embeds[0].description or "")
    vote = message.components[0]["components"][1]["custom_id"]
    voted = await stage.answer(await stage.alice.click(message, custom_id=vote))
    assert "👍 1" in voted.content


async def test_discord_question_by_mention_is_answered_in_reply(stage: Stage) -> None:
    asked = await stage.alice.send(stage.channel, stage.mention(QUESTION))
    reply = await stage.heard("nearly 10,000")
    assert reply.reference
    assert reply.reference.message_id == asked.id
    assert stage.server.requests.matching("POST", "/channels/*/typing")
    (sent,) = stage.server.requests.matching("POST", MESSAGES)
    assert sent.body["allowed_mentions"] == {"parse": []}


async def test_discord_command_is_acknowledged_within_3_seconds_while_models_load(
    server: DiscordServer,
    start: Start,
    people: tuple[ChannelHandle, MemberActor],
    tmp_path: Path,
) -> None:
    # Without an exported model the start imports torch and exports one: the slowest there is.
    async with start(CACHE_DIR=str(tmp_path / "models")) as bot:
        await server.until(lambda: server.gateway.online)
        stage = Stage(server, bot, *people)
        asked = [await stage.alice.slash(stage.channel, "ask", question=QUESTION)]
        pressed = await stage.alice.slash(stage.channel, "sources")
        offered = await stage.alice.autocomplete(stage.channel, "ask", "source", "kazakh")
        assert pressed.acknowledged
        assert offered == []
        assert not bot.said("ready to answer")
        message = await stage.answer(asked[0], timeout=120)
        assert "**nearly 10,000**" in message.content


async def test_discord_429_on_a_bot_route_is_waited_for(stage: Stage) -> None:
    stage.server.faults.rate_limit("POST", MESSAGES, times=2, retry_after=0.2)
    await stage.alice.send(stage.channel, stage.mention(QUESTION))
    await stage.heard("nearly 10,000")
    statuses = [request.status for request in stage.server.requests.matching("POST", MESSAGES)]
    assert statuses == [429, 429, 200]


async def test_discord_429_on_the_interaction_webhook_is_waited_for(stage: Stage) -> None:
    stage.server.faults.rate_limit("POST", FOLLOW_UP, times=2, retry_after=0.2)
    result = await stage.alice.slash(stage.channel, "ask", question=QUESTION)
    assert "nearly 10,000" in (await stage.answer(result)).content
    statuses = [request.status for request in stage.server.requests.matching("POST", FOLLOW_UP)]
    assert statuses == [429, 429, 200]


async def test_discord_gateway_that_drops_is_resumed_and_nothing_is_missed(stage: Stage) -> None:
    await stage.server.gateway.drop(4000)
    await stage.alice.send(stage.channel, stage.mention(QUESTION))
    await stage.heard("nearly 10,000")
    assert len(stage.server.gateway.resumes) == 1
    assert len(stage.server.gateway.identifies) == 1


async def test_discord_buttons_of_an_earlier_process_still_work(
    server: DiscordServer, start: Start, people: tuple[ChannelHandle, MemberActor]
) -> None:
    async with start() as bot:
        await server.until(lambda: server.gateway.online)
        stage = Stage(server, bot, *people)
        message = await stage.answer(
            await stage.alice.slash(stage.channel, "ask", question=QUESTION)
        )
    async with start() as bot:
        await server.until(lambda: server.gateway.online)
        stage = Stage(server, bot, *people)
        shown = await stage.answer(await stage.alice.click(message, label="[1]"))
        assert "__nearly 10,000__" in (shown.embeds[0].description or "")
    # The commands were known to Discord already.
    assert len(server.requests.matching("PUT", "/applications/*/commands")) == 1


async def ended(server: DiscordServer, start: Start, **changes: str) -> str:
    """The last line of a bot that cannot start, once it has ended with code 2."""
    async with start(server, **changes) as bot:
        assert await bot.wait(60) == 2, bot.log
        sentences = [line for line in bot.log if line.startswith("footnote: ")]
        assert len(sentences) == 1
        assert not bot.said("Traceback")
        assert not bot.said(server.token)
        return sentences[0]


async def test_discord_token_that_is_missing_is_said_so_with_the_invite(
    server: DiscordServer, start: Start
) -> None:
    sentence = await ended(server, start, DISCORD_TOKEN="")
    assert "DISCORD_TOKEN is not set" in sentence
    assert "https://discord.com/oauth2/authorize?client_id=YOUR_APPLICATION_ID" in sentence
    assert "permissions=309237713920" in sentence


@pytest.mark.parametrize("token", ["no-token-of-theirs", "two words", "ключ"])
async def test_discord_token_that_is_wrong_is_said_so(
    server: DiscordServer, start: Start, token: str
) -> None:
    assert "does not accept DISCORD_TOKEN" in await ended(server, start, DISCORD_TOKEN=token)


async def test_discord_token_that_the_gateway_refuses_is_said_so(
    server: DiscordServer, start: Start
) -> None:
    server.gateway.token += "x"
    assert "does not accept DISCORD_TOKEN" in await ended(server, start)


async def test_discord_intent_that_is_not_granted_is_said_so(start: Start) -> None:
    async with DiscordServer(approved_intents=discord.Intents.default()) as strict:
        sentence = await ended(strict, start, DISCORD_MESSAGE_CONTENT="1")
    assert "message-content intent" in sentence
    assert "set DISCORD_MESSAGE_CONTENT=0" in sentence


async def test_discord_that_cannot_be_reached_is_said_so(
    server: DiscordServer, start: Start
) -> None:
    server.faults.drop("GET", "/users/@me", times=None)
    assert "cannot be reached" in await ended(server, start)


async def test_discord_that_answers_with_an_error_is_said_so(
    server: DiscordServer, start: Start
) -> None:
    server.faults.fail("GET", "/users/@me", status=503, times=None)
    assert "answers with an error" in await ended(server, start)


async def test_discord_bot_whose_library_is_damaged_says_so(
    server: DiscordServer, start: Start, environment: dict[str, str]
) -> None:
    (Path(environment["DATA_DIR"]) / "library.db").write_bytes(b"no database at all" * 99)
    assert "is damaged" in await ended(server, start)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_discord_bot_that_is_told_to_stop_leaves_in_order(
    stage: Stage, number: signal.Signals
) -> None:
    await stage.server.until(lambda: stage.bot.said("ready to answer"))
    stage.bot.send_signal(number)
    assert await stage.bot.wait() == 0
    assert stage.server.gateway.client_codes == [1000]


async def test_discord_sigterm_finishes_what_is_running_and_takes_nothing_new(
    server: DiscordServer, start: Start, people: tuple[ChannelHandle, MemberActor]
) -> None:
    channel, _ = people
    members = [
        server.world.guild.add_member(server.world.create_user(f"member{n}")) for n in range(8)
    ]
    async with start(WORKERS="1") as bot:
        await server.until(lambda: server.gateway.online)
        asked = await asyncio.gather(
            *(member.slash(channel, "ask", question=QUESTION) for member in members[:-1])
        )
        bot.send_signal(signal.SIGTERM)
        await server.until(lambda: bot.said("stopping"))
        late = await members[-1].slash(channel, "ask", question=QUESTION)
        assert await bot.wait() == 0
    assert all("nearly 10,000" in result.response.content for result in asked if result.response)
    assert not any(result.deferred for result in asked)
    assert late.response is not None
    assert "being restarted" in late.response.content
    assert server.gateway.client_codes == [1000]


async def test_discord_health_tells_when_the_bot_is_alive_and_when_ready(
    server: DiscordServer, start: Start
) -> None:
    port = free_port()
    async with start(HEALTH_PORT=str(port)) as bot, httpx.AsyncClient() as http:

        async def status(path: str) -> int | None:
            try:
                return (await http.get(f"http://127.0.0.1:{port}{path}")).status_code
            except httpx.TransportError:
                return None

        seen: list[int] = []
        while not seen or seen[-1] != 200:
            assert bot.returncode is None, bot.log
            if (now := await status("/readyz")) is not None:
                seen.append(now)
            await asyncio.sleep(0.01)
        assert seen[0] == 503
        assert set(seen) == {503, 200}
        assert await status("/healthz") == 200


async def test_discord_readiness_ends_with_the_connection(start: Start) -> None:
    port = free_port()
    gone = DiscordServer()
    async with AsyncExitStack() as running, httpx.AsyncClient() as http:
        await gone.__aenter__()
        bot = await running.enter_async_context(start(gone, HEALTH_PORT=str(port)))
        await gone.until(lambda: gone.gateway.online)

        async def ready() -> dict[str, bool]:
            return dict((await http.get(f"http://127.0.0.1:{port}/readyz")).json())

        async with asyncio.timeout(30):
            while not all((await ready()).values()):
                await asyncio.sleep(0.05)
            await gone.__aexit__(None, None, None)
            while (await ready())["connected"]:
                await asyncio.sleep(0.05)
        assert (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 503
        assert (await http.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        assert bot.returncode is None


async def test_discord_sigterm_waits_for_the_reply_of_a_button(stage: Stage) -> None:
    message = await stage.answer(await stage.alice.slash(stage.channel, "ask", question=QUESTION))
    stage.server.faults.delay("POST", FOLLOW_UP, seconds=0.5)
    pressed = await stage.alice.click(message, label="[1]")
    stage.bot.send_signal(signal.SIGTERM)
    assert await stage.bot.wait() == 0
    assert pressed.response is not None
    assert "__nearly 10,000__" in (pressed.response.embeds[0].description or "")


async def test_discord_health_port_that_is_taken_is_said_so(
    server: DiscordServer, start: Start
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        sentence = await ended(server, start, HEALTH_PORT=str(taken.getsockname()[1]))
    assert "set HEALTH_PORT" in sentence


async def test_discord_logs_are_json_without_questions_or_the_token(stage: Stage) -> None:
    await stage.answer(await stage.alice.slash(stage.channel, "ask", question=QUESTION))
    await stage.alice.send(stage.channel, stage.mention("who won the World Cup?"))
    await stage.heard("The sources don't say")
    stage.bot.send_signal(signal.SIGTERM)
    await stage.bot.wait()
    records = [json.loads(line) for line in stage.bot.log]
    assert {"time", "level", "logger", "message"} <= set(records[0])
    (answered, _) = [record for record in records if record["message"] == "answered"]
    assert answered["citations"] == 1
    (invite,) = [record["message"] for record in records if "invite" in record["message"]]
    assert invite.startswith("invite the bot with https://discord.com/oauth2/authorize?client_id=")
    for secret in ("arrested", "World Cup", stage.server.token):
        assert not stage.bot.said(secret)


async def test_discord_file_that_a_manager_adds_is_answered_from(stage: Stage) -> None:
    guild = stage.server.world.guild
    role = guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    manager = guild.add_member(stage.server.world.create_user("max"), roles=[role])
    file = ("ferry.md", b"# Ferry\n\nThe ferry of Lund carried 4,812 passengers in May.\n")
    result = await manager.slash(stage.channel, "source add", file=file)
    await stage.server.until(
        lambda: result.response and "Added Ferry: 1 passage" in result.response.content
    )
    question = "How many passengers did the ferry of Lund carry?"
    message = await stage.answer(await stage.alice.slash(stage.channel, "ask", question=question))
    assert "**4,812**" in message.content


async def test_discord_bot_follows_the_shards_that_discord_wants(start: Start) -> None:
    async with DiscordServer(shards=2) as large:
        guilds = [large.world.create_guild(shard_id=shard) for shard in (0, 1)]
        channels = [guild.create_text_channel("talk") for guild in guilds]
        people = [guild.add_member(large.world.create_user("ann")) for guild in guilds]
        async with start(large) as bot:
            await large.until(lambda: len(large.gateway.online) == 2, timeout=30)
            for channel, person in zip(channels, people, strict=True):
                stage = Stage(large, bot, channel, person)
                asked = await person.slash(channel, "ask", question=QUESTION)
                assert "nearly 10,000" in (await stage.answer(asked)).content
            bot.send_signal(signal.SIGTERM)
            assert await bot.wait() == 0
        assert large.gateway.client_codes == [1000, 1000]


@pytest.mark.services
async def test_discord_answer_of_one_machine_is_shown_and_voted_on_at_another(
    server: DiscordServer,
    start: Start,
    people: tuple[ChannelHandle, MemberActor],
    servers: tuple[PostgresServer, ChromaServer],
    tmp_path: Path,
) -> None:
    channel, alice = people
    shared = {"DATABASE_URL": servers[0].create(), "CHROMA_URL": servers[1].url}
    async with start(DATA_DIR=str(tmp_path / "one"), **shared) as bot:
        await server.until(lambda: server.gateway.online, 120)
        stage = Stage(server, bot, channel, alice)
        asked = await alice.slash(channel, "ask", question=QUESTION)
        message = await stage.answer(asked, timeout=120)
    async with start(DATA_DIR=str(tmp_path / "two"), **shared) as bot:
        await server.until(lambda: server.gateway.online, 120)
        stage = Stage(server, bot, channel, alice)
        shown = await stage.answer(await alice.click(message, label="[1]"), timeout=120)
        assert "__nearly 10,000__" in (shown.embeds[0].description or "")
        vote = message.components[0]["components"][1]["custom_id"]
        voted = await stage.answer(await alice.click(message, custom_id=vote), timeout=120)
        assert "👍 1" in voted.content
    assert not any((tmp_path / machine).exists() for machine in ("one", "two"))
