"""The parts of a session that need no terminal: what it answers, completes, explains and marks."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from bot import compose
from bot.commands import COMMANDS, CommandError, obey
from bot.pager import emphasised, page, print_all
from bot.render import json_line, masked, shown, shown_lines
from bot.repl import converse, label, understood
from bot.session import Session, State
from bot.settings import Settings
from bot.suggestions import suggestions, titles
from bot.why import reason
from bot.work import at_once
from retrieval.chain import Explanation, Pipeline
from retrieval.errors import SourceError
from retrieval.index import Index
from retrieval.question import Query
from retrieval.reader import PASSAGES_READ, Considered
from retrieval.search import Search
from retrieval.store import Source
from retrieval.types import Answer, Article, Citation, Claim, Draft, Hit, Passage, Span, Statement
from tests.sites import Reply, Site

ARTICLE = Article(id="a.md", title="A day", text="Ten came. Two left.")
CAME = Span(ARTICLE, 0, 9)
HIT = Hit(Passage(ARTICLE, 0, 19, 0), 0.5)
ANSWER = Answer(
    question="how many came?",
    short="Ten",
    statements=(Statement("Ten came.", (1,)),),
    citations=(Citation(ARTICLE, 0, 9, 1),),
)
STEERING = "\x1b]52;c;aGk=\x07\x9b6;66H\u202e\u2066"


def a_session(index: Index, output: Console) -> Session:
    settings = Settings(_env_file=None)
    return compose.session(settings, index, output, at_once, partial(print_all, output))


def held(index: Index, *lines: str) -> tuple[str, str, bool]:
    """Return what a session over some lines prints, what it complains of, and whether all went."""
    said, complained = io.StringIO(), io.StringIO()
    waiting = iter(lines)
    session = replace(a_session(index, Console(file=said, width=100)), echoes=True)
    went = converse(session, lambda _: next(waiting, None), Console(file=complained, width=200))
    return said.getvalue(), complained.getvalue(), went


def test_the_last_answer_is_what_commands_are_about(seeded: Index) -> None:
    said, complained, went = held(
        seeded, "who won the World Cup?", "how many were arrested?", "/show [1]", "/json"
    )
    assert went, complained
    assert ">> The unrest has killed at least 164 people, and nearly 10,000" in said
    assert json.loads(said.splitlines()[-2])["short"] == "nearly 10,000"


def test_what_cannot_be_done_is_told_and_changes_nothing(seeded: Index) -> None:
    _, complained, went = held(
        seeded, "/why", "/show 1", "how many were arrested?", "/show 9",
        "/show zebra", "/add",
        "/add ~no-such-user/x", "/source earthquake", "/source zebra", "/frobnicate", "/show 1",
    )  # fmt: skip
    assert not went
    assert [line.split(";")[0] for line in complained.splitlines()] == [
        "Nothing was asked yet",
        "Nothing was asked yet",
        "There is no footnote 9",
        "No article has 'zebra' in its title",
        "Say what to add: /add and the path of a file or folder, or an address.",
        "There is no such user as in ~no-such-user/x",
        "'earthquake' fits 2 articles (morocco-earthquake-first-count.md, "
        "morocco-earthquake-later-count.md)",
        "No article has 'zebra' in its title",
        "There is no command /frobnicate",
    ]


def test_a_number_too_long_to_count_is_no_footnote(seeded: Index) -> None:
    _, complained, _ = held(seeded, "how many were arrested?", "/show " + "9" * 5000)
    assert "9" * 5000 in complained.replace("\n", "")


def test_the_words_that_everyone_types_are_commands(seeded: Index) -> None:
    said, complained, went = held(seeded, "HELP", "exit", "how many were arrested?")
    assert went, complained
    assert "/source" in said
    assert "10,000" not in said


def test_each_line_of_what_is_pasted_is_asked(seeded: Index) -> None:
    said, complained, went = held(seeded, "how many were arrested?\nwho won at Wimbledon?\n")
    assert went, complained
    assert "nearly 10,000" in said
    assert "Carlos Alcaraz" in said


def test_a_new_conversation_keeps_the_article_but_not_the_answer(seeded: Index) -> None:
    said, complained, _ = held(
        seeded, "/source kazakhstan", "how many were arrested?", "/new", "/json", "how many died?"
    )
    assert "Nothing was asked yet" in complained
    assert "→" not in said
    assert "Kazakhstan" in said.split("how many died?")[1]


def test_lines_after_quit_are_not_read(seeded: Index) -> None:
    assert "→" not in held(seeded, "/exit", "how many were arrested?")[0]
    assert held(seeded, "/exit", "how many were arrested?")[0].strip() == ""


def test_a_path_may_be_in_quotes_or_escaped_as_in_a_shell(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "the ferry.txt"
    path.write_text("The ferry of Lund carried 4,812 passengers.", "utf-8")
    for written in (f"{path}", f"'{path}'", f"{path}".replace(" ", "\\ ")):
        said, complained, went = held(index, f"/add {written}")
        assert went, complained
        assert "1 article" in said
    assert [source.title for source in index.store.sources()] == ["the ferry"]


def test_a_folder_with_a_bad_file_says_which(index: Index, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("It rained.", "utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\0\1\2")
    said, _, _ = held(index, f"/add {tmp_path}")
    assert "1 added" in said
    assert "Passed over: " in said
    assert "bad.txt" in said


def test_a_page_is_added_by_its_address_which_is_its_id(index: Index, site: Site) -> None:
    text = "The ferry of Lund carried 4,812 passengers in the summer of 2019."
    site.routes["/ferry"] = Reply(text.encode())
    address = f"{site.url}/ferry"
    session = a_session(index, Console(file=io.StringIO()))
    with pytest.raises(SourceError, match="not on the public internet"):
        obey(session, State(), f"/add {address}")
    session = replace(session, allow_private_urls=True)
    for _ in range(2):
        obey(session, State(), f"/add {address}#top")
    assert [(source.id, source.url) for source in index.store.sources()] == [(address, address)]
    assert compose.pipeline(index)("how many passengers did the ferry carry?").short == "4,812"


def test_every_command_is_in_the_help(seeded: Index) -> None:
    said, _, _ = held(seeded, "/help")
    assert [name for name in COMMANDS if f"\n{name} " not in said] == []


@pytest.mark.parametrize(
    ("typed", "meant"), [("/shwo", "/show"), ("/sorces", "/sources"), ("/WYH 1", "/why")]
)
def test_the_nearest_command_is_named(seeded: Index, typed: str, meant: str) -> None:
    with pytest.raises(CommandError, match=f"did you mean {meant}\\?"):
        obey(a_session(seeded, Console(file=io.StringIO())), State(), typed)


def completed(session: Session, line: str, state: State | None = None) -> list[str]:
    """Return the lines that a line may be completed to."""
    found = suggestions(session, state or State(), line)
    return [line[: len(line) - one.replaces] + one.text for one in found]


def test_what_a_line_may_be_completed_to(seeded: Index, tmp_path: Path) -> None:
    session = a_session(seeded, Console(file=io.StringIO()))
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a.txt").touch()
    (tmp_path / f"a{STEERING.replace('/', '')}.txt").touch()
    (tmp_path / ".hidden").touch()
    assert completed(session, "how many") == []
    assert completed(session, "/so") == ["/sources", "/source"]
    assert "/quit" in completed(session, "/")
    assert completed(session, "/source WIMB") == [
        "/source Alcaraz ends Djokovic's reign at Wimbledon in five sets"
    ]
    assert completed(session, "/source  maui-wildfires-l") == [
        "/source  One year on, Maui remembers the 102 dead of the Lahaina fire"
    ]
    assert completed(session, "/show ", State(answer=ANSWER)) == ["/show 1"]
    assert completed(session, "/show ") == []
    assert completed(session, "/why ") == []
    assert completed(session, "/nonsense x") == []
    assert completed(session, f"/add {tmp_path}/a") == [
        f"/add {tmp_path}/a folder/", f"/add {tmp_path}/a.txt",
    ]  # fmt: skip
    assert completed(session, f"/add {tmp_path}/.h") == [f"/add {tmp_path}/.hidden"]
    assert completed(session, f"/add {tmp_path}/none/x") == []


def listed(article_id: str, title: str) -> Source:
    return Source(article_id, title, None, None, None, "added", "", 1)


def test_an_article_that_its_title_does_not_name_is_offered_by_its_id() -> None:
    sources = [
        listed("b.md", "Rain"), listed("a.md", "Rain"), listed("c.md", f"Evil{STEERING}"),
        listed(f"d{STEERING}.md", f"Evil{STEERING}"), listed("e.md", "In the rain"),
    ]  # fmt: skip
    assert [one.text for one in titles(sources, "")] == ["b.md", "a.md", "c.md", "In the rain"]
    assert [one.text for one in titles(sources, "rain")] == ["b.md", "a.md", "In the rain"]


def test_the_prompt_names_the_article_in_few_characters() -> None:
    assert label(State()) == "footnote"
    assert label(State(only=listed("a.md", f"Rain{STEERING}"))) == "[Rain]52;c;aGk=6;66H]"
    assert label(State(only=listed("a.md", "The quick brown fox jumps"))) == (
        "[The quick brown fox…]"
    )


def test_a_follow_up_is_shown_as_it_was_understood() -> None:
    assert understood(Query("how many?")) == "→ how many?"
    assert understood(Query("how many?", f"Floods{STEERING[:4]}")) == "→ Floods]52: how many?"


@pytest.mark.parametrize(
    ("explanation", "said"),
    [
        (Explanation(Answer("why?"), ()), "no passage was found"),
        (Explanation(Answer("why?"), (HIT,)), "decided from 1 passage; no figures"),
        (Explanation(Answer("why?"), (HIT,), (), 0.1), "nothing in the passages"),
        (
            Explanation(Answer("why?"), (HIT,), (Considered(CAME, 0.0123),), 0.1),
            "of 1 sentence read, the likeliest answers with a probability of 1.2%, and 10.0% is",
        ),
        (
            Explanation(Answer("why?"), (HIT,), (Considered(CAME, 0.5),), 0.1),
            "50.0%, which is enough, but its quote does not hold all",
        ),
        (
            Explanation(
                Answer("why?"), (HIT,), (Considered(CAME, 0.02), Considered(CAME, 0.03)), 0.1
            ),
            "of 2 sentences read, the likeliest answers with a probability of 3.0%, and 10.0% is",
        ),
        (
            Explanation(ANSWER, (HIT,), (Considered(CAME, 0.4), Considered(CAME, 0.5)), 0.1),
            "the one given answers with a probability of 40.0%, where 10.0% is enough; one has "
            "50.0%, but its passage fits the question less.",
        ),
        (
            Explanation(ANSWER, (HIT,), (Considered(CAME, 0.5),), 0.1),
            "Of 1 sentence read, the one given is the likeliest to answer: 50.0%, where 10.0% is "
            "enough.",
        ),
    ],
)
def test_the_reason_is_one_true_sentence(explanation: Explanation, said: str) -> None:
    told = reason(explanation)
    assert said in told
    assert told.endswith(".")


def test_an_explanation_is_of_the_answer_that_is_given(seeded: Index) -> None:
    pipeline = compose.pipeline(seeded)
    for question in ("how many were arrested?", "who won the World Cup?"):
        explanation = pipeline.explain(question)
        assert explanation.answer == pipeline(question)
        assert explanation.threshold is not None
        enough = [one.probability >= explanation.threshold for one in explanation.considered]
        assert enough == sorted(enough, reverse=True)
        best = explanation.considered[0]
        assert explanation.answer.answered == (best.probability >= explanation.threshold)
        for citation in explanation.answer.citations[:1]:
            assert citation.quote == best.span.text
        passages = [hit.passage for hit in explanation.hits]
        for one in explanation.considered:
            assert any(
                passage.article == one.span.article
                and passage.start <= one.span.start
                and one.span.end <= passage.end
                for passage in passages
            )


def test_an_answerer_that_keeps_no_account_is_explained_by_its_passages(seeded: Index) -> None:
    def first_words(question: str, hits: Sequence[Hit]) -> Draft:
        passage = hits[0].passage
        span = Span(passage.article, passage.start, passage.end)
        return Draft(question, (Claim(span.text, (span,)),))

    explanation = Pipeline(Search(seeded), first_words).explain("how many were arrested?")
    assert explanation.answer.answered
    assert len(explanation.hits) == PASSAGES_READ
    assert (explanation.considered, explanation.threshold) == ((), None)


def test_each_step_is_told_before_it_begins(seeded: Index) -> None:
    steps: list[str] = []
    compose.pipeline(seeded)("how many were arrested?", None, steps.append)
    assert steps == ["Searching", "Reading"]


def test_a_mark_is_a_colour_or_a_pair_of_arrows() -> None:
    text = Text("one two three")
    assert emphasised(text, (4, 7), in_colour=False).plain == "one >> two << three"
    coloured = emphasised(text, (4, 7), in_colour=True)
    assert coloured.plain == "one two three"
    assert [(span.start, span.end) for span in coloured.spans] == [(4, 7)]
    assert text.spans == []


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_text_is_printed_where_no_pager_can_be_had(is_terminal: bool) -> None:
    console = Console(file=io.StringIO(), width=20, height=5, force_terminal=is_terminal)
    with console.capture() as captured:
        page(console, "no-such-pager", Text("line\n" * 50), (100, 104))
    assert captured.get().count("line") == 50


@given(text=st.text())
def test_no_character_that_steers_a_terminal_is_shown(text: str) -> None:
    steering = set(map(chr, [*range(9), *range(11, 32), *range(127, 160), 0x202E, 0x2066, 0xD800]))
    for made in (shown(text), shown_lines(text), masked(text), json_line(text)):
        assert not set(made) & steering
    assert len(masked(text)) == len(text)
    assert json.loads(json_line(text)) == text
    assert shown_lines(text).count("\n") == text.count("\n")
