"""Each line of the security page names tests, and they exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (?!---|.*\| shown by \|)", line)]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def defined(path: Path) -> set[str]:
    """Return the names of the tests in a file, in classes too."""
    functions = ast.FunctionDef, ast.AsyncFunctionDef
    return {
        node.name for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, functions)
    }  # fmt: skip


def test_each_line_of_the_security_page_names_a_test() -> None:
    assert len(ROWS) > 30
    assert not [row for row in ROWS if not re.search(r"`tests/[\w/]+\.py::test_\w+`", row)]


def test_each_test_that_the_security_page_names_exists() -> None:
    assert not [
        f"{file}::{name}"
        for file, name in NAMED
        if not (ROOT / file).exists() or name not in defined(ROOT / file)
    ]
