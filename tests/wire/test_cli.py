"""The command line as a person or a program meets it: a process of its own."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from bot import compose
from bot.settings import Settings
from retrieval.types import Answer
from tests.wire.conftest import Footnote

CITATION_KEYS = {
    "number", "source", "title", "url", "published", "path", "start", "end", "quote",
    "page",
    "also",
}  # fmt: skip


def test_the_first_question_indexes_the_seeds_and_is_answered(footnote: Footnote) -> None:
    done = footnote("ask", "how many were arrested?")
    assert done.returncode == 0
    assert done.stdout.startswith("nearly 10,000\n")
    assert "[1] " in done.stdout
    quoted = " ".join(done.stdout.split(">> ")[1].split(" <<")[0].split())
    assert "nearly 10,000" in quoted
    assert "14 added" in " ".join(done.stderr.split())
    again = footnote("ask", "how many were arrested?")
    assert again.stdout == done.stdout
    assert again.stderr == ""


def test_every_citation_in_json_can_be_checked_against_show(footnote: Footnote) -> None:
    done = footnote("ask", "--json", "How many people were killed in the unrest in Kazakhstan?")
    answer = json.loads(done.stdout)
    assert set(answer) == {
        "question", "answered", "short", "text", "statements", "citations", "closest",
        "notice",
    }  # fmt: skip
    assert answer["answered"] is True
    assert answer["closest"] == []
    assert [s["citations"] for s in answer["statements"]] == [[1]]
    assert answer["text"] == answer["statements"][0]["text"] + "[1]"
    for citation in answer["citations"]:
        assert set(citation) == CITATION_KEYS
        text = footnote("show", citation["source"]).stdout
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_what_the_sources_do_not_say_is_not_answered(footnote: Footnote) -> None:
    done = footnote("ask", "who won the World Cup?")
    assert done.returncode == 0
    assert done.stdout.startswith("The sources don't say.\n")
    assert "Closest passages" in done.stdout
    answer = json.loads(footnote("ask", "--json", "who won the World Cup?").stdout)
    assert answer["answered"] is False
    assert answer["short"] is None
    assert answer["statements"] == answer["citations"] == []
    assert 1 <= len(answer["closest"]) <= 3
    assert set(answer["closest"][0]) == CITATION_KEYS


def test_questions_line_by_line_come_back_in_order_from_one_process(footnote: Footnote) -> None:
    questions = ["how many were arrested?", "", "who won the World Cup?", "x" * 20_000]
    done = footnote("ask", "--json", "-", stdin="\n".join(questions) + "\n")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["question"] for answer in answers] == questions
    assert [answer["answered"] for answer in answers] == [True, False, False, False]
    assert "empty" in answers[1]["error"]
    assert "20,000 characters" in answers[3]["error"]
    assert done.returncode == 2


def test_a_library_is_synced_listed_shown_and_removed(footnote: Footnote, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.md").write_text("---\ntitle: A\npublished: 2024-05-03\n---\nOne.\n", "utf-8")
    (folder / "b.txt").write_text("Two.", "utf-8")
    report = json.loads(footnote("sync", str(folder), "--json").stdout)
    assert (report["added"], report["passages"], report["problems"]) == (2, 2, [])
    assert report["seconds"] > 0
    sources = json.loads(footnote("sources", "--json").stdout)
    assert sources == [
        {
            "id": "a.md",
            "title": "A",
            "url": None,
            "path": str(folder / "a.md"),
            "published": "2024-05-03",
            "passages": 1,
        },
        {
            "id": "b.txt",
            "title": "b",
            "url": None,
            "path": str(folder / "b.txt"),
            "published": None,
            "passages": 1,
        },
    ]
    assert footnote("show", "a.md").stdout == "One.\n"
    extra = tmp_path / "extra.txt"
    extra.write_text("Three.", "utf-8")
    assert json.loads(footnote("add", str(extra), "--json").stdout)["added"] == 1
    removed = footnote("remove", "b.txt")
    assert removed.returncode == 0
    assert "1 removed" in removed.stdout
    listed = footnote("sources").stdout
    assert "extra.txt" in listed
    assert "b.txt" not in listed


def test_a_source_cannot_reach_the_terminal_or_the_markup(
    footnote: Footnote, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "evil.txt").write_text(
        "Evil [bold]news\n\nThe \x1b[31mred\x1b[0m door [link=http://x]opened[/link] at \u202e9.\n",
        "utf-8",
    )
    footnote("sync", str(folder))
    done = footnote("ask", "when did the red door open?")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "[link=http://x]" in done.stdout


def test_help_and_the_second_question_stay_light(footnote: Footnote) -> None:
    def imported(*arguments: str) -> set[str]:
        done = footnote(*arguments, PYTHONPROFILEIMPORTTIME="1")
        assert done.returncode == 0
        return {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}

    heavy = {
        "torch",
        "sentence_transformers",
        "transformers",
        "chromadb",
        "langchain_core",
        "numpy",
        "prompt_toolkit",
    }
    assert not heavy & imported("--help")
    footnote("ask", "how many were arrested?")
    assert not {"torch", "sentence_transformers", "transformers"} & imported("ask", "who?")


def test_no_command_shows_the_help(footnote: Footnote) -> None:
    assert "Usage: footnote" in footnote("--help").stdout
    assert footnote("nonsense").returncode == 2


def test_reindex_makes_the_articles_of_discord_servers_anew_too(
    footnote: Footnote, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "library")
    libraries = compose.libraries(settings, lambda _: None)
    libraries.add_file("77", "ferry.md", b"The ferry of Lund carried 4,812 passengers.")
    libraries.close()
    done = footnote("reindex", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["unchanged"] == 15
    assert libraries.answer("How many passengers did the ferry carry?", "77").short == "4,812"
    libraries.close()


def test_reindex_goes_on_after_a_server_whose_library_is_damaged(
    footnote: Footnote, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "library")
    with closing(compose.libraries(settings, lambda _: None)) as libraries:
        for server in ("77", "78"):
            libraries.add_file(server, "ferry.md", b"The ferry of Lund carried 4,812 passengers.")
    (tmp_path / "library" / "servers" / "77" / "library.db").write_bytes(b"no database" * 99)
    done = footnote("reindex", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["unchanged"] == 15
    assert "77" in report["problems"][0]
    assert "is damaged" in report["problems"][0]


def test_forget_removes_all_that_is_kept_of_a_server(footnote: Footnote, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "library")
    with closing(compose.libraries(settings, lambda _: None)) as libraries:
        for server in ("77", "78"):
            libraries.add_file(server, "ferry.md", b"The ferry of Lund carried 4,812 passengers.")
    with closing(compose.records(settings)) as records:
        given = records.keep(Answer("how many?"), "77")
        assert footnote("forget", "77").stdout == "Nothing of the server 77 is kept any more.\n"
        assert records.given(given) is None
    assert compose.servers(settings) == ["78"]
    assert not (tmp_path / "library" / "servers" / "77").exists()
    assert footnote("forget", "../78").returncode == 2
    assert compose.servers(settings) == ["78"]


def test_feedback_lists_what_people_voted_on(footnote: Footnote, tmp_path: Path) -> None:
    assert footnote("feedback").stdout == "No answer has been voted on yet.\n"
    assert json.loads(footnote("feedback", "--json").stdout) == []
    records = compose.records(Settings(_env_file=None, data_dir=tmp_path / "library"))
    records.vote(records.keep(Answer("who won?"), "77"), "ann", is_good=False)
    records.close()
    assert footnote("feedback").stdout.splitlines()[:2] == [
        "+0 −1  who won?", "    The sources don't say.",
    ]  # fmt: skip
    (row,) = json.loads(footnote("feedback", "--json").stdout)
    assert (row["question"], row["server"], row["good"], row["bad"]) == ("who won?", "77", 0, 1)
