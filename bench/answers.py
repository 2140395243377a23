"""Asks the questions of a file over the seed articles, and counts what comes back.

    python -m bench.answers [QUESTIONS.yaml] [--wrong]

Accuracy of the answers, of their sources, and of saying nothing; ``--wrong``
lists every question that went wrong.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

import seeds
from bot import compose
from bot.settings import Settings
from retrieval import sync
from retrieval.index import Index
from retrieval.types import Answer

QUESTIONS = Path(__file__).parent.parent / "tests" / "questions" / "seeds.questions.yaml"
OUTCOMES = ("right", "wrong answer", "wrong source", "abstained", "should have abstained")


def judge(row: dict[str, Any], answer: Answer) -> str:
    """Return which of :data:`OUTCOMES` an answer is.

    An answer is right if the expected words stand in a quote of an expected
    source, and a short answer, where one is given, contradicts none of them.
    """
    if row.get("unanswerable"):
        return "should have abstained" if answer.answered else "right"
    if not answer.answered:
        return "abstained"
    if not {c.article.id for c in answer.citations} & set(_list(row["source"])):
        return "wrong source"
    expected = [words.casefold() for words in _list(row["answer"])]
    quotes = " ".join(citation.quote for citation in answer.citations).casefold()
    short = (answer.short or "").casefold()
    is_said = any(words in quotes for words in expected)
    fits = not short or any(words in short or short in words for words in expected)
    return "right" if is_said and fits else "wrong answer"


def _list(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def main() -> None:
    """Print a table of outcomes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("questions", type=Path, nargs="?", default=QUESTIONS)
    parser.add_argument("--wrong", action="store_true")
    arguments = parser.parse_args()
    rows = yaml.safe_load(arguments.questions.read_text("utf-8"))
    embedder = compose.embedder(Settings(), print)
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), embedder) as index:
        sync.seed(index, seeds.FOLDER)
        answers = compose.chain(index).batch([row["question"] for row in rows])
    judged = [(row, a, judge(row, a)) for row, a in zip(rows, answers, strict=True)]
    if arguments.wrong:
        for row, answer, outcome in judged:
            if outcome != "right":
                console.print(f"{outcome}: {row['question']}", markup=False)
                console.print(
                    f"    expected {row.get('answer')}, got {answer.short!r}: {answer.text}",
                    markup=False,
                    style="dim",
                )
    table = Table("questions", "count", *OUTCOMES)
    for name, is_unanswerable in (("answerable", False), ("unanswerable", True)):
        outcomes = [o for row, _, o in judged if bool(row.get("unanswerable")) is is_unanswerable]
        counts = [f"{outcomes.count(outcome)}" for outcome in OUTCOMES]
        table.add_row(name, str(len(outcomes)), *counts)
    console.print(table)
    abstained = [row for row, answer, _ in judged if not answer.answered]
    unanswerable = [row for row in rows if row.get("unanswerable")]
    rightly = sum(bool(row.get("unanswerable")) for row in abstained)
    console.print(
        f"accuracy {sum(o == 'right' for _, _, o in judged) / len(judged):.3f}; abstention: "
        f"precision {rightly / max(1, len(abstained)):.3f}, "
        f"recall {rightly / max(1, len(unanswerable)):.3f}"
    )
    citations = [c for _, answer, _ in judged for c in (*answer.citations, *answer.closest)]
    true = sum(c.article.text[c.start : c.end] == c.quote for c in citations)
    console.print(f"citations true to the byte: {true} of {len(citations)}")


if __name__ == "__main__":
    main()
