"""The data of the benchmarks: where each set comes from, and how it is read.

None of it is part of the project; ``--data FOLDER`` says where it lies.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers.system import Document
from bench.questions import Question, load

FOLDER = Path("../shared/data")
ORIGINS = {
    "squad/squad2.0_dev_half_16articles.json.gz": "half of the dev set of SQuAD 2.0 "
    "(Rajpurkar et al. 2018), 16 articles, in its own form, gzipped",
    "squad/squad_train_union_dedup.json.gz": "paragraphs of the training set of SQuAD "
    "(Rajpurkar et al. 2016), in its own form, gzipped",
    "squad/squadshifts_new_wiki.json.gz": "SQuADShifts (Miller et al. 2020), newer Wikipedia, "
    "in SQuAD's form, gzipped",
    "squad/squadshifts_reddit.json.gz": "SQuADShifts, forum posts, gzipped",
    "squad/squadshifts_amazon_reviews.json.gz": "SQuADShifts, reviews, gzipped",
    "scifact": "SciFact (Wadden et al. 2020) in the form of BEIR, its two .jsonl files gzipped",
    "reuters/reuters.jsonl.gz": "Reuters-21578 with one object a line (id, title, date, text), "
    "gzipped",
}
"""What each file or folder is, by its path within the data folder."""


@dataclass(frozen=True)
class Claims:
    """Abstracts, and the claims that some of them bear on."""

    documents: list[Document]
    claims: dict[str, str]
    relevant: dict[str, set[str]]


def missing(folder: Path, names: Iterable[str]) -> list[str]:
    """Return a sentence for each set that is not there: what it is, and where it is looked for."""
    return [
        f"{folder / name} is missing: {ORIGINS[name]}. Fetch it, or name the folder that has it: "
        "--data FOLDER."
        for name in names
        if not (folder / name).exists()
    ]


def squad(path: Path, count: int | None = None) -> tuple[list[Document], list[Question]]:
    """Return all paragraphs of a set as documents, and ``count`` answerable questions, drawn."""
    articles, questions = load(path, sys.maxsize)
    asked = [question for question in questions if question.answers]
    random.Random(3).shuffle(asked)
    return [Document(one.id, one.title, one.text) for one in articles], asked[:count]


def scifact(folder: Path) -> Claims:
    """Return the abstracts of SciFact, and the claims of its test set."""
    relevant: dict[str, set[str]] = defaultdict(set)
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]):
                relevant[row["query-id"]].add(row["corpus-id"])
    claims = {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl.gz")}
    return Claims(
        [
            Document(row["_id"], row["title"], row["text"])
            for row in _rows(folder / "corpus.jsonl.gz")
        ],
        {key: claims[key] for key in relevant},
        dict(relevant),
    )


def reuters(path: Path) -> list[Document]:
    """Return the stories that have both a title and a text."""
    return [
        Document(row["id"], " ".join(row["title"].split()), row["text"])
        for row in _rows(path)
        if row["title"].strip() and row["text"].strip()
    ]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)
