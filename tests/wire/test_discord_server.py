"""The local Discord itself: a small bot that runs against it meets what Discord would do."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import zlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
import pytest_asyncio
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.results import InteractionResult, ResponseMessage

from tests.wire.discord_server import BotProcess, DiscordServer, bot_process

PROBE = Path(__file__).with_name("probe_bot.py")
CALLBACK = "/interactions/*/callback"


def probe(
    server: DiscordServer, name: str = "probe", **settings: str
) -> AbstractAsyncContextManager[BotProcess]:
    settings = {"PROBE_TOKEN": server.token, "PROBE_NAME": name} | settings
    return bot_process(server, [PROBE], os.environ | settings)


def heard(channel: ChannelHandle, text: str) -> bool:
    return any(message.content == text for message in channel.history())


@dataclass
class Stage:
    """A server, a bot that is online, and a member in a channel of their own."""

    server: DiscordServer
    bot: BotProcess
    guild: GuildHandle
    channel: ChannelHandle
    alice: MemberActor

    async def answer(self, result: InteractionResult) -> ResponseMessage:
        await self.server.until(lambda: result.acknowledged and not result.deferred)
        assert result.response is not None
        return result.response

    def statuses(self, method: str, path: str) -> list[int | None]:
        return [request.status for request in self.server.requests.matching(method, path)]


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def running() -> AsyncIterator[tuple[DiscordServer, BotProcess]]:
    async with DiscordServer(heartbeat_interval=0.3) as server:
        server.world.create_guild()
        async with probe(server) as bot:
            await server.until(lambda: server.gateway.online)
            yield server, bot


@pytest_asyncio.fixture(loop_scope="class")
async def stage(running: tuple[DiscordServer, BotProcess]) -> AsyncIterator[Stage]:
    server, bot = running
    await server.until(lambda: server.gateway.online)
    guild = server.world.guild
    alice = guild.add_member(server.world.create_user("alice"))
    yield Stage(server, bot, guild, guild.create_text_channel("talk"), alice)
    server.faults.clear()


@pytest.mark.asyncio(loop_scope="class")
class TestOneBot:
    async def test_login_and_identify_are_recorded(self, stage: Stage) -> None:
        requests = [(r.method, r.path, r.status) for r in stage.server.requests[:2]]
        assert requests == [("GET", "/users/@me", 200), ("GET", "/oauth2/applications/@me", 200)]
        (commands,) = stage.server.requests.matching("PUT", "/applications/*/commands")
        assert {command["name"] for command in commands.body} >= {"ask", "Quote this"}
        identify = stage.server.gateway.identifies[0]
        assert identify["token"] == stage.server.token
        assert identify["intents"] == discord.Intents.default().value

    async def test_every_heartbeat_is_recorded(self, stage: Stage) -> None:
        (session,) = stage.server.gateway.online
        connection = session.connection
        assert connection is not None
        await stage.server.until(lambda: len(connection.heartbeats) >= 3)
        assert connection.heartbeats == sorted(connection.heartbeats)
        assert len(connection.lateness) == len(connection.heartbeats) - 1

    async def test_a_command_is_deferred_and_answered(self, stage: Stage) -> None:
        result = await stage.alice.slash(stage.channel, "ask", question="why")
        assert result.acknowledged
        answer = await stage.answer(result)
        assert answer.content == "probe answers why"
        deferral = stage.server.requests.matching("POST", CALLBACK)[-1]
        assert (deferral.body["type"], deferral.status) == (5, 200)

    async def test_components_are_used(self, stage: Stage) -> None:
        answer = await stage.answer(await stage.alice.slash(stage.channel, "ask", question="why"))
        more = await stage.alice.click(answer, label="More")
        assert more.ephemeral
        assert more.response is not None
        assert more.response.content == "more of it"
        shown = await stage.alice.click(answer, custom_id="form")
        submitted = await stage.alice.submit_modal(shown, {"line": "this line"})
        assert submitted.response is not None
        assert submitted.response.content == "submitted this line"
        await stage.alice.select(answer, ["pear"], custom_id="fruit")
        assert answer.content == "chose pear"

    async def test_autocomplete(self, stage: Stage) -> None:
        choices = await stage.alice.autocomplete(stage.channel, "ask", "question", "Wh")
        assert choices == [{"name": "WH", "value": "wh"}]

    async def test_a_message_is_quoted_by_its_context_menu(self, stage: Stage) -> None:
        message = await stage.alice.send(stage.channel, "quotable")
        quoted = await stage.alice.context_menu(stage.channel, "Quote this", message)
        assert quoted.response is not None
        assert quoted.response.content == "quoted 'quotable'"

    async def test_direct_messages(self, stage: Stage) -> None:
        bob = stage.server.world.create_user("bob")
        answer = await stage.answer(await bob.slash("ask", question="who"))
        assert answer.content == "probe answers who"
        more = await bob.click(answer, label="More")
        assert more.response.content == "more of it"
        await bob.send_dm("hello")
        await stage.server.until(lambda: heard(bob.dm_channel, "probe heard 'hello'"))

    async def test_files_go_both_ways(self, stage: Stage) -> None:
        result = await stage.alice.slash(stage.channel, "upload", file=("a.txt", b"abc"))
        answer = await stage.answer(result)
        assert answer.content == "3 bytes"
        assert stage.statuses("GET", "/cdn/attachments/*/a.txt")[-1:] == [200]
        assert stage.server.requests.matching("POST", CALLBACK)[-1].files == ("copy.txt",)
        (copy,) = answer.attachments
        assert (copy.filename, copy.description) == ("copy.txt", "backwards")
        assert stage.server.world.backend.cdn.get(copy.url) == b"cba"

    async def test_content_is_withheld_without_its_intent(self, stage: Stage) -> None:
        await stage.alice.send(stage.channel, "a secret")
        await stage.server.until(lambda: heard(stage.channel, "probe heard ''"))
        to_the_bot = f"<@{stage.server.world.backend.bot_user.id}> hello"
        await stage.alice.send(stage.channel, to_the_bot)
        await stage.server.until(lambda: heard(stage.channel, f"probe heard {to_the_bot!r}"))

    @pytest.mark.parametrize("everywhere", [False, True])
    async def test_429_on_the_bot_s_route_is_retried(self, stage: Stage, everywhere: bool) -> None:
        messages = f"/channels/{stage.channel.id}/messages"
        stage.server.faults.rate_limit("POST", messages, times=2, everywhere=everywhere)
        await stage.alice.send(stage.channel, "hello")
        await stage.server.until(lambda: heard(stage.channel, "probe heard ''"))
        assert stage.statuses("POST", messages) == [429, 429, 200]
        assert stage.bot.said("Global rate limit has been hit") or not everywhere

    async def test_429_on_the_interaction_s_webhook_is_retried(self, stage: Stage) -> None:
        stage.server.faults.rate_limit("POST", "/webhooks/*")
        result = await stage.alice.slash(stage.channel, "ask", question="why")
        assert (await stage.answer(result)).content == "probe answers why"
        assert stage.statuses("POST", "/webhooks/*")[-2:] == [429, 200]

    async def test_an_interaction_s_token_ends_after_a_quarter_of_an_hour(
        self, stage: Stage
    ) -> None:
        await stage.answer(await stage.alice.slash(stage.channel, "ask", question="why"))
        webhook = stage.server.requests.matching("POST", "/webhooks/*")[-1].path
        original = f"{stage.server.url}/api/v10{webhook}/messages/@original"
        async with aiohttp.ClientSession() as http:
            assert (await http.patch(original, json={"content": "edited"})).status == 200
            stage.server.world.backend.advance_clock(15 * 60)
            refusal = await http.patch(original, json={"content": "edited again"})
            assert (refusal.status, (await refusal.json())["code"]) == (404, 10015)

    async def test_an_error_of_discord_s_is_retried(self, stage: Stage) -> None:
        messages = f"/channels/{stage.channel.id}/messages"
        stage.server.faults.fail("POST", messages, status=502)
        await stage.alice.send(stage.channel, "hello")
        await stage.server.until(lambda: heard(stage.channel, "probe heard ''"))
        assert stage.statuses("POST", messages) == [502, 200]

    @pytest.mark.parametrize("handled", [False, True])
    async def test_a_connection_is_dropped(self, stage: Stage, handled: bool) -> None:
        messages = f"/channels/{stage.channel.id}/messages"
        stage.server.faults.drop("POST", messages, handled=handled)
        await stage.alice.send(stage.channel, "hello")
        await stage.server.until(lambda: stage.statuses("POST", messages) == [None])
        assert heard(stage.channel, "probe heard ''") is handled

    async def test_an_acknowledgement_after_three_seconds_is_refused(self, stage: Stage) -> None:
        bob = stage.guild.add_member(stage.server.world.create_user("bob"))
        stage.server.faults.delay("POST", CALLBACK, seconds=3.2)
        unheard, unsaid = await asyncio.gather(
            stage.alice.slash(stage.channel, "prompt"), bob.slash(stage.channel, "late")
        )
        assert not unheard.acknowledged
        assert not unsaid.acknowledged
        await stage.server.until(lambda: stage.bot.log.count("refused with 10062") == 2)
        assert stage.statuses("POST", CALLBACK)[-2:] == [404, 404]

    @pytest.mark.parametrize("code", [4000, None])
    async def test_a_dropped_bot_resumes_and_misses_nothing(
        self, stage: Stage, code: int | None
    ) -> None:
        gateway = stage.server.gateway
        before, identified = len(gateway.resumes), len(gateway.identifies)
        await gateway.drop(code)
        await stage.alice.send(stage.channel, "while it is away")
        await stage.server.until(lambda: heard(stage.channel, "probe heard ''"))
        assert len(gateway.resumes) == before + 1
        assert len(gateway.identifies) == identified

    async def test_a_forgotten_session_is_begun_anew(self, stage: Stage) -> None:
        identified = len(stage.server.gateway.identifies)
        stage.server.gateway.sessions.clear()
        await stage.server.gateway.drop()
        await stage.server.until(lambda: stage.server.gateway.online)
        assert len(stage.server.gateway.identifies) == identified + 1
        result = await stage.alice.slash(stage.channel, "prompt")
        assert result.acknowledged


async def test_two_bots_at_once_and_how_each_ends(server: DiscordServer) -> None:
    guild = server.world.create_guild()
    channel = guild.create_text_channel("talk")
    alice = guild.add_member(server.world.create_user("alice"))
    async with (
        probe(server, "reader", PROBE_INTENTS=str(discord.Intents.all().value)) as ended,
        probe(server, "other") as killed,
    ):
        await server.until(lambda: len(server.gateway.online) == 2)
        server.gateway.request_heartbeats()  # besides the one that discord.py begins with
        connections = server.gateway.connections
        await server.until(lambda: [len(c.heartbeats) for c in connections] == [2, 2])
        await alice.send(channel, "hello")
        await server.until(lambda: heard(channel, "reader heard 'hello'"))
        await server.until(lambda: heard(channel, "other heard ''"))
        ended.send_signal(signal.SIGTERM)
        assert await ended.wait() == 0
        await server.until(lambda: server.gateway.client_codes == [1000])
        killed.send_signal(signal.SIGKILL)
        assert await killed.wait() == -signal.SIGKILL
        await server.until(lambda: sorted(server.gateway.client_codes) == [1000, 1006])


async def test_each_shard_has_its_guilds() -> None:
    async with DiscordServer(shards=2) as server:
        alice = server.world.create_user("alice")
        guilds = [server.world.create_guild(shard_id=shard) for shard in (0, 1)]
        channels = [guild.create_text_channel("talk") for guild in guilds]
        members = [guild.add_member(alice) for guild in guilds]
        async with probe(server, PROBE_SHARDED="1"):
            await server.until(lambda: len(server.gateway.online) == 2)
            assert [i["shard"] for i in server.gateway.identifies] == [[0, 2], [1, 2]]
            for member, channel in zip(members, channels, strict=True):
                assert (await member.slash(channel, "prompt")).acknowledged
                await member.send(channel, "hello")
            for channel in channels:
                await server.until(partial(heard, channel, "probe heard ''"))
                assert [message.author.bot for message in channel.history()].count(True) == 2
        assert server.gateway.client_codes == [1000, 1000]


@pytest.mark.parametrize(
    ("side", "error"), [("rest", "LoginFailure"), ("gateway", "ConnectionClosed")]
)
async def test_a_wrong_token_is_refused(server: DiscordServer, side: str, error: str) -> None:
    getattr(server, side).token += "-revoked"
    async with probe(server) as bot:
        assert await bot.wait() == 1
    assert bot.said(error)
    assert server.requests[0].status == (401 if side == "rest" else 200)
    assert bot.said("4004") is (side == "gateway")
    assert not server.gateway.sessions


async def test_privileged_intents_need_approval() -> None:
    async with DiscordServer(approved_intents=discord.Intents.default()) as server:
        async with probe(server, PROBE_INTENTS=str(discord.Intents.all().value)) as bot:
            assert await bot.wait() == 1
        assert bot.said("PrivilegedIntentsRequired")
        assert len(server.gateway.identifies) == 1


async def test_the_shim_waits_for_discord_to_be_imported(server: DiscordServer) -> None:
    program = (
        "import sys; print('discord' in sys.modules); import discord.http as h; print(h.Route.BASE)"
    )
    async with bot_process(server, ["-c", program]) as process:
        assert await process.wait() == 0
    assert process.log == ["False", f"{server.url}/api/v10"]


async def test_events_pass_if_their_intent_was_declared(server: DiscordServer) -> None:
    guild = server.world.create_guild()
    channel = guild.create_text_channel("talk")
    alice = guild.add_member(server.world.create_user("alice"))
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{server.url}/gateway/?v=10") as socket,
    ):

        async def event(name: str) -> Any:
            while (frame := await socket.receive_json(timeout=10))["t"] != name:
                events.append(frame["t"])
            return frame["d"]

        events: list[str] = []
        intents = discord.Intents(guilds=True, dm_messages=True).value
        await socket.send_json({"op": 2, "d": {"token": server.token, "intents": intents}})
        ready = await event("READY")
        assert ready["guilds"] == [{"id": str(guild.id), "unavailable": True}]
        assert (await event("GUILD_CREATE"))["id"] == str(guild.id)
        events.clear()
        await alice.send(channel, "in the guild")
        guild.create_text_channel("another")
        await event("CHANNEL_CREATE")
        assert "MESSAGE_CREATE" not in events
        await alice.send_dm("to the bot")
        assert (await event("MESSAGE_CREATE"))["content"] == "to the bot"
        wanted = {"guild_id": str(guild.id), "query": "ali", "limit": 5}
        await socket.send_json({"op": 8, "d": wanted})
        (member,) = (await event("GUILD_MEMBERS_CHUNK"))["members"]
        assert member["user"]["id"] == str(alice.id)


async def test_compressed_frames_and_unknown_sessions(server: DiscordServer) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{server.url}/gateway/?v=10&compress=zlib-stream") as socket,
    ):
        inflate = zlib.decompressobj()
        hello = json.loads(inflate.decompress(await socket.receive_bytes()))
        assert (hello["op"], hello["d"]) == (10, {"heartbeat_interval": 41250})
        await socket.send_json({"op": 1, "d": None})
        assert json.loads(inflate.decompress(await socket.receive_bytes()))["op"] == 11
        resume = {"token": server.token, "session_id": "unknown", "seq": 7}
        await socket.send_json({"op": 6, "d": resume})
        invalid = json.loads(inflate.decompress(await socket.receive_bytes()))
        assert (invalid["op"], invalid["d"]) == (9, False)
    assert server.gateway.resumes == [resume]


async def test_a_time_out_says_what_happened(server: DiscordServer) -> None:
    async with (
        bot_process(server, ["-c", "print('a line of the log')"]) as process,
        aiohttp.ClientSession() as http,
    ):
        await http.get(f"{server.url}/api/v10/users/@me")
        await process.wait()
        with pytest.raises(AssertionError, match="401 GET /users/@me") as raised:
            await server.until(lambda: False, timeout=0.05)
    assert "a line of the log" in str(raised.value)


async def test_what_simcord_cannot_do_fails_the_test() -> None:
    async def ask_for_it() -> None:
        async with DiscordServer() as server, aiohttp.ClientSession() as http:
            token = {"Authorization": f"Bot {server.token}"}
            await http.get(f"{server.url}/api/v10/no/such/route", headers=token)

    with pytest.raises(AssertionError, match="GET /no/such/route"):
        await ask_for_it()
