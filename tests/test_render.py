"""What a person sees: the answer, its numbers, and each quote marked in its context."""

from __future__ import annotations

import io
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.render import CONTEXT, context, render_answer, shown
from retrieval.types import Answer, Article, Citation, Statement

TEXT = "It began at dawn. Nearly 10,000\npeople were arrested. It ended at dusk."
ARTICLE = Article(
    id="a.md", title="A day", text=TEXT, url="https://example.org/a", published=date(2022, 1, 3)
)
START, END = TEXT.index("Nearly"), TEXT.index(" It ended")
CITED = Answer(
    question="how many?",
    short="Nearly 10,000",
    statements=(Statement("Nearly 10,000 people were arrested.", (1,)),),
    citations=(Citation(ARTICLE, START, END, 1),),
)


def render(answer: Answer, *, colour: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file, width=100, force_terminal=colour, color_system="truecolor" if colour else None
    )
    render_answer(answer, console)
    return file.getvalue()


def test_plain_output_marks_the_quote_in_its_context() -> None:
    assert render(CITED).splitlines() == [
        "Nearly 10,000",
        "",
        "Nearly 10,000 people were arrested.[1] ",
        "",
        "[1] A day · 3 January 2022 · https://example.org/a",
        "    It began at dawn. >> Nearly 10,000 people were arrested. << It ended at dusk.".ljust(
            100
        ),
    ]


def test_on_a_terminal_the_quote_is_highlighted_and_not_marked() -> None:
    said = render(CITED, colour=True)
    assert ">>" not in said
    assert "\x1b[1;33m" in said
    assert "\x1b[1;4;33mNearly 10,000" in said


def test_without_an_answer_the_closest_passages_are_offered() -> None:
    answer = Answer(question="why?", closest=(Citation(ARTICLE, 0, len(TEXT), 1),))
    said = render(answer)
    assert said.startswith("The sources don't say.\nClosest passages, which may not answer:\n")
    assert "It began at dawn. Nearly 10,000 people were arrested." in said


def test_with_nothing_at_all_there_is_still_a_sentence() -> None:
    assert render(Answer(question="why?")) == "The sources don't say.\n"


def test_markup_and_direction_marks_of_a_source_do_nothing() -> None:
    text = "[red]Alarm[/red] at \u202edesrever\u202c noon."
    article = Article(id="x", title="[bold]Title[/bold]\u2066", text=text)
    said = render(
        Answer(
            question="when?",
            short="noon",
            statements=(Statement(text, (1,)),),
            citations=(Citation(article, 0, len(text), 1),),
        )
    )
    assert "[red]Alarm[/red] at desrever noon." in said
    assert "[bold]Title[/bold]" in said
    assert not set("\u202e\u202c\u2066") & set(said)


def test_no_control_character_of_a_name_is_shown() -> None:
    assert shown("esc\x1b[31mred\x07.md\n") == "esc[31mred.md"


@given(text=st.text(st.sampled_from("ab c\n."), min_size=1, max_size=900), data=st.data())
def test_context_is_what_surrounds_the_quote(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    before, after = context(Citation(Article(id="x", title="X", text=text), start, end, 1))
    plain = shown(text[:start]).removesuffix(before.removeprefix("… "))
    assert shown(text[:start]).endswith(before.removeprefix("…").strip())
    assert len(before) <= CONTEXT + 2
    assert len(after) <= CONTEXT + 2
    assert shown(text[end:]).startswith(after.removesuffix("…").strip())
    assert before.startswith("…") or plain == "" or not before
