"""Fits the offline answerer: the weights of its signs, and when it says nothing.

    python -m bench.calibrate --data FOLDER [--write]

Of each set of questions a third of the articles is left out of the library, so
that their questions have no answer there; questions marked unanswerable count as
such too.  Small libraries are asked besides, also in the short way of a chat.
Half of the questions fit, the other half is reported.  The threshold is the one
that declines nine of ten questions whose article is not there.  ``--write``
replaces ``retrieval/reader.json``.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bench.questions import Question, load
from bot import compose
from bot.settings import Settings
from retrieval import terms
from retrieval.embedding import Embedder, Vectors
from retrieval.index import Index
from retrieval.reader import Calibration, Candidate, SentenceReader, Signs
from retrieval.search import Search
from retrieval.types import Article

SETS = {
    "squad/squad_train_union_dedup.json.gz": 700,
    "squad/squad2.0_dev_otherhalf_RECONSTRUCTED.json.gz": 300,
    "squad/squadshifts_new_wiki.json.gz": 300,
    "nq/nq-open-oracle.jsonl.gz": 900,
}
"""Files of questions, and how many paragraphs of each are used."""

QUESTIONS = 900
DECLINED = 0.9
"""The share of questions whose article is not there that the threshold has to decline."""

SMALL_LIBRARIES, SMALL = 25, 6
"""How many small libraries are made of each set, and of how many paragraphs."""

_ASKING = re.compile(
    r"\b(?:how (?:many|much|long|old|far)|who|when|where|why|how|wh(?:at|ich)(?: year| country)?)\b"
)
SIGNS = [field.name for field in fields(Signs)]
READER_JSON = Path(__file__).parent.parent / "retrieval" / "reader.json"


@dataclass(frozen=True)
class Reading:
    """A question whose candidates were looked at: is it answerable, and which of them answer."""

    is_answerable: bool
    was_taken_out: bool
    candidates: Sequence[Candidate]
    answers: Sequence[bool]

    def signs(self) -> NDArray[np.float64]:
        """Return the signs, of shape (candidates, signs)."""
        return np.array([astuple(c.signs) for c in self.candidates]).reshape(-1, len(SIGNS))


def main() -> None:
    """Fit, report, and write the calibration if told to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    missing = [name for name in SETS if not (arguments.data / name).exists()]
    if missing:
        parser.error(f"{arguments.data} lacks {', '.join(missing)}; see bench/questions.py, --data")
    embedder = compose.embedder(Settings(), print)
    readings = {name: read(arguments.data / name, n, embedder) for name, n in SETS.items()}
    fitting = [reading for found in readings.values() for reading in found[::2]]
    testing = [reading for found in readings.values() for reading in found[1::2]]
    calibration = fit(fitting)
    print(calibration)
    for name, found in [*readings.items(), ("all", testing)]:
        print(name, report(calibration, found if name == "all" else found[1::2]))
    if arguments.write:
        facts = {
            "weights": {name: round(w, 3) for name, w in calibration.weights.items()},
            "intercept": round(calibration.intercept, 3),
            "threshold": round(calibration.threshold, 3),
        }
        READER_JSON.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def read(path: Path, paragraphs: int, embedder: Embedder) -> list[Reading]:
    """Return the candidates of some questions of a file, over one library and many small ones."""
    articles, questions = load(path, paragraphs)
    draw = random.Random(5)
    kept = [article for article in articles if draw.random() > 1 / 3]
    draw.shuffle(questions)
    encode = _remembering(embedder)
    readings = _ask(kept, questions[:QUESTIONS], embedder, encode)
    for start in range(0, SMALL_LIBRARIES * SMALL, SMALL):
        small = kept[start : start + SMALL]
        present = {article.id for article in small}
        inside = [question for question in questions if question.article in present][:4]
        outside = [question for question in questions if question.article not in present]
        some = inside + draw.sample(outside, len(inside))
        short = [replace(question, text=shorten(question.text, draw)) for question in some]
        readings += _ask(small, some + short, embedder, encode)
    return readings


