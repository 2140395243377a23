"""Failures as one sentence for the person who asked; the log has the rest."""

from __future__ import annotations

import logging
import secrets

import discord
from discord import app_commands

from bot.desk import RefusedError
from bot.discord.markdown import plain
from retrieval.errors import QuestionError, SourceError

log = logging.getLogger(__name__)

_LONGEST = 500
_FOR_PEOPLE = (RefusedError, QuestionError, SourceError)


def explain(error: BaseException) -> str:
    """Return the sentence for a person; what they cannot mend is logged under a reference."""
    cause = _cause(error)
    if isinstance(cause, _FOR_PEOPLE):
        return plain(str(cause), _LONGEST)
    if isinstance(cause, app_commands.MissingPermissions):
        return "That is for members who may manage this server."
    if isinstance(cause, app_commands.NoPrivateMessage):
        return "That works only on a server."
    if isinstance(cause, app_commands.CommandSignatureMismatch | app_commands.CommandNotFound):
        return "I have changed since this command was shown to you; reload Discord and try again."
    reference = secrets.token_hex(4)
    log.error("failed", exc_info=cause, extra={"reference": reference})
    return (
        f"Something went wrong on my side; please try again, or give the reference `{reference}` "
        "to those who run me."
    )


async def report(interaction: discord.Interaction, error: BaseException) -> None:
    """Tell the person what went wrong, in place of the answer that they wait for."""
    if isinstance(_cause(error), discord.NotFound):  # the interaction has expired
        log.warning("nobody is left to tell", extra={"why": str(error)})
        return
    sentence = explain(error)
    try:
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            await interaction.edit_original_response(content=sentence)
        elif interaction.response.is_done():
            await interaction.followup.send(sentence, ephemeral=True)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)
    except discord.HTTPException as unheard:
        log.warning("an error could not be told", extra={"why": str(unheard)})


def _cause(error: BaseException) -> BaseException:
    return error.original if isinstance(error, app_commands.CommandInvokeError) else error
