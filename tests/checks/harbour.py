"""A project that is not ours: three articles, and questions on them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ARTICLES = {
    "bridge.md": """\
---
title: "The swing bridge of Norholm opens"
published: 2024-04-12
---

The swing bridge over the harbour of Norholm opened to traffic on Friday. It is 212 metres long
and cost 48 million euros, the harbour office said.

Nearly 3,000 people walked across it before the first car did.
""",
    "ferry.md": """\
---
title: "Ferry to Sandvik resumes"
published: 2024-05-03
---

The ferry from Norholm to Sandvik is running again, three weeks after a storm tore away the pier.
Captain Ines Maar took the first 90 passengers across on Friday morning.

The crossing takes 25 minutes. The harbour office expects about 1,150 passengers a day.
""",
    "lighthouse.txt": """\
Lighthouse keeper retires

Tomas Oberg, the last keeper of the lighthouse at Sandvik, has retired after 41 years. He has
never missed a night, he said.

The lamp has been automatic since 2019.
""",
}

QUESTIONS = """\
- question: How long is the swing bridge?
  answer: 212 metres
  source: bridge.md
- question: How many people walked across the bridge?
  answer: nearly 3,000
  source: swing bridge
  quote: before the first car did
- question: Who took the first passengers across?
  answer: [Ines Maar, Captain Ines Maar]
- question: Who designed the lighthouse?
  unanswerable: true
"""


def write(folder: Path, questions: str = QUESTIONS, name: str = "my.questions.yaml") -> None:
    """Write the articles and a file of questions."""
    (folder / "articles").mkdir(exist_ok=True)
    for article, text in ARTICLES.items():
        (folder / "articles" / article).write_text(text, "utf-8")
    (folder / name).write_text(questions, "utf-8")


def write_a_bot_of_its_own(folder: Path) -> None:
    """Give the project a package that is called as one of ours is, and a test of it."""
    (folder / "bot").mkdir()
    (folder / "bot" / "__init__.py").touch()
    (folder / "bot" / "core.py").write_text("ANSWER = 42\n", "utf-8")
    (folder / "conftest.py").touch()
    test = "from bot.core import ANSWER\n\n\ndef test_it():\n    assert ANSWER == 42\n"
    (folder / "test_core.py").write_text(test, "utf-8")


def run_pytest(
    folder: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, which knows nothing of the run that it is part of."""
    outer = {name for name in os.environ if name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder,
        env={name: value for name, value in environment.items() if name not in outer},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=200,
        check=False,
    )
