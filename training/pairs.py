"""Pairs of a question and its answering sentence become paragraphs, marked by a reader.

The file has the form of ReQA SQuAD: questions, sentences, and the questions' numbers,
which follow the order of the articles.  Sentences that stand near each other there
come from the same page, so a few of them in a row resemble a paragraph with one
that answers and others on the same subject.  Which words of the sentence answer is
not told: a reader that was trained without these pairs marks them, and a pair whose
sentence it doubts most is left out.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from retrieval.spans import Read, Titled
from retrieval.types import fold_space
from training.corpora import Paragraph, Question

PAIRS = "reqa_squad_train"
SENTENCES = 5
"""Sentences of a paragraph."""
DOUBTED = 0.2
"""Share of the pairs that is left out."""


def load(data: Path, read: Read, known: frozenset[str]) -> list[Paragraph]:
    """Return paragraphs with the questions that are not ``known``.

    Raises:
        FileNotFoundError: if the file is not under ``data``.
    """
    with gzip.open(data / "squad" / f"{PAIRS}.json.gz", "rt", encoding="utf-8") as file:
        rows = json.load(file)
    asked: dict[str, dict[str, None]] = defaultdict(dict)
    triples = zip(rows["question_ids"], rows["questions"], rows["answers"], strict=True)
    for _, question, sentence in sorted(triples):
        asked[fold_space(sentence)][fold_space(question)] = None
    marked = _mark([(q, s) for s, some in asked.items() for q in some if q not in known], read)
    return list(_paragraphs(list(asked), marked))


def _mark(
    pairs: Sequence[tuple[str, str]], read: Read
) -> dict[str, list[tuple[str, tuple[int, int]]]]:
    """Return for a sentence its questions with the offsets of the answers in it."""

    def best(pair: tuple[str, str]) -> tuple[float, str, str, tuple[int, int]]:
        question, sentence = pair
        found = next(read(question, [Titled("", sentence)])).spans[0]
        return found.margin, question, sentence, (found.start, found.end)

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(best, pairs))
    marked = defaultdict(list)
    for _, question, sentence, offsets in found[int(DOUBTED * len(found)) :]:
        marked[sentence].append((question, offsets))
    return marked


def _paragraphs(
    sentences: Sequence[str], marked: dict[str, list[tuple[str, tuple[int, int]]]]
) -> Iterator[Paragraph]:
    for first in range(0, len(sentences), SENTENCES):
        questions = []
        text = ""
        for sentence in sentences[first : first + SENTENCES]:
            text += " " if text else ""
            questions += [
                Question(question, question, ((len(text) + start, len(text) + end),))
                for question, (start, end) in marked.get(sentence, ())
            ]
            text += sentence
        yield Paragraph(PAIRS, f"{PAIRS}/{first}", "", text, tuple(questions))
