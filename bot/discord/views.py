"""The buttons under an answer and under the list of sources.

All that a button needs is in its id, so those of long ago work after a restart.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, Self

import discord
from discord import ui

from bot.discord import errors
from bot.discord.messages import Card, Part, card, changed
from bot.discord.sources import page

Interaction = discord.Interaction[Any]

_TOO_OLD = "This answer is not kept any more; please ask again."
_ANSWER = "(?P<answer>[0-9a-f]{16})"
_OF_AN_ANSWER = re.compile(rf"footnote:(?:cite|vote):{_ANSWER}:")


class _Button(ui.DynamicItem[ui.Button[Any]], template="footnote:none"):
    """A button whose failures are told to the one who pressed it."""

    async def callback(self, interaction: Interaction) -> None:
        try:
            with interaction.client.service.desk.job():
                await self.press(interaction)
        except Exception as error:
            await errors.report(interaction, error)

    @abstractmethod
    async def press(self, interaction: Interaction) -> None: ...


class FootnoteButton(_Button, template=f"footnote:cite:{_ANSWER}:(?P<number>[0-9]{{1,4}})"):
    """Shows a footnote's quote in its context, only to the one who pressed."""

    def __init__(self, answer: str, number: int) -> None:
        custom_id = f"footnote:cite:{answer}:{number}"
        super().__init__(ui.Button(label=f"[{number}]", custom_id=custom_id))
        self._answer, self._number = answer, number

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make the button anew from its id."""
        return cls(match["answer"], int(match["number"]))

    async def press(self, interaction: Interaction) -> None:
        """Show the quote, or that the article has changed or gone."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        service, server = interaction.client.service, interaction.client.server_of(interaction)
        footnote = await service.footnote(self._answer, self._number, server)
        if footnote is None:
            await interaction.followup.send(_TOO_OLD, ephemeral=True)
        elif footnote.citation is None:
            sentence = changed(footnote.cited.title, footnote.is_gone)
            await interaction.followup.send(sentence, ephemeral=True)
        else:
            embed = _embed(card(footnote.citation, footnote.short))
            await interaction.followup.send(embed=embed, ephemeral=True)


class VoteButton(_Button, template=f"footnote:vote:{_ANSWER}:(?P<vote>good|bad)"):
    """Keeps a person's vote on an answer."""

    def __init__(self, answer: str, *, is_good: bool) -> None:
        custom_id = f"footnote:vote:{answer}:{'good' if is_good else 'bad'}"
        super().__init__(ui.Button(emoji="👍" if is_good else "👎", custom_id=custom_id))
        self._answer, self._is_good = answer, is_good

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make the button anew from its id."""
        return cls(match["answer"], is_good=match["vote"] == "good")

    async def press(self, interaction: Interaction) -> None:
        """Count the vote, or take it back."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        person = str(interaction.user.id)
        counts = await interaction.client.service.vote(self._answer, person, self._is_good)
        if counts is None:
            sentence = _TOO_OLD
        else:
            sentence = (
                f"The votes are now 👍 {counts[0]} · 👎 {counts[1]}; press again to undo yours."
            )
        await interaction.followup.send(sentence, ephemeral=True)


class PageButton(_Button, template="footnote:sources:(?P<page>[0-9]{1,6})"):
    """Turns a page of the list of sources."""

    def __init__(self, number: int, label: str = "…", *, is_disabled: bool = False) -> None:
        super().__init__(
            ui.Button(label=label, custom_id=f"footnote:sources:{number}", disabled=is_disabled)
        )
        self._number = number

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make the button anew from its id."""
        return cls(int(match["page"]))

    async def press(self, interaction: Interaction) -> None:
        """Show that page in place of this one."""
        await interaction.response.defer()
        client = interaction.client
        found = await client.service.sources(client.server_of(interaction))
        text, number, count = page(found, self._number)
        await interaction.edit_original_response(content=text, view=pager(number, count))


DYNAMIC_ITEMS = (FootnoteButton, VoteButton, PageButton)


def buttons(answer_id: str, part: Part, *, is_last: bool) -> ui.View:
    """Return the buttons under a part of an answer; the votes are under the last."""
    view = ui.View(timeout=None)
    for number in part.numbers:
        view.add_item(FootnoteButton(answer_id, number))
    if is_last:
        view.add_item(VoteButton(answer_id, is_good=True))
        view.add_item(VoteButton(answer_id, is_good=False))
    return view


def answer_under(message: discord.Message) -> str | None:
    """Return the id of the answer whose buttons are under a message, if there are any."""
    for row in message.components:
        for button in row.children if isinstance(row, discord.ActionRow) else ():
            if found := _OF_AN_ANSWER.match(button.custom_id or ""):
                return found["answer"]
    return None


def pager(number: int, count: int) -> ui.View:
    """Return the buttons under a page of the list of sources; none, if it is the only one."""
    view = ui.View(timeout=None)
    if count <= 1:
        return view
    view.add_item(PageButton(max(number - 1, 0), "◀ Back", is_disabled=number == 0))
    last = count - 1
    view.add_item(PageButton(min(number + 1, last), "Next ▶", is_disabled=number == last))
    return view


def _embed(shown: Card) -> discord.Embed:
    embed = discord.Embed(title=shown.title, url=shown.url, description=shown.description)
    return embed.set_footer(text=shown.footer) if shown.footer else embed
