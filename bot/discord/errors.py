"""Failures as one sentence for the person who asked; the log has the rest."""

from __future__ import annotations

import logging
import secrets

import aiohttp
import discord
from discord import app_commands

from bot.desk import RefusedError
from bot.discord.markdown import plain
from retrieval.errors import QuestionError, SourceError

log = logging.getLogger(__name__)

FOR_MANAGERS = "That is for members who may manage this server."

TOLD = "told"
"""Set in an interaction's ``extras`` when a part of the answer has been sent."""

UNHEARD = (discord.HTTPException, aiohttp.ClientError, OSError, RuntimeError)
"""What sending can raise; RuntimeError, where the connection was closed meanwhile."""

_EXPIRED = {10062, 10015}  # unknown interaction, unknown webhook
_DEFERRED = discord.InteractionResponseType.deferred_channel_message
_LONGEST = 500
_FOR_PEOPLE = (RefusedError, QuestionError, SourceError)


def explain(error: BaseException) -> str:
    """Return the sentence for a person; what they cannot mend is logged under a reference."""
    cause = _cause(error)
    if isinstance(cause, _FOR_PEOPLE):
        return plain(str(cause), _LONGEST)
    if isinstance(cause, app_commands.MissingPermissions):
        return FOR_MANAGERS
    if isinstance(cause, app_commands.NoPrivateMessage):
        return "That works only on a server."
    if isinstance(cause, app_commands.CommandSignatureMismatch | app_commands.CommandNotFound):
        return "I have changed since this command was shown to you; reload Discord and try again."
    reference = secrets.token_hex(4)
    log.error("failed, reference %s", reference, exc_info=cause, extra={"reference": reference})
    return (
        f"Something went wrong on my side; please try again, or give the reference `{reference}` "
        "to those who run me."
    )


async def report(interaction: discord.Interaction, error: BaseException) -> None:
    """Tell the person what went wrong, in place of the answer that they wait for."""
    cause = _cause(error)
    if isinstance(cause, discord.NotFound) and cause.code in _EXPIRED:
        log.warning("nobody is left to tell", extra={"why": str(error)})
        return
    sentence = explain(error)
    kind = interaction.response.type
    try:
        if kind is _DEFERRED and not interaction.extras.get(TOLD):
            await interaction.edit_original_response(content=sentence)
        elif interaction.response.is_done():
            await interaction.followup.send(sentence, ephemeral=True)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)
    except UNHEARD as unheard:
        log.warning("an error could not be told", extra={"why": str(unheard)})


def _cause(error: BaseException) -> BaseException:
    return error.original if isinstance(error, app_commands.CommandInvokeError) else error
