"""The real bot on a simulated Discord, above the wire; its models and libraries are real."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from simcord import ChannelHandle, GuildHandle, InteractionResult, MemberActor, ResponseMessage

from bot import compose
from bot.desk import Desk
from bot.discord.client import FootnoteClient
from bot.service import Service
from bot.settings import Settings
from retrieval.embedding import Embedder


class Clock:
    """The desk's seconds, which pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """A server with a channel, a member, a member who manages it, and the bot."""

    env: simcord.Env
    guild: GuildHandle
    channel: ChannelHandle
    alice: MemberActor
    manager: MemberActor
    service: Service
    clock: Clock
    make_client: Callable[[], FootnoteClient]

    def sent(self, method: str, ending: str) -> list[Any]:
        """The JSON of the requests that the bot made, in order."""
        return [
            request.json
            for request in self.env.http_requests
            if request.method == method and request.path.endswith(ending)
        ]

    def texts(self) -> list[str]:
        """All that the bot has sent to Discord, of every kind."""
        return [str(request.json) for request in self.env.http_requests if request.json]

    def messages(self) -> list[Any]:
        """The JSON of each message that the bot has sent or edited, in order."""
        bodies = [
            request.json.get("data") if request.path.endswith("/callback") else request.json
            for request in self.env.http_requests
            if request.method in {"POST", "PATCH"} and request.json
        ]
        return [body for body in bodies if body and {"content", "embeds"} & body.keys()]

    @property
    def client(self) -> FootnoteClient:
        """The bot as it runs now; a restart makes another."""
        assert isinstance(self.env.bot, FootnoteClient)
        return self.env.bot

    @property
    def bot(self) -> str:
        """A mention of the bot."""
        assert self.env.bot.user is not None
        return self.env.bot.user.mention

    @property
    def server(self) -> str:
        """The id of the server, as the service knows it."""
        return str(self.guild.id)

    def add(self, name: str, text: str, server: str | None = None) -> str:
        """Add a Markdown file to a server's own articles, and return the article's id."""
        added = self.service.libraries.add_file(server or self.server, name, text.encode())
        return added.article.id

    async def ask(self, question: str, **options: Any) -> InteractionResult:
        """Let Alice ask by command, long after her last question."""
        self.clock.now += 1000
        return await self.alice.slash(self.channel, "ask", question=question, **options)

    async def post(self, text: str, **options: Any) -> discord.Message:
        """Let Alice write a message, long after her last question."""
        self.clock.now += 1000
        return await self.alice.send(options.pop("channel", self.channel), text, **options)

    @property
    def last(self) -> discord.Message:
        """The last message of the channel."""
        assert self.channel.last_message is not None
        return self.channel.last_message

    def told(self, result: InteractionResult) -> str:
        """What a command or button was answered with: one message, for its user only."""
        _ = self.env.errors  # to read them says that they were to be expected
        (message,) = sent(result)
        assert message.ephemeral
        assert message.content
        assert not message.components
        return message.content


class Gate:
    """Holds the bot's slow work back until it is opened."""

    def __init__(self, env: simcord.Env, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self._env = env
        self._is_open = asyncio.Event()
        for name in ("answer", "index"):
            monkeypatch.setattr(desk, name, self._held(getattr(desk, name)))

    async def open(self) -> None:
        """Let the work be done, however long it takes a busy machine."""
        self._is_open.set()
        await self._env.settle(timeout=30)

    def _held(self, run: Callable[..., Any]) -> Callable[..., Any]:
        async def held(*args: Any) -> Any:
            await self._env.external_wait(self._is_open.wait(), reason="the gate is closed")
            return await run(*args)

        return held


def sent(result: InteractionResult) -> list[ResponseMessage]:
    """The messages with which a command or a button was answered, in order."""
    return [message for message in (result.response, *result.followups) if message]


def text_of(result: InteractionResult) -> str:
    """The only message with which a command or a button was answered."""
    (message,) = sent(result)
    return message.content


def labels(message: ResponseMessage | discord.Message | dict[str, Any]) -> list[str]:
    """What is written on the buttons of a message, and their emoji."""
    if isinstance(message, discord.Message):
        rows: Any = [row.to_dict() for row in message.components]
    else:
        rows = message["components"] if isinstance(message, dict) else message.components
    buttons = (button for row in rows for button in row["components"])
    return [button.get("label") or button["emoji"]["name"] for button in buttons]


@pytest.fixture
def options() -> dict[str, Any]:
    """What the client is made with; a test may change it by parametrisation."""
    return {}


@pytest.fixture
def chat_settings() -> dict[str, Any]:
    """The settings of a chat model; a module of tests may have one."""
    return {}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def service(
    tmp_path: Path,
    seeded_folder: Path,
    embedder: Embedder,
    clock: Clock,
    chat_settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Service]:
    """What the bot offers, over a copy of the seeded library; three questions may wait."""
    folder = tmp_path / "data"
    shutil.copytree(seeded_folder, folder)
    monkeypatch.setattr(compose, "embedder", lambda *_: embedder)  # to load it takes its time
    settings = Settings(_env_file=None, data_dir=folder, allow_private_urls=True, **chat_settings)
    desk = Desk(workers=2, queue=3, clock=clock)
    libraries, records = compose.libraries(settings, lambda _: None), compose.records(settings)
    service = Service(libraries, records, desk, cooldown=5)
    libraries.load()
    yield service
    await service.close(10)


@pytest.fixture
def make_client(service: Service, options: dict[str, Any]) -> Callable[[], FootnoteClient]:
    """Makes the client, also a second time for a restart."""
    return lambda: FootnoteClient(service, shard_count=1, **options)


@pytest.fixture
def simcord_bot(make_client: Callable[[], FootnoteClient]) -> FootnoteClient:
    return make_client()


@pytest.fixture
def world(
    simcord_env: simcord.Env,
    service: Service,
    clock: Clock,
    make_client: Callable[[], FootnoteClient],
) -> Iterator[World]:
    """The world of a test; whatever happens in it, nothing that the bot sends pings anybody."""
    env = simcord_env
    guild = env.create_guild("Newsroom")
    managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    world = World(
        env=env,
        guild=guild,
        channel=guild.create_text_channel("questions"),
        alice=guild.add_member(env.create_user("alice")),
        manager=guild.add_member(env.create_user("max"), roles=[managers]),
        service=service,
        clock=clock,
        make_client=make_client,
    )
    yield world
    for message in world.messages():
        assert message["allowed_mentions"] == {"parse": []}, message


@pytest.fixture
def gate(simcord_env: simcord.Env, service: Service, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Holds answers, and what is added and removed, back."""
    return Gate(simcord_env, service.desk, monkeypatch)
