"""``footnote check``: a table, JSON, a JUnit report, and an exit code that CI can go by."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.checks import harbour
from tests.wire.conftest import Footnote

WRONG = """\
- question: How many people walked across the bridge?
  answer: nearly 4,000
"""
KNOWN = WRONG + "  xfail: counts are not read\n"


def test_right_answers_make_a_table_scores_and_exit_code_0(
    footnote: Footnote, tmp_path: Path
) -> None:
    harbour.write(tmp_path)
    done = footnote("check", "my.questions.yaml", "--folder", "articles")
    assert done.returncode == 0, done.stdout
    assert sum(line.startswith("✓") for line in done.stdout.splitlines()) == 4
    assert "4 of 4 pass: 3 of 3 with an answer, 1 of 1 without" in done.stdout
    assert [line for line in done.stdout.splitlines() if line.endswith(" 1.000")]
    assert done.stderr == ""


def test_a_folder_means_all_files_in_it_and_its_index_is_kept_and_renewed(
    footnote: Footnote, tmp_path: Path
) -> None:
    harbour.write(tmp_path)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "more.questions.yaml").write_text(WRONG, "utf-8")
    (tmp_path / "library").mkdir()
    done = footnote("check", ".", "--folder", "articles")
    assert done.returncode == 1
    assert "4 of 5 pass" in done.stdout
    assert "“Nearly 3,000” is not the" in done.stdout
    assert "more.questions.yaml:1" in done.stdout
    assert [path.name for path in (tmp_path / "library").iterdir()] == ["checks"]
    bridge = tmp_path / "articles" / "bridge.md"
    bridge.write_text(bridge.read_text("utf-8").replace("Nearly 3,000", "Nearly 4,000"), "utf-8")
    assert footnote("check", "deep", "--folder", "articles").returncode == 0
    assert len(list((tmp_path / "library" / "checks").iterdir())) == 1


def test_without_a_folder_the_library_is_asked_and_seeded_on_first_use(
    footnote: Footnote, tmp_path: Path
) -> None:
    path = tmp_path / "seeds.questions.yaml"
    path.write_text("- question: how many were arrested?\n  answer: nearly 10,000\n", "utf-8")
    done = footnote("check", "seeds.questions.yaml")
    assert done.returncode == 0
    assert "14 added" in " ".join(done.stderr.split())


def test_json_is_one_object_with_scores_and_rows(footnote: Footnote, tmp_path: Path) -> None:
    harbour.write(tmp_path, WRONG + harbour.QUESTIONS)
    done = footnote("check", "my.questions.yaml", "--folder", "articles", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert set(report) == {"scores", "rows"}
    assert report["scores"]["accuracy"] == 0.8
    assert report["scores"]["abstention_recall"] == 1.0
    row = report["rows"][0]
    assert (row["file"], row["line"], row["passed"]) == ("my.questions.yaml", 1, False)
    assert row["reasons"] == ["“Nearly 3,000” is not the expected answer"]
    assert row["expected"]["answer"] == ["nearly 4,000"]
    (citation,) = row["got"]["citations"]
    assert citation["source"] == "bridge.md"


@pytest.mark.parametrize(
    ("questions", "options", "code"),
    [
        (WRONG, [], 1),
        (KNOWN, [], 0),
        (KNOWN, ["--min-accuracy", "0.1"], 1),
        (WRONG + harbour.QUESTIONS, ["--min-accuracy", "0.8"], 0),
        (WRONG + harbour.QUESTIONS, ["--min-accuracy", "0.81"], 1),
        (WRONG, ["--min-accuracy", "0"], 0),
        (WRONG, ["--min-accuracy", "85"], 2),
    ],
)
def test_the_exit_code_says_whether_the_answers_are_good_enough(
    footnote: Footnote, tmp_path: Path, questions: str, options: list[str], code: int
) -> None:
    harbour.write(tmp_path, questions)
    done = footnote("check", "my.questions.yaml", "--folder", "articles", *options)
    assert done.returncode == code, done.stdout + done.stderr


def test_a_junit_report_names_file_and_line_of_what_failed(
    footnote: Footnote, tmp_path: Path
) -> None:
    harbour.write(tmp_path, harbour.QUESTIONS + WRONG)
    footnote("check", "my.questions.yaml", "--folder", "articles", "--junit", "report.xml")
    cases = ET.parse(tmp_path / "report.xml").getroot().findall("testsuite/testcase")  # noqa: S314
    assert len(cases) == 5
    (failed,) = [case for case in cases if case.find("failure") is not None]
    assert (failed.attrib["file"], failed.attrib["line"]) == ("my.questions.yaml", "12")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.yaml"], "gone.yaml cannot be read"),
        (["articles"], "articles holds no questions"),
        (["bad.questions.yaml"], "bad.questions.yaml:2: there is no key 'anwser'"),
        (["my.questions.yaml", "--folder", "gone"], "gone is not a folder"),
        (["my.questions.yaml", "--junit", "gone/report.xml"], "There is no folder gone"),
        (["a" * 300], "File name too long"),
        (["my.questions.yaml", "--junit", f"{'a' * 300}/report.xml"], "There is no folder aaa"),
        (["my.questions.yaml", "--folder", "a" * 300], "File name too long"),
    ],
)
def test_bad_input_is_one_sentence(
    footnote: Footnote, tmp_path: Path, arguments: list[str], said: str
) -> None:
    harbour.write(tmp_path)
    bad = "- question: why?\n  anwser: because\n"
    (tmp_path / "bad.questions.yaml").write_text(bad, "utf-8")
    done = footnote("check", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("footnote: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.rglob("checks")), "nothing is made for what is not there"