def shorten(question: str, draw: random.Random) -> str:
    """Return a question as one types it in a chat: ``"how many troops arrived?"``."""
    content = list(dict.fromkeys(terms.content_words(question)))
    kept = set(draw.sample(content, min(len(content), draw.choice((1, 2, 3)))))
    asking = _ASKING.search(question.lower())
    return " ".join(filter(None, [asking and asking[0], *(w for w in content if w in kept)])) + "?"


def _remembering(embedder: Embedder) -> Callable[[Sequence[str]], Vectors]:
    known: dict[str, Vectors] = {}

    def encode(texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, embedder.encode(new), strict=True))
        return np.stack([known[text] for text in texts])

    return encode


def _ask(
    articles: Sequence[Article],
    questions: Sequence[Question],
    embedder: Embedder,
    encode: Callable[[Sequence[str]], Vectors],
) -> list[Reading]:
    present = {article.id for article in articles}
    with tempfile.TemporaryDirectory() as folder, Index(Path(folder), embedder) as index:
        index.put(articles)
        search = Search(index)
        reader = SentenceReader(encode, search.frequencies, Calibration.load())
        return [
            _reading(question, present, reader.candidates(question.text, search(question.text)))
            for question in questions
        ]


def _reading(question: Question, present: set[str], candidates: Sequence[Candidate]) -> Reading:
    answers = [
        candidate.span.article.id == question.article and question.is_answered_by(candidate.span)
        for candidate in candidates
    ]
    return Reading(
        bool(question.answers) and question.article in present,
        question.article not in present,
        candidates,
        answers,
    )


def fit(readings: Sequence[Reading]) -> Calibration:
    """Return a logistic regression over all candidates, and the threshold for :data:`DECLINED`."""
    signs = np.concatenate([reading.signs() for reading in readings])
    answers = np.concatenate([np.array(reading.answers, dtype=bool) for reading in readings])
    model = LogisticRegression(C=10, max_iter=2000).fit(signs, answers)
    weights = dict(zip(SIGNS, map(float, model.coef_[0]), strict=True))
    unset = Calibration(weights, float(model.intercept_[0]), 0.0)
    taken_out = [_best(unset, reading)[0] for reading in readings if reading.was_taken_out]
    return Calibration(weights, unset.intercept, float(np.quantile(taken_out, DECLINED)))


def _best(calibration: Calibration, reading: Reading) -> tuple[float, bool]:
    """Return the probability of the best candidate, and whether it answers."""
    return max(
        (
            (calibration.probability(candidate.signs), is_answer)
            for candidate, is_answer in zip(reading.candidates, reading.answers, strict=True)
        ),
        default=(0.0, False),
    )


def report(calibration: Calibration, readings: Sequence[Reading]) -> str:
    """Return a line of figures."""
    best = [_best(calibration, reading) for reading in readings]
    probability = np.array([p for p, _ in best])
    right = np.array([is_answer for _, is_answer in best])
    answerable = np.array([reading.is_answerable for reading in readings])
    out = np.array([reading.was_taken_out for reading in readings])
    answered = probability >= calibration.threshold
    seen = answerable | out
    return (
        f"{len(readings)} questions, {answerable.sum()} answerable: sentence right "
        f"{right[answerable].mean():.3f}; area, article out "
        f"{roc_auc_score(answerable[seen], probability[seen]):.3f}, all "
        f"{roc_auc_score(answerable, probability):.3f}; at {calibration.threshold:.3f}: "
        f"answered {answered[answerable].mean():.3f} of the answerable, right "
        f"{right[answered].mean():.3f} of the answered; abstention precision "
        f"{(~answerable)[~answered].mean():.3f}, recall, article out "
        f"{(~answered)[out].mean():.3f}, all {(~answered)[~answerable].mean():.3f}"
    )


if __name__ == "__main__":
    main()
