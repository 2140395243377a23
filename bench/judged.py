"""Questions put to all systems in turn, and what becomes of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bench import measures, squad
from bench.datasets import Claims
from bench.peers.client import PEERS, Worker
from bench.peers.system import Found, Said
from bench.questions import Question

SHOWN = 4
"""Passages that a peer shows with an answer, as LangChain's first example does."""

LIMIT = max(measures.CUTS)
DEEPER = 30
"""Passages asked for where documents are ranked: several may be of one document."""

UNPAIRED = ("cited", "characters")
"""Measures of what is cited, which is nothing where one declines."""

Columns = Mapping[str, Mapping[str, Sequence[float]]]
"""System → measure → a value for each question."""

Step = Callable[[], None]
"""Told when a question is done."""


def retrieved(
    workers: Mapping[str, Worker], questions: Sequence[Question], step: Step
) -> tuple[Columns, Columns]:
    """Judge the first passages that each system finds, and those that a peer would show."""
    columns, shown = _columns(), _columns()
    for question, name, worker in _in_turn(questions, workers, step):
        found: list[Found] = worker.search(question.text, LIMIT).result
        ranking = [answers(one, question) for one in found]
        for cut in measures.CUTS:
            columns[name][f"recall@{cut}"].append(measures.recall(ranking, cut))
        columns[name]["MRR@10"].append(measures.reciprocal_rank(ranking))
        if name in PEERS:
            _cite(shown[name], found[:SHOWN], question)
    return columns, shown


def ranked(workers: Mapping[str, Worker], claims: Claims, step: Step) -> Columns:
    """Judge the documents that each system ranks first for each claim."""
    columns = _columns()
    for key, name, worker in _in_turn(list(claims.claims), workers, step):
        found = worker.search(claims.claims[key], DEEPER).result
        documents = list(dict.fromkeys(one.document for one in found))[:LIMIT]
        relevant = claims.relevant[key]
        columns[name]["nDCG@10"].append(measures.ndcg(documents, relevant))
        columns[name]["recall@10"].append(len(relevant.intersection(documents)) / len(relevant))
    return columns


def answered(worker: Worker, questions: Sequence[Question], step: Step) -> Columns:
    """Judge what one is told; to decline is wrong here, as each question has an answer."""
    columns = _columns()
    for question in questions:
        said: Said = worker.answer(question.text).result
        own = columns[worker.name]
        told = said.short if said.citations else ""
        own["answered"].append(float(bool(said.citations)))
        own["exact match"].append(squad.exact(told, question.answers))
        own["F1"].append(squad.f1(told, question.answers))
        _cite(own, said.citations, question)
        step()
    return columns


def confidence(
    workers: Mapping[str, Worker], questions: Sequence[Question], step: Step
) -> tuple[dict[str, list[float]], list[bool]]:
    """Return how sure each system is of each question, and which of them ours answers.

    A peer is as sure as the score of its first passage, if its scores compare.
    """
    scores: dict[str, list[float]] = defaultdict(list)
    is_answered = []
    for question, name, worker in _in_turn(questions, workers, step):
        if name in PEERS:
            first: list[Found] = worker.search(question.text, 1).result
            if first and first[0].score is not None:
                scores[name].append(first[0].score)
        else:
            said: Said = worker.answer(question.text).result
            scores[name].append(said.probability)
            is_answered.append(bool(said.citations))
    return dict(scores), is_answered


def answers(found: Found, question: Question) -> bool:
    """Tell whether a passage holds one of a question's answers, where it stands."""
    assert question.starts is not None
    places = zip(question.starts, question.answers, strict=True)
    return found.document == question.article and any(
        found.start <= start and start + len(words) <= found.end for start, words in places
    )


def summary(columns: Columns, own: str) -> dict[str, Any]:
    """Return the mean of each measure, and by how much ``own`` is ahead of each peer."""
    return {
        "systems": {
            name: {measure: round(float(np.mean(values)), 4) for measure, values in one.items()}
            for name, one in columns.items()
        },
        "ahead": {
            name: {
                measure: [round(end, 4) for end in measures.mean_difference(ours, theirs[measure])]
                for measure, ours in columns[own].items()
                if measure in theirs and measure not in UNPAIRED
            }
            for name, theirs in columns.items()
            if name in PEERS
        },
    }


def _cite(own: dict[str, list[float]], cited: Sequence[Found], question: Question) -> None:
    """Note whether what is cited holds the answer, and how many characters one has to read."""
    right = sum(answers(one, question) for one in cited)
    if cited:
        own["cited"].append(right / len(cited))
    own["found"].append(float(right > 0))
    own["characters"].append(float(sum(one.end - one.start for one in cited)))


def _columns() -> dict[str, dict[str, list[float]]]:
    return defaultdict(lambda: defaultdict(list))


def _in_turn(
    questions: Sequence[Any], workers: Mapping[str, Worker], step: Step
) -> Iterator[tuple[Any, str, Worker]]:
    """Yield every question with every system; each question begins with another one."""
    names = list(workers)
    for number, question in enumerate(questions):
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            yield question, name, workers[name]
        step()
