"""The pytest plugin, as another project meets it: in a folder and a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.checks import harbour

Pytest = Callable[..., subprocess.CompletedProcess[str]]

WRONG = """\
- question: How long is the swing bridge?
  answer: 212 metres
- question: How many people walked across the bridge?
  answer: nearly 4,000
  source: ferry.md
"""


@pytest.fixture
def run_pytest(tmp_path: Path, environment: dict[str, str]) -> Pytest:
    """Run pytest in the test's folder, over its articles."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return harbour.run_pytest(
            tmp_path, environment, "--footnote-folder", "articles", *arguments
        )

    return run


def outcome(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last line of pytest's output without the time it took."""
    assert "Traceback" not in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr
    return done.stdout.strip().splitlines()[-1].strip("= ").rsplit(" in ", 1)[0]


def test_each_question_is_a_test_with_its_own_name(tmp_path: Path, run_pytest: Pytest) -> None:
    harbour.write(tmp_path, name="test_my.questions.yaml")
    done = run_pytest("-v", "-p", "no:warnings")
    assert outcome(done) == "4 passed"
    assert "test_my.questions.yaml::How long is the swing bridge? PASSED" in done.stdout
    one = run_pytest("-p", "no:warnings", "test_my.questions.yaml::How long is the swing bridge?")
    assert outcome(one) == "1 passed"


def test_a_failure_shows_what_was_expected_beside_what_was_got_and_where(
    tmp_path: Path, run_pytest: Pytest
) -> None:
    harbour.write(tmp_path, WRONG)
    done = run_pytest("-p", "no:warnings", "--junit-xml", "report.xml")
    assert done.returncode == 1
    assert outcome(done) == "1 failed, 1 passed"
    page = [line.split() for line in done.stdout.splitlines()]
    for shown in (
        "“Nearly 3,000” is not the expected answer; the expected source is not cited",
        "question: How many people walked across the bridge?",
        "expected got",
        "answer nearly 4,000 Nearly 3,000",
        "source ferry.md [1] bridge.md",
        "my.questions.yaml:3",
    ):
        assert shown.split() in page
    assert "Nearly 3,000 people walked across it before" in done.stdout
    assert "retrieval/" not in done.stdout
    report = ET.parse(tmp_path / "report.xml").getroot()  # noqa: S314 - pytest's own file
    assert len(report.findall("testsuite/testcase/failure")) == 1


def test_an_expected_failure_is_one_and_a_sudden_pass_is_no_failure(
    tmp_path: Path, run_pytest: Pytest
) -> None:
    harbour.write(tmp_path, WRONG + "  xfail: counts are not read\n")
    done = run_pytest("-rx", "-p", "no:warnings")
    assert (done.returncode, outcome(done)) == (0, "1 passed, 1 xfailed")
    assert "counts are not read" in done.stdout
    harbour.write(tmp_path, harbour.QUESTIONS + "  xfail: it might be said one day\n")
    assert outcome(run_pytest("-p", "no:warnings")) == "3 passed, 1 xpassed"


def test_names_that_pytest_could_trip_over_do_no_harm(tmp_path: Path, run_pytest: Pytest) -> None:
    harbour.write(
        tmp_path,
        """\
- {question: "who won [the] cup::now?", unanswerable: true}
- {question: "who won?", unanswerable: true}
- {question: "who won?", unanswerable: true}
- {question: "who\\e[2J won \\ud800 it?", unanswerable: true}
- {question: "ไม่มี 😀?", unanswerable: true}
""",
    )
    done = run_pytest("-v", "-p", "no:warnings", "-n", "2")
    assert outcome(done) == "5 passed"
    for name in ("who won [the] cup: :now?", "who won?", "who won? (2)", "who[2J won it?"):
        assert f"my.questions.yaml::{name} " in done.stdout
    assert "\x1b" not in done.stdout
    one = run_pytest("-p", "no:warnings", "my.questions.yaml::who won [the] cup: :now?")
    assert outcome(one) == "1 passed"


def test_a_malformed_file_is_one_sentence_and_the_others_are_collected(
    tmp_path: Path, run_pytest: Pytest
) -> None:
    harbour.write(tmp_path)
    (tmp_path / "bad.questions.yaml").write_text("- question: why?\n  anwser: x\n", "utf-8")
    done = run_pytest("-p", "no:warnings", "--continue-on-collection-errors")
    assert outcome(done) == "4 passed, 1 error"
    lines = done.stdout.splitlines()
    assert "bad.questions.yaml:2: there is no key 'anwser'; did you mean 'answer'?" in lines


def test_a_folder_that_is_not_there_is_one_sentence(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    harbour.write(tmp_path)
    (tmp_path / "test_it.py").write_text("def test_it(footnote_index): pass\n", "utf-8")
    for argument in ("my.questions.yaml", "test_it.py"):
        done = harbour.run_pytest(tmp_path, environment, "--footnote-folder", "gone", argument)
        assert done.returncode != 0
        assert outcome(done).endswith("1 error")
        assert f"{tmp_path / 'gone'}" in done.stdout
        assert "During handling" not in done.stdout


def test_a_bad_setting_is_one_sentence_and_no_expected_failure(
    tmp_path: Path, run_pytest: Pytest, environment: dict[str, str]
) -> None:
    harbour.write(tmp_path, WRONG + "  xfail: counts are not read\n")
    done = harbour.run_pytest(tmp_path, environment | {"WORKERS": "many"}, "-p", "no:warnings")
    assert outcome(done) == "2 failed"
    assert "The setting WORKERS is wrong" in done.stdout


def test_fixtures_answer_and_citations_can_be_asserted(tmp_path: Path, run_pytest: Pytest) -> None:
    harbour.write(tmp_path)
    (tmp_path / "test_citations.py").write_text(
        """\
from bot.checks import assert_cites

def test_it_cites(footnote_chain):
    answer = footnote_chain.invoke("How long is the swing bridge?")
    assert_cites(answer, source="bridge.md", quote="212 metres long")

def test_it_does_not_cite(footnote_chain):
    answer = footnote_chain.invoke("How long is the swing bridge?")
    assert_cites(answer, source="ferry.md")

def test_the_index_holds_the_folder(footnote_index):
    assert len(footnote_index.store.sources()) == 3
""",
        "utf-8",
    )
    done = run_pytest("-p", "no:warnings")
    assert outcome(done) == "1 failed, 6 passed"
    assert "E       AssertionError: no citation of source 'ferry.md'" in done.stdout
    assert "[1] bridge.md: 'It is 212 metres long" in done.stdout
    assert "citing.py" not in done.stdout


def test_workers_share_an_index_and_a_change_of_the_folder_is_seen(
    tmp_path: Path, run_pytest: Pytest
) -> None:
    harbour.write(tmp_path)
    assert outcome(run_pytest("-p", "no:warnings", "-n", "2")) == "4 passed"
    kept = list((tmp_path / ".pytest_cache" / "d" / "footnote").iterdir())
    assert len(kept) == 1
    assert not (tmp_path / "library").exists()
    bridge = tmp_path / "articles" / "bridge.md"
    bridge.write_text(bridge.read_text("utf-8").replace("212", "321"), "utf-8")
    changed = run_pytest("-p", "no:warnings", "-n", "2")
    assert outcome(changed) == "1 failed, 3 passed"
    assert "321 metres" in changed.stdout
    assert list((tmp_path / ".pytest_cache" / "d" / "footnote").iterdir()) == kept


def test_without_a_cache_and_with_warnings_as_errors_it_works_and_leaves_nothing(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    harbour.write(tmp_path)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfootnote_folder = articles\nfilterwarnings = error\n", "utf-8"
    )
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONWARNINGS": "error"}
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "below").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "footnote_pytest", "-p", "no:cacheprovider", ".."],
        cwd=tmp_path / "below",
        env=environment | alone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome(done) == "4 passed"
    assert done.stderr == ""
    (tmp_path / "below").rmdir()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_data_directory_keeps_the_index_apart_from_a_library_in_it(
    tmp_path: Path, run_pytest: Pytest
) -> None:
    harbour.write(tmp_path)
    assert outcome(run_pytest("-p", "no:warnings", "--footnote-data", "data")) == "4 passed"
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["checks"]


