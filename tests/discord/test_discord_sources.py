"""The articles are listed for everybody, and changed by those who manage a server."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import InteractionResult, MemberActor, ResponseMessage, SetupError

from bot import compose
from bot.discord import progress
from bot.discord.sources import PAGE, page
from bot.discord.splitting import LIMIT, length
from bot.settings import Settings
from retrieval.articles import MAX_BYTES
from retrieval.store import Source
from tests.discord.conftest import Gate, World, labels, sent, text_of
from tests.sites import Reply, Site

pytestmark = pytest.mark.simcord(settle_timeout=30)

FERRY = b"# Ferry of Lund\n\nThe ferry of Lund carried 4,812 passengers in May.\n"
FERRY_HTML = b"""<html><head><title>Ferry of Lund</title></head><body><article>
<h1>Ferry of Lund</h1>
<p>The ferry of Lund carried 4,812 passengers in May. It was a busy spring for the ferry.</p>
</article></body></html>"""
FERRY_QUESTION = "How many passengers did the ferry of Lund carry?"


def titles(message: ResponseMessage) -> list[str]:
    """The titles on a page of the list."""
    return [
        line.removeprefix("- ").removeprefix("[").split("](<")[0].split(" · ")[0]
        for line in message.content.splitlines()[1:]
    ]


class TestList:
    async def test_the_list_is_shown_to_who_asks_for_it(self, world: World) -> None:
        (shown,) = sent(await world.alice.slash(world.channel, "sources"))
        assert shown.ephemeral
        heading, first, *rest = shown.content.splitlines()
        assert heading == "**14 sources** · page 1 of 2"
        assert first == (
            "- [India lands Chandrayaan-3 near the south pole of the Moon]"
            "(<https://en.wikipedia.org/wiki/Chandrayaan-3>) · 23 August 2023"
        )
        assert len(rest) == PAGE - 1
        assert labels(shown) == ["◀ Back", "Next ▶"]

    async def test_its_pages_can_be_turned_to_both_ends(self, world: World) -> None:
        for number in range(11):
            world.add(f"{number}.md", f"# Report {number}\n\nIt rained.")
        (shown,) = sent(await world.alice.slash(world.channel, "sources"))
        with pytest.raises(SetupError, match="disabled"):
            await world.alice.click(shown, label="◀ Back")
        pages = [titles(shown)]
        for number in (2, 3):
            await world.alice.click(shown, label="Next ▶")
            assert shown.content.startswith(f"**25 sources** · page {number} of 3\n")
            pages.append(titles(shown))
        with pytest.raises(SetupError, match="disabled"):
            await world.alice.click(shown, label="Next ▶")
        listed = [title for one in pages for title in one]
        assert len(set(listed)) == 25
        assert set(listed[:11]) == {f"Report {number}" for number in range(11)}  # its own first
        await world.alice.click(shown, label="◀ Back")
        assert titles(shown) == pages[1]

    async def test_its_pages_can_be_turned_after_a_restart(self, world: World) -> None:
        (shown,) = sent(await world.alice.slash(world.channel, "sources"))
        await world.env.restart_bot(world.make_client())
        await world.alice.click(shown, label="Next ▶")
        assert shown.content.startswith("**14 sources** · page 2 of 2\n")

    async def test_a_page_that_is_gone_turns_to_the_last(
        self, world: World, tmp_path: Path
    ) -> None:
        own = [world.add(f"{number}.md", f"# R {number}\n\nIt rained.") for number in range(9)]
        (shown,) = sent(await world.alice.slash(world.channel, "sources"))
        await world.alice.click(shown, label="Next ▶")
        for article in own:
            world.service.libraries.remove(world.server, article)
        await world.alice.click(shown, label="Next ▶")
        assert shown.content.startswith("**14 sources** · page 2 of 2\n")
        forget_shared(tmp_path, keep=1)
        await world.alice.click(shown, label="◀ Back")
        assert shown.content.startswith("**1 source**\n")
        assert shown.components == []

    async def test_a_list_on_one_page_has_no_buttons(self, world: World, tmp_path: Path) -> None:
        forget_shared(tmp_path, keep=10)
        (shown,) = sent(await world.alice.slash(world.channel, "sources"))
        assert shown.content.startswith("**10 sources**\n")
        assert shown.components == []

    async def test_an_empty_list_says_so(self, world: World, tmp_path: Path) -> None:
        forget_shared(tmp_path, keep=0)
        (shown,) = sent(await world.alice.slash(world.channel, "sources"))
        assert shown.content == "There are no sources yet."
        assert shown.components == []

    async def test_before_the_library_is_loaded_it_is_not_called_empty(self, world: World) -> None:
        world.service.libraries.close()
        (shown,) = sent(await world.alice.slash(world.channel, "sources"))
        assert shown.ephemeral
        assert "no sources" not in shown.content

    async def test_it_works_in_direct_messages(self, world: World) -> None:
        world.add("ferry.md", FERRY.decode())
        (shown,) = sent(await world.alice.user.slash("sources"))
        assert shown.content.startswith("**14 sources** · page 1 of 2\n")
        await world.alice.user.click(shown.message, label="Next ▶")
        assert shown.content.startswith("**14 sources** · page 2 of 2\n")

    @pytest.mark.parametrize("sign", ["a", "*", ":/", "@a", "😀", "\\", "[1]", "%aa", "..a"])
    def test_whatever_the_titles_are_a_page_fits_in_a_message(self, sign: str) -> None:
        sources = [
            Source(
                id=str(number),
                title=(sign * 200)[:200],
                url="https://e.org/" + "a" * 490,
                path=None,
                published=date(2022, 9, 30),
                origin="added",
                digest="",
                passages=1,
            )
            for number in range(1_000_000, 1_000_000 + PAGE)
        ]
        text, _, _ = page(sources * 1000, 500)
        assert length(text) <= LIMIT
        assert len(text.splitlines()) == 1 + PAGE


def forget_shared(tmp_path: Path, keep: int) -> None:
    """Remove shared articles, as whoever runs the bot can while it runs."""
    settings = Settings(_env_file=None, data_dir=tmp_path / "data")
    with closing(compose.library(settings, lambda _: None)) as library:
        library.remove([source.id for source in library.store.sources()][keep:])


async def add(world: World, actor: MemberActor | None = None, **options: Any) -> InteractionResult:
    return await (actor or world.manager).slash(world.channel, "source add", **options)


class TestAdd:
    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("ferry.md", FERRY),
            ("FERRY.TXT", FERRY.replace(b"# ", b"")),
            ("ferry.html", FERRY_HTML),
            ("ferry.htm", FERRY_HTML),
        ],
    )
    async def test_a_file_is_added_and_found_at_once(
        self, world: World, name: str, data: bytes
    ) -> None:
        result = await add(world, file=(name, data))
        (shown,) = sent(result)
        assert shown.ephemeral
        summary, rest = shown.content.split(" in ", 1)
        assert summary == "Added Ferry of Lund: 1 passage"
        assert rest.endswith(" s. Questions on this server find it from now on.")
        answer = text_of(await world.ask(FERRY_QUESTION))
        assert "**4,812**" in answer
        assert "**[1]** Ferry of Lund" in answer

    async def test_a_web_page_is_added_and_linked(self, world: World, site: Site) -> None:
        site.routes["/news/ferry"] = Reply(FERRY_HTML, "text/html; charset=utf-8")
        text = text_of(await add(world, url=f"{site.url}/news/ferry"))
        assert text.startswith(f"Added [Ferry of Lund](<{site.url}/news/ferry>): 1 passage in ")
        answer = text_of(await world.ask(FERRY_QUESTION))
        assert f"**[1]** [Ferry of Lund](<{site.url}/news/ferry>)" in answer

    async def test_the_same_file_again_renews_the_article(self, world: World) -> None:
        await add(world, file=("ferry.md", FERRY))
        text = text_of(await add(world, file=("ferry.md", FERRY.replace(b"4,812", b"5,001"))))
        assert text.startswith("Renewed Ferry of Lund: 1 passage in ")
        assert "**5,001**" in text_of(await world.ask(FERRY_QUESTION))
        assert len(world.service.libraries.own_sources(world.server)) == 1

    async def test_how_far_it_is_is_shown_until_it_is_done(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "_SECONDS", 60)
        desk, is_read, is_done = world.service.desk, asyncio.Event(), asyncio.Event()
        index = desk.index

        async def slow(function: Any, *args: Any) -> Any:
            await world.env.external_wait(is_read.wait(), reason="it is being read")
            args[-1](3, 10)
            await world.env.external_wait(is_done.wait(), reason="it is being indexed")
            return await index(function, *args)

        monkeypatch.setattr(desk, "index", slow)
        result = await add(world, file=("ferry.md", FERRY))
        assert text_of(result) == "Reading …"
        is_read.set()
        await world.env.advance_time(60)
        assert text_of(result) == "Indexing … 3 of 10 passages"
        is_done.set()
        await world.env.settle()
        assert text_of(result).startswith("Added Ferry of Lund: ")
        assert sent(result)[0].ephemeral

    async def test_what_is_added_is_not_told_to_others(self, world: World) -> None:
        await add(world, file=("ferry.md", FERRY))
        assert world.channel.history(viewer=world.alice) == []

    async def test_either_a_file_or_an_address_is_needed(self, world: World, site: Site) -> None:
        both = {"file": ("ferry.md", FERRY), "url": site.url}
        nothing: dict[str, Any] = {}
        for options in (nothing, both):
            told = world.told(await add(world, **options))
            assert told == "Give either a file or the address of a web page."

    @pytest.mark.parametrize(
        ("name", "data", "said"),
        [
            ("ferry.doc", b"%PDF", r"ferry.doc is of a kind that cannot be read; use .docx, "),
            ("ferry", b"text", "ferry is of a kind that cannot be read"),
            ("ferry.md", b"", "ferry.md holds no text; add some, or leave it out."),
            ("ferry.txt", b"a\0b", "ferry.txt is binary, not text"),
            ("ferry.txt", b"caf\xe9", "ferry.txt is not valid UTF-8"),
            ("ferry.md", b"---\nurl: [\n---\na", "ferry.md has front matter that is not valid"),
            ("ferry.html", b"<html></html>", "ferry.html holds no article that can be found"),
            ("a_*b*@here.xyz", b"a", "a_*b*@here.xyz is of a kind that cannot be read"),
        ],
    )
    async def test_a_file_that_cannot_be_read_is_told_in_a_sentence(
        self, world: World, name: str, data: bytes, said: str
    ) -> None:
        told = world.told(await add(world, file=(name, data)))
        assert told.replace("\\", "").replace("\u200b", "").startswith(said)
        assert world.service.libraries.own_sources(world.server) == []

    async def test_a_file_that_is_too_large_is_refused_unread(self, world: World) -> None:
        told = world.told(await add(world, file=("ferry.md", b"a" * (MAX_BYTES + 1))))
        assert told == r"The file is too large; up to 10 MB will do."

    async def test_an_address_that_gives_nothing_is_told_in_a_sentence(
        self, world: World, site: Site
    ) -> None:
        for url, said in (
            (f"{site.url}/missing", "was not found (status 404); check the address."),
            ("no address", "is no web address; write one like https://example.org/page."),
            ("ftp://example.org/a", "is no web address"),
            ("http://a:b@example.org/", "has a user name or a password before its host"),
            ("http://127.0.0.1:1/", "takes no connection"),
            ("", "is no web address"),
        ):
            told = world.told(await add(world, url=url))
            assert said in told.replace("\\", "").replace("\u200b", "")
        assert world.service.libraries.own_sources(world.server) == []

    async def test_addresses_of_a_private_network_are_not_visited(
        self, world: World, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(world.service.libraries, "_allow_private_urls", False)
        told = world.told(await add(world, url=site.url))
        assert told.endswith("is not on the public internet; save the page and add the file.")
        assert world.service.libraries.own_sources(world.server) == []

    async def test_it_is_not_offered_to_other_members(self, world: World) -> None:
        with pytest.raises(SetupError, match="default-member-permissions"):
            await add(world, world.alice, file=("ferry.md", FERRY))

    async def test_other_members_are_refused_whatever_discord_lets_them_do(
        self, world: World
    ) -> None:
        own = world.add("ferry.md", FERRY.decode())
        allow(world, "source", world.alice)
        refusal = "That is for members who may manage this server."
        result = await add(world, world.alice, file=("other.md", FERRY))
        assert world.told(result) == refusal
        result = await world.alice.slash(world.channel, "source remove", source=own)
        assert world.told(result) == refusal
        assert [s.id for s in world.service.libraries.own_sources(world.server)] == [own]

    async def test_administrators_may_do_it_too(self, world: World) -> None:
        role = world.guild.create_role(
            "Admins", permissions=discord.Permissions(administrator=True)
        )
        admin = world.guild.add_member(world.env.create_user("ada"), roles=[role])
        assert text_of(await add(world, admin, file=("a.md", FERRY))).startswith("Added")

    async def test_articles_are_added_one_at_a_time_and_questions_do_not_wait(
        self, world: World, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "_SECONDS", 60)
        first = await add(world, file=("ferry.md", FERRY))
        second = await add(world, file=("ore.md", FERRY.replace(b"Lund", b"Ore")))
        assert text_of(first) == "Reading …"
        assert world.told(second).startswith("Another article is being added here")
        (shown,) = sent(await world.alice.slash(world.channel, "sources"))
        assert shown.content.startswith("**14 sources**")
        await gate.open()
        assert text_of(first).startswith("Added Ferry of Lund")
        third = await add(world, file=("ore.md", FERRY.replace(b"Lund", b"Ore")))
        assert text_of(third).startswith("Added Ferry of Ore")


def allow(world: World, command: str, member: MemberActor) -> None:
    """Let a member use a command in spite of its default permissions."""
    found = world.env.backend.find_command(command, world.guild.id)
    assert found
    world.guild.set_command_permissions(int(found["id"]), {member: True})


class TestRemove:
    async def test_what_is_removed_is_answered_no_more(self, world: World) -> None:
        own = world.add("ferry.md", FERRY.decode())
        assert "**4,812**" in text_of(await world.ask(FERRY_QUESTION))
        result = await world.manager.slash(world.channel, "source remove", source=own)
        (shown,) = sent(result)
        assert shown.ephemeral
        assert shown.content == "Removed Ferry of Lund; answers do not come from it any more."
        answer = text_of(await world.ask(FERRY_QUESTION))
        assert "**The sources don't say.**" in answer
        assert "Ferry of Lund" not in answer

    async def test_only_the_servers_own_articles_are_offered(self, world: World) -> None:
        own = world.add("ferry.md", FERRY.decode())
        choices = await world.manager.autocomplete(world.channel, "source remove", "source", "")
        assert choices == [{"name": "Ferry of Lund", "value": own}]
        assert (
            await world.manager.autocomplete(world.channel, "source remove", "source", "blue") == []
        )

    async def test_nothing_is_offered_where_nothing_was_added(self, world: World) -> None:
        choices = await world.manager.autocomplete(world.channel, "source remove", "source", "")
        assert choices == []

    async def test_nothing_is_offered_while_the_library_is_not_loaded(self, world: World) -> None:
        world.add("ferry.md", FERRY.decode())
        world.service.libraries.close()
        choices = await world.manager.autocomplete(world.channel, "source remove", "source", "")
        assert choices == []

    async def test_a_shared_article_cannot_be_removed(self, world: World) -> None:
        world.add("ferry.md", FERRY.decode())
        result = await world.manager.slash(
            world.channel, "source remove", source="kazakhstan-blue-helmets.md"
        )
        assert world.told(result).endswith(
            "only what was added with \\/source add can be removed here."
        )
        assert len(world.service.libraries.sources(world.server)) == 15

    async def test_a_name_that_may_be_two_removes_neither(self, world: World) -> None:
        for number in (1, 2):
            world.add(f"{number}.md", f"# Report {number}\n\nIt rained.")
        result = await world.manager.slash(world.channel, "source remove", source="report")
        assert world.told(result) == (
            "2 articles have 'report' in their titles; give more of the title."
        )
        assert len(world.service.libraries.own_sources(world.server)) == 2
