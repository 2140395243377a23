"""A member asks by command and gets the answer with its footnotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import compose
from bot.settings import Settings
from retrieval.question import MAX_QUESTION
from retrieval.types import Article
from tests.discord.conftest import World, labels, sent, text_of

pytestmark = pytest.mark.simcord(settle_timeout=30)

ARRESTED = "how many were arrested?"
FERRY = "# Ferry of Lund\n\nThe ferry of Lund carried 4,812 passengers in May.\n"
FERRY_QUESTION = "How many passengers did the ferry of Lund carry?"
ORE = "# Ore of Kiruna\n\nThe mine of Kiruna gave 3,377 tonnes of ore in May.\n"


async def test_ask_is_deferred_at_once_and_then_answered(world: World) -> None:
    result = await world.alice.slash(world.channel, "ask", question=ARRESTED)
    assert world.sent("POST", "/callback") == [{"type": 5}]
    lines = text_of(result).splitlines()
    assert lines[0] == "> how many were arrested?"
    assert lines[2] == "**nearly 10,000**"
    assert lines[3].endswith(
        "nearly 10,000 have been arrested, The Washington Post reported. **[1]**"
    )
    assert lines[5] == "**Sources**"
    assert lines[6].startswith("**[1]** [U.N. objects to blue helmets")
    assert lines[6].endswith(
        "(<https://en.wikipedia.org/wiki/2022_Kazakh_unrest>) · 11 January 2022"
    )


async def test_an_answer_is_open_to_all_and_has_a_button_for_each_footnote(world: World) -> None:
    (message,) = sent(await world.ask(ARRESTED))
    assert not message.ephemeral
    assert labels(message) == ["[1]", "👍", "👎"]
    assert [shown.id for shown in world.channel.history(viewer=world.manager)] == [message.id]


async def test_a_private_answer_is_seen_by_nobody_else(world: World) -> None:
    (message,) = sent(await world.ask(ARRESTED, private=True))
    assert world.sent("POST", "/callback") == [{"type": 5, "data": {"flags": 64}}]
    assert message.ephemeral
    assert "nearly 10,000" in message.content
    assert labels(message) == ["[1]", "👍", "👎"]
    assert world.channel.history(viewer=world.manager) == []


async def test_no_preview_of_a_source_is_unfolded_below_an_answer(world: World) -> None:
    (message,) = sent(await world.ask(ARRESTED))
    assert message.flags.suppress_embeds


async def test_a_source_narrows_the_answer_to_one_article(world: World) -> None:
    inside = text_of(await world.ask(ARRESTED, source="blue helmets"))
    assert "**nearly 10,000**" in inside
    outside = text_of(await world.ask(ARRESTED, source="Chandrayaan"))
    assert "**The sources don't say.**" in outside
    assert outside.count("](<https://") == outside.count("](<https://en.wikipedia.org/wiki/Chandra")


async def test_autocomplete_offers_the_shared_and_the_servers_own_titles(world: World) -> None:
    own = world.add("ferry.md", FERRY)
    every = await world.alice.autocomplete(world.channel, "ask", "source", "")
    assert len(every) == 15
    assert every[0] == {"name": "Ferry of Lund", "value": own}
    by_title = await world.alice.autocomplete(world.channel, "ask", "source", "BLUE h")
    assert [choice["value"] for choice in by_title] == ["kazakhstan-blue-helmets.md"]
    assert await world.alice.autocomplete(world.channel, "ask", "source", "nothing so") == []


async def test_what_autocomplete_offers_is_taken(world: World) -> None:
    world.add("ferry.md", FERRY)
    (choice,) = await world.alice.autocomplete(world.channel, "ask", "source", "ferry of")
    answered = text_of(await world.ask(FERRY_QUESTION, source=choice["value"]))
    assert "**4,812**" in answered


async def test_autocomplete_offers_no_more_than_discord_takes(world: World) -> None:
    for number in range(30):
        world.add(f"{number}.md", f"# Report {number} {'on the harvest ' * 20}\n\nIt rained.")
    choices = await world.alice.autocomplete(world.channel, "ask", "source", "report")
    assert len(choices) == 25
    assert all(1 <= len(choice["name"]) <= 100 for choice in choices)
    assert all(1 <= len(choice["value"]) <= 100 for choice in choices)


async def test_articles_with_ids_too_long_for_discord_can_be_chosen(
    world: World, tmp_path: Path
) -> None:
    folder = "a/very/long/way/down/the/tree/of/folders/" * 3
    library = compose.library(Settings(_env_file=None, data_dir=tmp_path / "data"), lambda _: None)
    library.put(
        [
            Article(f"{folder}ferry.md", "Ferry of Lund", FERRY),
            Article(f"{folder}ore.md", "Ore of Kiruna", ORE),
        ]
    )
    library.close()
    for typed, question, short in (
        ("ferry of", FERRY_QUESTION, "4,812"),
        ("ore of", "How many tonnes of ore did the mine of Kiruna give?", "3,377"),
    ):
        (choice,) = await world.alice.autocomplete(world.channel, "ask", "source", typed)
        assert len(choice["value"]) <= 100
        assert f"**{short}" in text_of(await world.ask(question, source=choice["value"]))


async def test_autocomplete_offers_nothing_while_the_library_is_not_loaded(world: World) -> None:
    world.service.libraries.close()
    assert await world.alice.autocomplete(world.channel, "ask", "source", "") == []


@pytest.mark.parametrize("source", [{}, {"source": "blue helmets"}])
async def test_what_is_asked_before_the_library_is_loaded_is_answered_then(
    world: World, source: dict[str, str]
) -> None:
    world.service.libraries.close()
    assert "**nearly 10,000**" in text_of(await world.ask(ARRESTED, **source))


async def test_an_unknown_source_is_told_in_a_private_sentence(world: World) -> None:
    told = world.told(await world.ask(ARRESTED, source="no such *thing*"))
    assert told == r"No article has 'no such \*thing\*' in its title; \/sources lists them."


async def test_a_source_that_may_be_two_is_told_in_a_private_sentence(world: World) -> None:
    told = world.told(await world.ask(ARRESTED, source="maui-wildfires"))
    assert told == "2 articles have 'maui-wildfires' in their titles; give more of the title."


async def test_a_sentence_about_a_source_is_told_however_long_its_name(world: World) -> None:
    told = world.told(await world.ask(ARRESTED, source="*" * 6000))
    assert told.startswith(r"No article has '\*\*")


async def test_what_the_sources_do_not_say_is_not_answered(world: World) -> None:
    (message,) = sent(await world.ask("what is the color of the sky on Mars?"))
    question, verdict, heading, *closest = filter(None, message.content.splitlines())
    assert question == "> what is the color of the sky on Mars?"
    assert verdict == "**The sources don't say.**"
    assert heading == "*Closest passages, which may not answer:*"
    assert [line[:2] for line in closest] == ["• ", "> "] * 3
    assert "[1]" not in message.content
    assert labels(message) == ["👍", "👎"]


async def test_a_message_can_be_taken_for_the_question(world: World) -> None:
    message = await world.manager.send(world.channel, ARRESTED)
    result = await world.alice.context_menu(world.channel, "Ask about this", message)
    assert text_of(result).startswith("> how many were arrested?\n\n**nearly 10,000**")


async def test_a_message_that_is_taken_for_the_question_pings_nobody_again(world: World) -> None:
    text = f"{world.manager.mention} @everyone how many were arrested?"
    message = await world.manager.send(world.channel, text)
    result = await world.alice.context_menu(world.channel, "Ask about this", message)
    question = text_of(result).splitlines()[0]
    assert question == "> @\u200bmax @\u200beveryone how many were arrested?"


async def test_a_message_without_words_is_no_question(world: World) -> None:
    for text in ("", "?!", "…", "<:", "\u200b", "👍"):
        message = await world.manager.send(world.channel, text, attachments=[("a.png", b"a")])
        world.clock.now += 1000
        result = await world.alice.context_menu(world.channel, "Ask about this", message)
        assert world.told(result).startswith("The question is empty; ask something, like ")


async def test_a_message_that_is_too_long_is_no_question(world: World) -> None:
    message = await world.manager.send(world.channel, "why? " * (MAX_QUESTION // 5 + 1))
    result = await world.alice.context_menu(world.channel, "Ask about this", message)
    told = world.told(result).replace("\\", "")
    assert told == "The question has 1,004 characters; ask it in at most 1,000."


async def test_a_question_of_nothing_but_signs_is_refused(world: World) -> None:
    for question in ("?", "?!…", "*", "```", "   ", "👍", "\u202e"):
        told = world.told(await world.ask(question))
        assert told.startswith("The question is empty; ask something, like ")


async def test_a_question_of_the_greatest_length_is_answered(world: World) -> None:
    question = ARRESTED.rjust(MAX_QUESTION, "*")
    first, *_ = text_of(await world.ask(question)).splitlines()
    assert first == "> " + r"\*" * 299 + "…"


async def test_a_question_is_repeated_without_its_markup(world: World) -> None:
    first, *_ = text_of(await world.ask("**how** many\n# were arrested?")).splitlines()
    assert first == r"> \*\*how\*\* many \# were arrested?"


async def test_asking_works_in_direct_messages(world: World) -> None:
    result = await world.alice.user.slash("ask", question=ARRESTED)
    (message,) = sent(result)
    assert "**nearly 10,000**" in message.content
    card = await world.alice.user.click(message.message, label="[1]")
    assert "__nearly 10,000__" in str(sent(card)[0].embeds[0].description)
