"""What is installed from a wheel works as the checkout does."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_a_wheel_answers_from_its_own_seeds(tmp_path: Path, environment: dict[str, str]) -> None:
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", ROOT, source], check=True, capture_output=True)
    for path in ("pyproject.toml", "README.md", "LICENSE"):
        (source / path).write_bytes((ROOT / path).read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", tmp_path, source], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("footnote_bot-*.whl")
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(installed)
    assert "seeds/kazakhstan-blue-helmets.md" in names
    assert "retrieval/reader.json" in names
    assert not [name for name in names if name.startswith(("tests/", "bench/"))]
    entry = next(name for name in names if name.endswith("entry_points.txt"))
    assert "footnote = bot.__main__:main" in (installed / entry).read_text("utf-8")

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bot", "ask", "--json", "how many were arrested?"],
        env=environment | {"PYTHONPATH": os.pathsep.join([str(installed)])},
        cwd=elsewhere,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert str(installed) in done.stdout
    assert "nearly 10,000" in done.stdout
