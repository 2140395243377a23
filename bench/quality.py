"""Measures what is found and what is answered, beside what people would use instead.

    python -m bench.quality [--data FOLDER] [--questions N] [--sets NAME ...]

Each set of paragraphs is a library: a question is right at a place if the passage there
holds one of its answers, at its offsets.  All systems get the same documents and the same
questions, in turn.  The figures go to ``bench/results/quality.json``, and the picture that
is drawn from it to ``docs/img``.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from bench import datasets, judged, measures, pictures, results
from bench.estimate import Bar, bar
from bench.peers import client
from bench.peers.client import LABELS, PEERS, indexed
from bench.peers.system import Document
from bench.questions import Question

DEV = "SQuAD 2.0, dev"
"""The only set that the reader was not trained on; on the others the search alone is measured.

SQuAD's training set is left out: the weight of the fusion was chosen on it too.
"""

SCIFACT = "SciFact"
SETS = {
    DEV: "squad/squad2.0_dev_half_16articles.json.gz",
    "new Wikipedia": "squad/squadshifts_new_wiki.json.gz",
    "forum posts": "squad/squadshifts_reddit.json.gz",
    "reviews": "squad/squadshifts_amazon_reviews.json.gz",
    SCIFACT: "scifact",
}
QUESTIONS = 400
SEARCHES = ("footnote", *PEERS)
SURE = ("reading", "quickstart", "chroma", "txtai")
"""Systems whose scores compare between questions."""

DOCUMENT_SECONDS = {"footnote": 0.017, "quickstart": 0.036, "chroma": 0.041, "txtai": 0.035}
QUESTION_SECONDS = 0.3
READING_SECONDS = 0.2
"""What things take on two processors, about: the bar goes by it."""


def main() -> None:
    """Print the tables, and write the figures and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=datasets.FOLDER)
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="of a set, at most")
    parser.add_argument("--sets", nargs="+", choices=SETS, help="only these; nothing is saved")
    arguments = parser.parse_args()
    chosen = arguments.sets or list(SETS)
    gaps = datasets.missing(arguments.data, [SETS[name] for name in chosen]) + client.missing()
    if gaps:
        parser.exit(2, "\n".join(gaps) + "\n")
    console = Console(highlight=False)
    figures = measure(arguments.data, chosen, arguments.questions, console)
    for table in tables(figures):
        console.print(table)
    if not arguments.sets:
        more = [] if arguments.questions == QUESTIONS else ["--questions", arguments.questions]
        results.save("quality", results.command("bench-quality", more), figures)
        pictures.draw("quality")


def measure(folder: Path, chosen: Sequence[str], count: int, console: Console) -> dict[str, Any]:
    """Return all figures, by table, set, system and measure."""
    sets = {name: datasets.squad(folder / SETS[name], count) for name in chosen if name != SCIFACT}
    claims = datasets.scifact(folder / SETS[SCIFACT]) if SCIFACT in chosen else None
    sizes = {name: (len(documents), len(asked)) for name, (documents, asked) in sets.items()}
    if claims:
        sizes[SCIFACT] = len(claims.documents), len(claims.claims)
    figures: dict[str, Any] = {"retrieval": {}}
    with bar(console, sum(_seconds(name, *size) for name, size in sizes.items())) as shown:
        for name, (documents, asked) in sets.items():
            facts = {"documents": len(documents), "questions": len(asked)}
            found, told = _library(name, documents, asked, shown)
            figures["retrieval"][name] = facts | judged.summary(found, "footnote")
            if name == DEV:
                figures["answers"] = facts | judged.summary(told, "reading")
                figures["abstention"] = abstention(documents, asked, shown)
        if claims:
            tell = _indexing(SCIFACT, claims.documents, shown)
            with indexed(SEARCHES, claims.documents, tell) as (workers, _):
                step = shown.step(f"{SCIFACT}: asking", QUESTION_SECONDS)
                figures["scifact"] = {
                    "documents": len(claims.documents),
                    "claims": len(claims.claims),
                } | judged.summary(judged.ranked(workers, claims, step), "footnote")
    return figures


def _library(
    name: str, documents: Sequence[Document], asked: Sequence[Question], shown: Bar
) -> tuple[judged.Columns, judged.Columns]:
    """Return what is found in a library of a set, and what one is told of it."""
    systems = (*SEARCHES, "reading") if name == DEV else SEARCHES
    with indexed(systems, documents, _indexing(name, documents, shown)) as (workers, _):
        step = shown.step(f"{name}: asking", QUESTION_SECONDS)
        found, shown_by_peers = judged.retrieved(workers, asked, step)
        if name != DEV:
            return found, {}
        step = shown.step(f"{name}: answering", READING_SECONDS)
        told = judged.answered(workers["reading"], asked, step)
    return found, {**told, **shown_by_peers}


