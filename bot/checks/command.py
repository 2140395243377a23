"""``footnote check``: asks the questions of files, prints what came of it, and scores it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import terminal

if TYPE_CHECKING:
    from bot.checks.questions import Row
    from bot.checks.run import Result
    from retrieval.index import Index

FAILED = 1
"""The exit code where answers are not good enough."""


def check(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE_OR_FOLDER", help="A file of questions, or a folder of *.questions.yaml."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a JUnit report, too.")
    ] = None,
    min_accuracy: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Fail only where a smaller share of the questions passes, like 0.85.",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Ask the articles of this folder, and not the library."
        ),
    ] = None,
) -> None:
    """Ask the questions of a file, and check the answers and their citations.

    Exit code 1: a question failed that is not marked with xfail;
    with --min-accuracy instead: a smaller share of the questions passed.
    """
    from bot.checks import junit as report_file
    from bot.checks.questions import find, load
    from bot.checks.scores import score

    rows = [row for file in find(path) for row in load(file)]
    if junit:
        report_file.check_place(junit)
    with _opened(folder) as index:
        results = ask(rows, index)
    scores = score(results)
    if junit:
        report_file.write(results, junit)
    if as_json:
        terminal.print_json(
            {"scores": asdict(scores), "rows": [result.to_dict() for result in results]}
        )
    else:
        from bot.checks.report import render_results, render_scores

        render_results(results, terminal.output)
        terminal.output.print()
        render_scores(scores, terminal.output)
    is_good = (
        not any(result.failed for result in results)
        if min_accuracy is None
        else (scores.accuracy or 0.0) >= min_accuracy
    )
    if not is_good:
        raise typer.Exit(FAILED)


def ask(rows: Sequence[Row], index: Index) -> list[Result]:
    """Ask each row's question of a library and judge the answers, with a progress bar."""
    from bot.checks.run import checker

    check_row = checker(index, terminal.reading_model())
    results = []
    with terminal.progress("Asking") as bar:
        for row in rows:
            results.append(check_row(row))
            bar(len(results), len(rows))
    return results


@contextmanager
def _opened(folder: Path | None) -> Iterator[Index]:
    """Open the library, or an index of a folder, which is kept beside it for the next time."""
    if folder is None:
        with terminal.library() as index:
            terminal.seed(index)
            yield index
        return
    settings = terminal.settings()
    from bot import compose
    from bot.checks.run import KEPT_IN, open_folder

    within = compose.library_dir(settings) / KEPT_IN
    embedder = compose.embedder(settings, terminal.notify)
    with terminal.progress("Reading") as bar:
        index, report = open_folder(folder, within, embedder, terminal.notify, bar)
    terminal.collect_garbage_again()
    for problem in report.problems:
        terminal.notify(f"Passed over: {problem}")
    with index:
        yield index
