"""What is nested or long without end is read, or refused in a sentence; it takes neither time nor
memory without end.

Each input is parsed in a process of its own, which may have 2 GB and a minute of processor time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PARSE = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from retrieval.errors import FootnoteError
path = Path(sys.argv[1])
try:
    if path.name.endswith(".yaml"):
        from bot.checks.questions import load
        found = str(len(load(path)))
    else:
        from retrieval.intake import read
        found = read(path, path.name).text[:20]
    print("read", ascii(found))
except FootnoteError as error:
    assert len(str(error).splitlines()) == 1
    print("refused")
"""

DEEP = {
    "a.html": "<html><body><article>" + "<div>" * 10_000 + "It rained. " * 50,
    "b.html": "<html><body>" + "<b>" * 10_000 + "It rained. " * 50 + "</b>" * 10_000,
    "c.html": "<table><tr><td>" * 10_000 + "It rained.",
    "d.md": "> " * 10_000 + "It rained.",
    "e.md": "".join("  " * depth + "- x\n" for depth in range(1_000)),
    "f.md": "[" * 10_000 + "It rained." + "](x)" * 10_000,
    "g.md": "*" * 20_000 + "It rained." + "_" * 20_000,
    "h.md": "---\ntitle: " + "[" * 10_000 + "]" * 10_000 + "\n---\nIt rained.",
    "i.questions.yaml": "[" * 10_000 + "]" * 10_000,
    "j.questions.yaml": "- question: " + "{a: " * 10_000 + "}" * 10_000,
}
LONG = {
    "k.txt": "word " * 1_900_000,
    "l.txt": "x" * 9_900_000,
    "m.md": "*a " * 300_000,
    "n.html": "<p>" + "word " * 1_900_000,
    "o.md": "---\ntitle: " + "x" * 9_000_000 + "\n---\nIt rained.",
    "p.txt": "x" * 50_000_000,
    "q.questions.yaml": "- question: how many?\n  answer: " + "9" * 2_000_000,
}
BOMBS = {
    "r.md": "---\na: &a [x, x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{f'*{chr(97 + n)}, ' * 9}]\n" for n in range(12))
    + "---\nIt rained.",
    "s.questions.yaml": "- &a [x, x]\n"
    + "".join(f"- &{chr(98 + n)} [{f'*{chr(97 + n)}, ' * 9}]\n" for n in range(12)),
}


def parsed(folder: Path, name: str, text: str) -> str:
    """Return what a process of its own says of a file."""
    (folder / name).write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PARSE, name],
        cwd=folder, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1_000:]
    return done.stdout


@pytest.mark.parametrize("name", DEEP)
def test_what_is_nested_ten_thousand_deep_is_read_or_refused(name: str, tmp_path: Path) -> None:
    assert parsed(tmp_path, name, DEEP[name]).startswith(("read", "refused"))


@pytest.mark.parametrize("name", LONG)
def test_a_line_without_end_is_read_or_refused(name: str, tmp_path: Path) -> None:
    assert parsed(tmp_path, name, LONG[name]).startswith(("read", "refused"))


@pytest.mark.parametrize("name", BOMBS)
def test_aliases_that_grow_are_refused(name: str, tmp_path: Path) -> None:
    assert parsed(tmp_path, name, BOMBS[name]) == "refused\n"
