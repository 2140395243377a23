"""A question is let in, answered, and the answer sent with its buttons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import discord

from bot.discord.errors import TOLD
from bot.discord.messages import parts
from bot.discord.streaming import Streaming
from bot.discord.views import buttons
from bot.schema import Rules
from bot.service import Context, Reply
from retrieval.question import check

if TYPE_CHECKING:
    from bot.discord.client import FootnoteClient

    Interaction = discord.Interaction[FootnoteClient]

Send = Callable[..., Awaitable[Any]]
"""Sends a message: ``discord.Webhook.send``, ``discord.Message.reply`` and the like."""


async def answer_interaction(
    interaction: Interaction, question: str, source: str | None, is_private: bool | None
) -> None:
    """Answer what was asked by a command: deferred at once, so that Discord waits.

    Raises:
        FootnoteError: if the question is not taken, or cannot be answered.
    """
    client = interaction.client
    server = client.server_of(interaction)
    rules = client.rules_of(server)
    if server and not is_allowed(rules, interaction.channel):
        where = ", ".join(f"<#{channel}>" for channel in rules.channels)
        await interaction.response.send_message(
            f"On this server I answer in {where}.", ephemeral=True
        )
        return
    # What is wrong with the question is told before it is deferred: to the one who asked only.
    check(question)
    only = None
    if source and client.service.libraries.is_loaded:
        only = await client.service.find(source, server)
    hidden = rules.is_private if is_private is None else is_private
    with client.service.desk.admit(str(interaction.user.id), client.cooldown_of(server)):
        await interaction.response.defer(ephemeral=hidden, thinking=True)
        if source and only is None:  # it could not be found before the libraries were loaded
            only = await client.service.find(source, server)
        context = Context(place=place_of(interaction.channel, server), is_private=hidden)
        async with Streaming(interaction.edit_original_response, is_echoed=True) as streaming:
            reply = await client.service.ask(question, server, only, context, streaming.hear)

        async def send(**message: Any) -> None:
            await interaction.followup.send(ephemeral=hidden, suppress_embeds=True, **message)
            interaction.extras[TOLD] = True

        first = interaction.edit_original_response if streaming.is_shown else send
        await send_reply(reply, send, is_echoed=True, first=first)


async def send_reply(
    reply: Reply,
    send: Send,
    *,
    is_echoed: bool,
    ask_on: str | None = None,
    first: Send | None = None,
) -> None:
    """Send an answer in as many messages as it needs, each with the buttons of its footnotes.

    ``first`` writes the first of them, where that is there already.
    """
    pieces = parts(reply.answer, understood=reply.understood, is_echoed=is_echoed, ask_on=ask_on)
    for place, piece in enumerate(pieces, start=1):
        later = (number for following in pieces[place:] for number in following.numbers)
        # By its buttons, a reply to any part of an answer finds the answer.
        numbers = piece.numbers or tuple(islice(later, 1))
        view = buttons(reply.id, replace(piece, numbers=numbers), is_last=place == len(pieces))
        write = first if first and place == 1 else send
        await write(content=piece.text, view=view)


def is_allowed(rules: Rules, channel: object) -> bool:
    """Tell whether a server's rules let the bot answer in a channel, or in a thread of it."""
    if not rules.channels:
        return True
    places = {getattr(channel, "id", None), getattr(channel, "parent_id", None)}
    return not places.isdisjoint(rules.channels)


def place_of(channel: object, server: str | None) -> str | None:
    """Return the id of a channel in which one question follows on another, if it is one.

    A thread and a direct message are; in other channels, questions have nothing in common.
    Nor is a thread of a server to which the bot was not invited: what it says there may
    be seen by nobody but the one who asked.
    """
    if isinstance(channel, discord.Thread):
        return str(channel.id) if server else None
    if isinstance(channel, discord.DMChannel | discord.GroupChannel):
        return str(channel.id)
    return None


def in_words(message: discord.Message, leaving_out: int = 0) -> str:
    """Return a message's text with names in place of mentions, and without those of one user."""
    text = message.content
    names = {f"@{user.id}": f"@{user.display_name}" for user in message.mentions}
    names |= {f"@!{user.id}": f"@{user.display_name}" for user in message.mentions}
    names |= {f"@&{role.id}": f"@{role.name}" for role in message.role_mentions}
    names |= {f"#{channel.id}": f"#{channel.name}" for channel in message.channel_mentions}
    names |= {f"@{leaving_out}": "", f"@!{leaving_out}": ""}
    for mention, name in names.items():
        text = text.replace(f"<{mention}>", name)
    return text.strip()
