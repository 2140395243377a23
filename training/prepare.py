"""Cuts the training sets into passages, and finds for each question what might mislead.

    python -m training.prepare [--data FOLDER] [--out FOLDER]

Passages are cut as the index cuts them.  For each question the passages that our own
search ranks best are kept as negatives, if none of the answers is in them; not for our
own questions, most of which their paragraph itself does not answer.  Some articles are
held out of the training, for calibration.  Pairs of a question and a sentence are marked
by the reader that is installed (:mod:`training.pairs`).
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.library import library
from bot import compose
from bot.settings import Settings
from retrieval import reading_model
from retrieval.search import Search
from retrieval.types import Article, Hit, Passage, fold_space
from training import corpora, pairs
from training.corpora import Paragraph, Question

SEED = 20
HELD_OUT = {corpora.SQUAD: 2, corpora.WIKI: 4, corpora.AMAZON: 20, corpora.REDDIT: 100}
HELD_OUT |= {corpora.OTHER_HALF: 4, corpora.NQ: 150, corpora.REPORTS: 30, pairs.PAIRS: 0}
SEARCHED, KEPT = 30, 8
_SHORTEST_ANSWER = 4


def main() -> None:
    """Write ``training.jsonl.gz`` and ``held-out.jsonl.gz``."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("training/work"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    training, held = paragraphs(arguments.data)
    for name, some in {"held-out": held, "training": training}.items():
        path = arguments.out / f"{name}.jsonl.gz"
        scratch = path.with_suffix(".part")
        with gzip.open(scratch, "wt", encoding="utf-8") as file:
            for row in _rows(some):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        scratch.replace(path)
        print(f"{path}: {sum(len(p.questions) for p in some)} questions")


def paragraphs(data: Path) -> tuple[list[Paragraph], list[Paragraph]]:
    """Return the paragraphs to train on, and those that are held out; none of the evaluation's."""
    loaded = _loaded(data)
    known = frozenset(question.text for p in loaded for question in p.questions)
    return _parted(data, loaded + pairs.load(data, reading_model.shipped().read, known))


def held_out(data: Path) -> list[Paragraph]:
    """Return the paragraphs that are held out; quicker than :func:`paragraphs`, no pair is."""
    return _parted(data, _loaded(data))[1]


def _loaded(data: Path) -> list[Paragraph]:
    return [p for corpus in corpora.TRAINING for p in corpora.load(data, corpus)]


def _parted(data: Path, loaded: Sequence[Paragraph]) -> tuple[list[Paragraph], list[Paragraph]]:
    evaluated = {_folded(p.text) for p in corpora.load(data, corpora.EVALUATION)}
    kept = [p for p in loaded if _folded(p.text) not in evaluated]
    held = _held_out(kept)
    return [p for p in kept if p.group not in held], [p for p in kept if p.group in held]


def _held_out(paragraphs: Sequence[Paragraph]) -> set[str]:
    """Draw the articles of each set that are not trained on."""
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for paragraph in paragraphs:
        groups[paragraph.corpus][paragraph.group] = None
    draw = random.Random(SEED)
    return {
        group
        for corpus, known in groups.items()
        for group in draw.sample(sorted(known), HELD_OUT[corpus])
    }


def _rows(paragraphs: Sequence[Paragraph]) -> Iterable[dict[str, Any]]:
    """Yield a row for each question; ``own`` are its paragraph's passages, with the answers.

    The first row of all holds the passages, (title, text), that the others name by number.
    """
    articles = [
        Article(id=f"p{n:05}", title=paragraph.title or "Untitled", text=paragraph.text)
        for n, paragraph in enumerate(paragraphs)
    ]
    embedder = compose.embedder(Settings(), print)
    with library(articles, embedder) as index:
        cut = [index.cut(article) for article in articles]
        numbers = {
            passage.key: n for n, passage in enumerate(p for passages in cut for p in passages)
        }
        yield {
            "passages": [
                [paragraph.title, passage.text]
                for paragraph, passages in zip(paragraphs, cut, strict=True)
                for passage in passages
            ]
        }
        search = Search(index)
        asked = [(n, q) for n, paragraph in enumerate(paragraphs) for q in paragraph.questions]

        def mislead(asked: tuple[int, Question]) -> list[Hit]:
            return [] if asked[1].is_own else search(asked[1].text, SEARCHED)

        with ThreadPoolExecutor(2) as pool:
            found = pool.map(mislead, asked)
            for (n, question), hits in zip(asked, found, strict=True):
                own = {numbers[p.key]: _within(question, p) for p in cut[n]}
                misleading = [
                    numbers[hit.passage.key]
                    for hit in hits
                    if hit.passage.article.id != articles[n].id
                    and not _answers(question, articles[n].text, hit.passage)
                ]
                yield {
                    "corpus": corpora.OWN if question.is_own else paragraphs[n].corpus,
                    "question": question.text,
                    "own": {str(number): spans for number, spans in own.items()},
                    "negatives": misleading[:KEPT],
                }


def _within(question: Question, passage: Passage) -> list[list[int]]:
    """Return the answers that lie in a passage, as offsets into its text."""
    return [
        [start - passage.start, end - passage.start]
        for start, end in question.answers
        if passage.start <= start and end <= passage.end
    ]


def _answers(question: Question, text: str, passage: Passage) -> bool:
    """Tell whether a passage may hold an answer: its words, if there are enough of them."""
    words = _folded(passage.text)
    answers = {_folded(text[start:end]) for start, end in question.answers}
    return any(answer in words for answer in answers if len(answer) >= _SHORTEST_ANSWER)


def _folded(text: str) -> str:
    return fold_space(text.casefold())


if __name__ == "__main__":
    main()
