"""The bot's connection to Discord: what it listens to, and to whom it replies."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import discord
from discord import app_commands

from bot.discord import commands, errors
from bot.discord.asking import in_words, is_allowed, place_of, send_reply
from bot.discord.streaming import Post, Streaming
from bot.discord.views import DYNAMIC_ITEMS, answer_under
from bot.schema import Rules
from bot.service import Context, Service
from retrieval.question import check

log = logging.getLogger(__name__)

_ASKED_NOTHING = 'Ask me something, like "how many were arrested?"'
_ASK_ON_HERE = "Ask on here; I read along."
_ASK_ON_BY_REPLY = "To ask on, reply to this message or mention me."
_THREAD_NAME = 90


class Tree(app_commands.CommandTree["FootnoteClient"]):
    """The commands; their failures are told to the one who gave them."""

    async def on_error(
        self,
        interaction: discord.Interaction[FootnoteClient],
        error: app_commands.AppCommandError,
    ) -> None:
        """Tell what went wrong."""
        await errors.report(interaction, error)


class FootnoteClient(discord.AutoShardedClient):
    """Answers commands, mentions, replies, and what is asked in threads that it opened.

    Args:
        service: what is offered.
        development_guild: the only server that gets the commands, and gets them at once.
        reads_messages: whether the privileged message-content intent is granted;
            without it, a follow-up in a thread has to mention the bot or reply to it.
        options: passed on to discord.py.
    """

    def __init__(
        self,
        service: Service,
        *,
        development_guild: int | None = None,
        reads_messages: bool = False,
        **options: Any,
    ) -> None:
        intents = discord.Intents(
            guilds=True, guild_messages=True, dm_messages=True, message_content=reads_messages
        )
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            **options,
        )
        self.service = service
        self._guild = discord.Object(development_guild) if development_guild else None
        self._reads_messages = reads_messages
        self._rules: dict[str, Rules] = {}
        self._changing_rules = asyncio.Lock()
        self.tree = Tree(
            self,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
        )
        for command in commands.ALL:
            self.tree.add_command(command)

    @property
    def own_id(self) -> int:
        """The id of the bot as a user of Discord; 0 before it is known."""
        return self.user.id if self.user else 0

    def server_of(self, place: discord.Interaction[Any] | discord.Message) -> str | None:
        """Return the id of the server that is spoken from, if the bot was invited to it.

        None in direct messages, and on servers where only the person who asks has
        installed the bot: such a server's members have not agreed to its articles.
        """
        guild_id = place.guild.id if place.guild else None
        return str(guild_id) if guild_id and self.get_guild(guild_id) else None

    def rules_of(self, server: str | None) -> Rules:
        """Return how a server has set the bot up."""
        return self._rules.get(server or "", Rules())

    def cooldown_of(self, server: str | None) -> float:
        """Return the seconds between two questions of a person."""
        own = self.rules_of(server).cooldown
        return self.service.cooldown if own is None else own

    async def set_rules(self, server: str, **changes: Any) -> None:
        """Change how a server has set the bot up."""
        async with self._changing_rules:
            rules = replace(self.rules_of(server), **changes)
            await self.service.set_rules(server, rules)
            self._rules[server] = rules

    async def setup_hook(self) -> None:
        """Bring the buttons of earlier runs back to life, and tell Discord of changed commands."""
        self.add_dynamic_items(*DYNAMIC_ITEMS)
        self._rules = await self.service.all_rules()
        await self._sync_commands()

    async def on_ready(self) -> None:
        """Log that the connection stands."""
        log.info("connected", extra={"servers": len(self.guilds), "shards": self.shard_count})

    async def on_message(self, message: discord.Message) -> None:
        """Reply to a question that is meant for the bot."""
        question = self._asked(message)
        if question is None:
            return
        server = self.server_of(message)
        rules = self.rules_of(server)
        if not is_allowed(rules, message.channel):
            return
        try:
            await self._reply(message, question, server)
        except (discord.Forbidden, discord.NotFound) as error:
            log.info("cannot reply", extra={"server": server, "why": str(error)})
        except Exception as error:
            await self._tell(message, errors.explain(error))

    async def on_error(self, event: str, /, *_: Any, **__: Any) -> None:
        """Log what an event's handler could not handle."""
        log.exception("failed", extra={"event": event})

    async def _reply(self, message: discord.Message, question: str, server: str | None) -> None:
        if not any(character.isalnum() for character in question):
            await self._tell(message, _ASKED_NOTHING)
            return
        check(question)
        with self.service.desk.admit(str(message.author.id), self.cooldown_of(server)):
            place = await self._place(message, question, self.rules_of(server))
            async with AsyncExitStack() as shown:
                try:
                    await shown.enter_async_context(place.typing())
                except (discord.Forbidden, discord.NotFound):
                    raise
                except discord.HTTPException as error:
                    log.info("typing not shown", extra={"why": str(error)})
                replied = self._replied_to(message)
                after = answer_under(replied) if replied else None
                context = Context(place=place_of(place, server), after=after)
                is_here = place == message.channel
                reference = {"reference": _reference(message)} if is_here else {}
                send = partial(place.send, suppress_embeds=True, **reference)
                post = Post(send)
                streaming = await shown.enter_async_context(Streaming(post, is_echoed=not is_here))
                reply = await self.service.ask(
                    question, server, context=context, hear=streaming.hear
                )
            await send_reply(
                reply, send, is_echoed=not is_here, ask_on=self._hint(place), first=post
            )

    async def _place(
        self, message: discord.Message, question: str, rules: Rules
    ) -> discord.abc.MessageableChannel:
        """Return where to answer: where it was asked, or a thread of its own."""
        if rules.has_threads and isinstance(message.channel, discord.TextChannel):
            try:
                return await message.create_thread(name=question[:_THREAD_NAME])
            except discord.HTTPException as error:
                log.info("no thread", extra={"why": str(error)})
        return message.channel

    def _hint(self, place: discord.abc.MessageableChannel) -> str | None:
        """Return how to ask on, in a thread of the bot's own."""
        if not isinstance(place, discord.Thread) or place.owner_id != self.own_id:
            return None
        return _ASK_ON_HERE if self._reads_messages else _ASK_ON_BY_REPLY

    async def _tell(self, message: discord.Message, sentence: str) -> None:
        try:
            await message.channel.send(sentence, reference=_reference(message))
        except errors.UNHEARD as error:
            log.info("cannot reply", extra={"why": str(error)})

    def _asked(self, message: discord.Message) -> str | None:
        """Return the question in a message, if it is meant for the bot."""
        if message.author.bot or message.is_system():
            return None
        mentions = {user.id for user in message.mentions}
        is_reply = self._replied_to(message) is not None
        channel = message.channel
        is_own_thread = isinstance(channel, discord.Thread) and channel.owner_id == self.own_id
        is_direct = message.guild is None
        is_meant = is_direct or self.own_id in mentions
        if not is_meant and not (message.content and (is_reply or is_own_thread)):
            return None
        return in_words(message, leaving_out=self.own_id)

    def _replied_to(self, message: discord.Message) -> discord.Message | None:
        """Return the message of the bot's own that a message replies to, if it does."""
        replied = message.reference and message.reference.resolved
        if isinstance(replied, discord.Message) and replied.author.id == self.own_id:
            return replied
        return None

    async def _sync_commands(self) -> None:
        if self._guild:
            self.tree.copy_global_to(guild=self._guild)
        payload = [
            command.to_dict(self.tree) for command in self.tree.get_commands(guild=self._guild)
        ]
        key = f"commands of {self.application_id} in {self._guild.id if self._guild else 'all'}"
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        look_up, records = self.service.desk.look_up, self.service.records
        if await look_up(records.fact, key) == digest:
            return
        await self.tree.sync(guild=self._guild)
        await look_up(records.note, key, digest)
        log.info("commands synced", extra={"commands": len(payload)})


def _reference(message: discord.Message) -> discord.MessageReference:
    """Return what makes a reply of a message, also when it is deleted meanwhile."""
    return message.to_reference(fail_if_not_exists=False)