def test_without_a_folder_the_library_of_the_settings_is_asked_and_seeded(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "my.questions.yaml").write_text(
        "- question: how many were arrested?\n  answer: nearly 10,000\n", "utf-8"
    )
    done = harbour.run_pytest(tmp_path, environment, "-p", "no:warnings")
    assert outcome(done) == "1 passed"
    assert (tmp_path / "library" / "library.db").exists()
    other = harbour.run_pytest(
        tmp_path, environment, "-p", "no:warnings", "--footnote-data", "other"
    )
    assert outcome(other) == "1 passed"
    assert (tmp_path / "other" / "library.db").exists()


def test_a_project_without_questions_pays_almost_nothing() -> None:
    listing = (
        "import sys; import pytest; before = set(sys.modules); import footnote_pytest; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    new = {name.split(".")[0] for name in done.stdout.split()}
    assert new <= {"footnote_pytest", *sys.stdlib_module_names}


AS_THE_SCRIPT = "import pytest, sys; sys.path.pop(0); sys.exit(pytest.main(sys.argv[1:]))"


@pytest.mark.parametrize("command", [["-m", "pytest"], ["-c", AS_THE_SCRIPT]])
def test_a_project_with_a_bot_of_its_own_is_let_be(
    tmp_path: Path, environment: dict[str, str], command: list[str]
) -> None:
    harbour.write_a_bot_of_its_own(tmp_path)
    done = subprocess.run(
        [sys.executable, *command, "-p", "no:warnings"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome(done) == "1 passed", done.stdout + done.stderr
