"""Asks the questions of a file over the seed articles, and scores what comes back.

    python -m bench.answers [QUESTIONS] [--wrong]

The same as ``footnote check QUESTIONS --folder seeds``, with a count of the citations
that are true to the byte; ``--wrong`` lists the questions that went wrong.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import seeds
from bot import compose, terminal
from bot.checks.command import ask
from bot.checks.judge import is_true
from bot.checks.questions import find, load
from bot.checks.report import render_results, render_scores
from bot.checks.run import open_folder
from bot.checks.scores import score
from bot.settings import Settings
from retrieval.writer import ignore

QUESTIONS = Path(__file__).parent.parent / "tests" / "questions"


def main() -> None:
    """Print the scores."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("questions", type=Path, nargs="?", default=QUESTIONS)
    parser.add_argument("--wrong", action="store_true")
    arguments = parser.parse_args()
    rows = [row for file in find(arguments.questions) for row in load(file)]
    embedder = compose.embedder(Settings(), print)
    with tempfile.TemporaryDirectory() as place:
        index, _ = open_folder(seeds.FOLDER, Path(place), embedder, print, ignore)
        with index:
            results = ask(rows, index)
            stored = index.store.articles(source.id for source in index.store.sources())
    if arguments.wrong:
        render_results([result for result in results if not result.passed], terminal.output)
    render_scores(score(results), terminal.output)
    citations = [c for r in results for c in (*r.answer.citations, *r.answer.closest)]
    true = sum(is_true(citation, stored) for citation in citations)
    terminal.output.print(f"citations true to the byte: {true} of {len(citations)}")


if __name__ == "__main__":
    main()
