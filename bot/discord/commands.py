"""The commands that Discord offers to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.discord.asking import answer_interaction, in_words
from bot.discord.markdown import clean, link
from bot.discord.panel import SettingsPanel
from bot.discord.progress import Progress
from bot.discord.sources import page
from bot.discord.views import pager
from bot.libraries import handle
from retrieval.articles import MAX_BYTES
from retrieval.errors import SourceError
from retrieval.question import MAX_QUESTION
from retrieval.wording import counted

if TYPE_CHECKING:
    from bot.discord.client import FootnoteClient
    from retrieval.store import Source

    Interaction = discord.Interaction[FootnoteClient]

_SERVER_ONLY = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
_CHOICES, _LONGEST_CHOICE = 25, 100


@app_commands.command()
@app_commands.describe(
    question="What do you want to know?",
    source="Answer from this article only",
    private="Show the answer only to you",
)
async def ask(
    interaction: Interaction,
    question: app_commands.Range[str, 1, MAX_QUESTION],
    source: str | None = None,
    private: bool | None = None,
) -> None:
    """Ask the articles; each statement of the answer has a footnote."""
    await answer_interaction(interaction, question, source, private)


@ask.autocomplete("source")
async def complete_source(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Offer the articles whose titles have in them what was typed."""
    service, server = interaction.client.service, interaction.client.server_of(interaction)
    if not service.libraries.is_loaded:
        return []
    return _choices(await service.sources(server), typed)


@app_commands.context_menu(name="Ask about this")
async def ask_about_this(interaction: Interaction, message: discord.Message) -> None:
    """Take a message for the question."""
    question = in_words(message, leaving_out=interaction.client.own_id)
    await answer_interaction(interaction, question, None, None)


@app_commands.command(name="sources")
async def list_sources(interaction: Interaction) -> None:
    """List the articles that answers come from."""
    service, server = interaction.client.service, interaction.client.server_of(interaction)
    with service.desk.job():
        await interaction.response.defer(ephemeral=True, thinking=True)
        text, number, count = page(await service.sources(server), 0)
        view = pager(number, count)
        await interaction.followup.send(text, ephemeral=True, suppress_embeds=True, view=view)


source_group = app_commands.Group(
    name="source",
    description="Change this server's own articles.",
    allowed_contexts=_SERVER_ONLY,
    default_permissions=discord.Permissions(manage_guild=True),
    allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
)


@source_group.command(name="add")
@app_commands.describe(
    file="A .txt, .md, .html, .pdf, .docx, .pptx, .odt or .odp file",
    url="The address of a web page or of such a file",
)
@app_commands.checks.has_permissions(manage_guild=True)
async def add_source(
    interaction: Interaction, file: discord.Attachment | None = None, url: str | None = None
) -> None:
    """Add an article to this server's own, from a file or from the web."""
    if (file is None) == (url is None):
        raise SourceError("Give either a file or the address of a web page.")
    if file and file.size > MAX_BYTES:
        raise SourceError(f"The file is too large; up to {MAX_BYTES // 1_000_000} MB will do.")
    service, server = interaction.client.service, _server(interaction)
    with service.desk.admit_article(server):
        await interaction.response.defer(ephemeral=True, thinking=True)
        await _add(interaction, server, file, url)


async def _add(
    interaction: Interaction, server: str, file: discord.Attachment | None, url: str | None
) -> None:
    service = interaction.client.service
    async with Progress(interaction, "Reading") as progress:
        if file:
            added = await service.add_file(server, file.filename, await _read(file), progress)
        else:
            added = await service.add_url(server, url or "", progress)
    title = link(added.article.title, added.article.url)
    done = "Added" if added.report.added else "Renewed"
    passages = counted(added.report.passages, "passage")
    await interaction.edit_original_response(
        content=f"{done} {title}: {passages} in {added.report.seconds:.1f} s. "
        "Questions on this server find it from now on."
    )


async def _read(file: discord.Attachment) -> bytes:
    try:
        return await file.read()
    except discord.HTTPException as error:
        raise SourceError("Discord does not give me that file; please send it again.") from error


@source_group.command(name="remove")
@app_commands.describe(source="An article that was added here")
@app_commands.checks.has_permissions(manage_guild=True)
async def remove_source(interaction: Interaction, source: str) -> None:
    """Remove an article from this server's own."""
    service, server = interaction.client.service, _server(interaction)
    with service.desk.job():
        await interaction.response.defer(ephemeral=True, thinking=True)
        removed = await service.remove(server, source)
        await interaction.followup.send(
            f"Removed {link(removed.title, removed.url)}; answers do not come from it any more.",
            ephemeral=True,
        )


@remove_source.autocomplete("source")
async def complete_own_source(
    interaction: Interaction, typed: str
) -> list[app_commands.Choice[str]]:
    """Offer the server's own articles."""
    service, server = interaction.client.service, interaction.client.server_of(interaction)
    if server is None or not service.libraries.is_loaded:
        return []
    return _choices(await service.own_sources(server), typed)


@app_commands.command(name="settings")
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
@app_commands.checks.has_permissions(manage_guild=True)
async def change_settings(interaction: Interaction) -> None:
    """Set where and how the bot answers on this server."""
    panel = SettingsPanel(interaction.client, _server(interaction))
    await interaction.response.send_message(panel.text, view=panel, ephemeral=True)
    panel.shown_by = interaction


ALL: tuple[Any, ...] = (ask, ask_about_this, list_sources, source_group, change_settings)


def _server(interaction: Interaction) -> str:
    if server := interaction.client.server_of(interaction):
        return server
    raise SourceError("I am not a member of this server; invite me as a bot first.")


def _choices(sources: list[Source], typed: str) -> list[app_commands.Choice[str]]:
    part = typed.casefold()
    return [
        app_commands.Choice(
            name=clean(source.title)[:_LONGEST_CHOICE].strip() or "Untitled",
            value=handle(source.id),
        )
        for source in sources
        if part in source.title.casefold()
    ][:_CHOICES]