def abstention(
    documents: Sequence[Document], asked: Sequence[Question], shown: Bar
) -> dict[str, Any]:
    """Take a third of the documents out, and see whose questions are told from the others."""
    draw = random.Random(11)
    kept = [document for document in documents if draw.random() > 1 / 3]
    present = {document.id for document in kept}
    there = [question.article in present for question in asked]
    with indexed(("footnote", *SURE), kept, _indexing("abstention", kept, shown)) as (workers, _):
        sure = {name: workers[name] for name in SURE}
        step = shown.step("abstention: asking", QUESTION_SECONDS)
        scores, is_answered = judged.confidence(sure, asked, step)
    declined = [not one for one in is_answered]
    rightly = sum(not here and no for here, no in zip(there, declined, strict=True))
    return {
        "questions": len(asked),
        "absent": there.count(False),
        "area": {name: round(float(roc_auc_score(there, own)), 4) for name, own in scores.items()},
        "ahead": {
            name: [
                round(end, 4)
                for end in measures.area_difference(there, scores["reading"], scores[name])
            ]
            for name in scores
            if name in PEERS
        },
        "precision": round(rightly / max(1, sum(declined)), 4),
        "recall": round(rightly / max(1, there.count(False)), 4),
    }


def _indexing(name: str, documents: Sequence[Document], shown: Bar) -> Callable[[str], None]:
    """Return what shows that a system begins to index a set."""

    def tell(system: str) -> None:
        seconds = len(documents) * DOCUMENT_SECONDS[system]
        shown.stage(f"{name}: indexing, {LABELS[system]}", seconds)

    return tell


def tables(figures: Mapping[str, Any]) -> list[Table]:
    """Return the figures as tables for the terminal."""
    named = {
        f"{name}: {one['documents']:,} documents, {one['questions']:,} questions": one
        for name, one in figures["retrieval"].items()
    }
    if "scifact" in figures:
        one = figures["scifact"]
        named[f"{SCIFACT}: {one['documents']:,} documents, {one['claims']} claims"] = one
    if "answers" in figures:
        named[f"{DEV}: what one is told (Footnote), or shown (4 passages)"] = figures["answers"]
    found = [table for title, one in named.items() for table in _two_tables(title, one)]
    return [*found, _abstention(figures["abstention"])] if "abstention" in figures else found


def _two_tables(title: str, one: Mapping[str, Any]) -> list[Table]:
    columns = list(dict.fromkeys(name for row in one["systems"].values() for name in row))
    means = Table("system", *columns, title=title)
    for name, row in one["systems"].items():
        cells = [f"{row[column]:.4g}" if column in row else "–" for column in columns]
        means.add_row(LABELS[name], *cells)
    compared = list(dict.fromkeys(name for row in one["ahead"].values() for name in row))
    ahead = Table("ahead of", *compared)
    for name, row in one["ahead"].items():
        ahead.add_row(LABELS[name], *(_interval(row[column]) for column in compared))
    return [means, ahead]


def _abstention(one: Mapping[str, Any]) -> Table:
    title = f"{one['absent']} of {one['questions']} questions whose article was taken out"
    table = Table("system", "area", "Footnote ahead", "precision", "recall", title=title)
    for name, area in one["area"].items():
        ahead = one["ahead"].get(name)
        own = [f"{one[part]:.3f}" for part in ("precision", "recall")]
        cells = [_interval(ahead), "–", "–"] if ahead else ["", *own]
        table.add_row(LABELS[name], f"{area:.3f}", *cells)
    return table


def _interval(ahead: Sequence[float]) -> str:
    difference, low, high = ahead
    return f"{difference:+.3f} ({low:+.3f}, {high:+.3f})"


def _seconds(name: str, documents: int, asked: int) -> float:
    """Return about how long a set takes."""
    once = documents * sum(DOCUMENT_SECONDS.values()) + asked * QUESTION_SECONDS
    if name != DEV:
        return once
    again = documents * sum(DOCUMENT_SECONDS.values()) * 2 / 3 + asked * QUESTION_SECONDS
    return once + again + asked * READING_SECONDS


if __name__ == "__main__":
    main()
