"""What is installed from a wheel works as the checkout does."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checks import harbour

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Wheel:
    """A wheel's files, as they were installed elsewhere."""

    folder: Path
    names: frozenset[str]

    def read(self, suffix: str) -> str:
        """Return the text of the file whose name ends so."""
        (name,) = [name for name in self.names if name.endswith(suffix)]
        return (self.folder / name).read_text("utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """The wheel of the working tree, without what git ignores."""
    tmp_path = tmp_path_factory.mktemp("wheel")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "source" / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*build, "--wheel-dir", tmp_path, tmp_path / "source"], check=True, capture_output=True
    )
    (built,) = tmp_path.glob("footnote_bot-*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(tmp_path / "site")
        return Wheel(tmp_path / "site", frozenset(archive.namelist()))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """An empty folder outside the project."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def test_a_wheel_holds_the_seeds_and_the_entry_points_and_no_tests(wheel: Wheel) -> None:
    assert {"seeds/kazakhstan-blue-helmets.md", "retrieval/model/reader.onnx"} <= wheel.names
    assert not [name for name in wheel.names if name.startswith(("tests/", "bench/"))]
    entry_points = wheel.read("entry_points.txt").split()
    assert "[console_scripts] footnote = bot.__main__:main" in " ".join(entry_points)
    assert "[pytest11] footnote = footnote_pytest" in " ".join(entry_points)


def test_a_wheel_answers_from_its_own_seeds(
    wheel: Wheel, elsewhere: Path, environment: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bot", "ask", "--json", "how many were arrested?"],
        env=environment | {"PYTHONPATH": str(wheel.folder)},
        cwd=elsewhere,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert str(wheel.folder) in done.stdout
    assert "nearly 10,000" in done.stdout


def test_beside_a_wheel_pytest_collects_and_runs_a_project_s_own_questions(
    wheel: Wheel, elsewhere: Path, environment: dict[str, str]
) -> None:
    harbour.write(elsewhere)
    (elsewhere / "test_place.py").write_text(
        f"import bot.checks\n\n"
        f"def test_the_wheel_is_what_runs():\n"
        f"    assert bot.checks.__file__.startswith({str(wheel.folder)!r})\n",
        "utf-8",
    )
    paths = environment | {"PYTHONPATH": str(wheel.folder)}
    done = harbour.run_pytest(
        elsewhere, paths, "-v", "-p", "no:warnings", "--footnote-folder", "articles"
    )
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout
    assert "my.questions.yaml::How long is the swing bridge? PASSED" in done.stdout


def test_questions_beside_a_bot_of_the_projects_own_say_what_to_do(
    wheel: Wheel, elsewhere: Path, environment: dict[str, str]
) -> None:
    harbour.write(elsewhere)
    harbour.write_a_bot_of_its_own(elsewhere)
    without_the_checkout = (
        "import sys\n"
        "sys.meta_path[:] = [f for f in sys.meta_path if not f.__module__.startswith('__edit')]\n"
    )
    (elsewhere / "conftest.py").write_text(without_the_checkout, "utf-8")
    done = harbour.run_pytest(
        elsewhere,
        environment | {"PYTHONPATH": str(wheel.folder), "COLUMNS": "200"},
        "--footnote-folder", "articles", "--continue-on-collection-errors", "-p", "no:warnings",
    )  # fmt: skip
    assert f"The package bot ({elsewhere / 'bot'}) hides the one" in done.stdout, done.stdout
    assert "footnote check" in done.stdout
    assert "1 passed, 1 error" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_readme_shows_just_that() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for text in (harbour.QUESTIONS, *harbour.ARTICLES.values()):
        assert f"\n{text}```" in readme
    assert all(f"`articles/{name}`" in readme for name in harbour.ARTICLES)
    assert "$ pytest -v --footnote-folder articles" in readme
