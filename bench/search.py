"""Chooses the weight of the fusion on half of the questions and reports the other half.

    python -m bench.search [--data FOLDER] [--paragraphs N] [--questions N]

Recall of the paragraph that holds the answer, over all paragraphs drawn, each an
article.  Reciprocal-rank fusion (k = 60, best weight) is measured beside ours.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.library import library
from bench.questions import Question, load
from bot import compose
from bot.settings import Settings
from retrieval import search
from retrieval.search import Ranking

SETS = (
    "squad/squad_train_union_dedup.json.gz",
    "squad/squadshifts_new_wiki.json.gz",
    "squad/squadshifts_reddit.json.gz",
)
WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
CUTS = (1, 5, 10)
RANK_CONSTANT = 60

Rankings = Sequence[tuple[Question, Ranking, Ranking]]
"""A question with what the lexical and the dense search found for it."""


def main() -> None:
    """Print a table for each set of questions."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--paragraphs", type=int, default=600)
    parser.add_argument("--questions", type=int, default=1000)
    arguments = parser.parse_args()
    console = Console()
    found = {}
    for name in SETS:
        path = arguments.data / name
        if not path.exists():
            console.print(f"{path} is missing: a SQuAD or SQuADShifts file, gzipped; see --data")
            continue
        found[name] = rank(path, arguments.paragraphs, arguments.questions)
    choosing = [row for rows in found.values() for row in rows[::2]]
    if not choosing:
        raise SystemExit(2)
    ours = max(WEIGHTS, key=lambda weight: sum(fused(choosing, weight)))
    theirs = max(WEIGHTS, key=lambda weight: sum(reciprocal(choosing, weight)))
    console.print(f"chosen on half of the questions: {ours}; shipped: {search.LEXICAL_WEIGHT}")
    for name, rows in found.items():
        table = Table("search", *(f"recall@{cut}" for cut in CUTS), title=f"{name}, other half")
        half = rows[1::2]
        for label, figures in {
            "lexical (BM25)": recall(half, [lexical for _, lexical, _ in half]),
            "dense (cosine)": recall(half, [dense for _, _, dense in half]),
            f"reciprocal rank, lexical {theirs}": reciprocal(half, theirs),
            f"score fusion, lexical {ours}": fused(half, ours),
        }.items():
            table.add_row(label, *(f"{figure:.3f}" for figure in figures))
        console.print(table)


def rank(path: Path, paragraphs: int, count: int) -> Rankings:
    """Index paragraphs and search for their questions, both ways."""
    articles, questions = load(path, paragraphs)
    asked = [question for question in questions if question.answers]
    random.Random(1).shuffle(asked)
    embedder = compose.embedder(Settings(), print)
    with library(articles, embedder) as index:
        return [
            (
                question,
                index.store.lexical(question.text, search.DEPTH),
                index.vectors.nearest(embedder.embed_query(question.text), search.DEPTH),
            )
            for question in asked[:count]
        ]


def fused(rows: Rankings, weight: float) -> list[float]:
    """Return the recall of our fusion."""
    scores = [search.fuse(lexical, dense, weight) for _, lexical, dense in rows]
    return recall(rows, [_ordered(score) for score in scores])


def reciprocal(rows: Rankings, weight: float) -> list[float]:
    """Return the recall of weighted reciprocal-rank fusion (Cormack et al., SIGIR 2009)."""
    rankings = []
    for _, lexical, dense in rows:
        scores: dict[str, float] = {}
        for ranking, share in ((lexical, weight), (dense, 1 - weight)):
            for place, (key, _) in enumerate(ranking, start=1):
                scores[key] = scores.get(key, 0.0) + share / (RANK_CONSTANT + place)
        rankings.append(_ordered(scores))
    return recall(rows, rankings)


def recall(rows: Rankings, rankings: Sequence[Ranking]) -> list[float]:
    """Return, for each of :data:`CUTS`, the share of questions whose article is that high."""
    return [
        sum(
            any(key.startswith(f"{question.article}@") for key, _ in ranking[:cut])
            for (question, _, _), ranking in zip(rows, rankings, strict=True)
        )
        / len(rows)
        for cut in CUTS
    ]


def _ordered(scores: dict[str, float]) -> Ranking:
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


if __name__ == "__main__":
    main()
