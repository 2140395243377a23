"""Fits what follows the model: the weights of the signs, and when nothing is said.

    python -m training.calibrate [--data FOLDER] [--model FOLDER] [--keep] [--write]

Asks the questions that were held out of the training.  A third of the articles is left
out of the library, so that their questions have no answer there; questions marked
unanswerable count as such too.  Small libraries are asked besides, also in the short
way of a chat.  Half of the questions fit, the other half is reported.  The threshold is
the one that declines :data:`DECLINED` of the questions whose article is not there.
``--write`` puts all into ``reader.json``, beside the model.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from sklearn.metrics import roc_auc_score

from bench.library import library
from bench.questions import Question
from bot import compose
from bot.settings import Settings
from retrieval import spans, terms
from retrieval.calibration import Calibration, Signs
from retrieval.embedding import Embedder
from retrieval.reader import FEWEST, Candidate, Reader
from retrieval.reading_model import FOLDER, load_reading_model
from retrieval.search import Search
from retrieval.types import Article
from training import corpora
from training.prepare import held_out

CORPORA = frozenset({corpora.SQUAD, corpora.WIKI, corpora.OTHER_HALF, corpora.NQ, corpora.REPORTS})
"""Not the forum posts and reviews: their questions do not say which one they are about."""

QUESTIONS = 1_800
DECLINED = 0.92
"""The share of questions whose article is not there that the threshold has to decline."""

_VARIANCE = 10.0
"""Of the weights, as expected beforehand: a ridge, that no weight goes astray."""

SMALL_LIBRARIES, SMALL = 60, FEWEST
"""How many small libraries are made, and of how many paragraphs."""

_ASKING = re.compile(
    r"\b(?:how (?:many|much|long|old|far)|who|when|where|why|how|wh(?:at|ich)(?: year| country)?)\b"
)
SIGNS = [field.name for field in fields(Signs)]


@dataclass(frozen=True)
class Asked:
    """A question whose candidates were looked at: is it answerable, and which of them answer."""

    corpus: str
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
    parser.add_argument("--model", type=Path, default=FOLDER)
    parser.add_argument("--write", action="store_true")
    parser.add_argument(
        "--keep", action="store_true", help="the weights that the model has: fit the rest alone"
    )
    arguments = parser.parse_args()
    found = ask_all(arguments.data, arguments.model)
    kept: Mapping[str, float] = {}
    if arguments.keep:
        kept = load_reading_model(str(arguments.model), FOLDER).calibration.weights
    calibration = fit(found[::2], kept)
    print(calibration)
    for corpus in sorted({one.corpus for one in found}):
        print(corpus, report(calibration, [one for one in found[1::2] if one.corpus == corpus]))
    print("all", report(calibration, found[1::2]))
    leads = [one.candidates[0].signs.lead for one in found if any(one.answers)]
    print(f"mean lead where the passage that answers is found: {np.mean(leads):.2f}")
    if arguments.write:
        path = arguments.model / "reader.json"
        facts = json.loads(path.read_text("utf-8")) | {
            "weights": {name: round(w, 3) for name, w in calibration.weights.items()},
            "intercept": round(calibration.intercept, 3),
            "threshold": round(calibration.threshold, 3),
            "behind": round(calibration.behind, 3),
        }
        path.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def ask_all(data: Path, model: Path) -> list[Asked]:
    """Ask what was held out: of one library, and of many small ones."""
    articles, questions = [], []
    kept_apart = [one for one in held_out(data) if one.corpus in CORPORA]
    for number, paragraph in enumerate(kept_apart):
        title = paragraph.title or paragraph.text[:60]
        article = Article(id=f"p{number:05}", title=title, text=paragraph.text)
        articles.append(article)
        for question in paragraph.questions:
            words = tuple(paragraph.text[a:b] for a, b in question.answers)
            starts = tuple(a for a, _ in question.answers)
            one = Question(question.text, article.id, words, starts)
            questions.append((paragraph.corpus, one))
    draw = random.Random(5)
    kept = [article for article in articles if draw.random() > 1 / 3]
    draw.shuffle(questions)
    embedder = compose.embedder(Settings(), print)
    read = spans.load(model)
    found = _ask(kept, questions[:QUESTIONS], embedder, read)
    for start in range(0, SMALL_LIBRARIES * SMALL, SMALL):
        small = kept[start : start + SMALL]
        present = {article.id for article in small}
        inside = [pair for pair in questions if pair[1].article in present][:4]
        outside = [pair for pair in questions if pair[1].article not in present]
        some = inside + draw.sample(outside, len(inside))
        short = [(corpus, replace(q, text=shorten(q.text, draw))) for corpus, q in some]
        found += _ask(small, some + short, embedder, read)
    draw.shuffle(found)
    return found


def shorten(question: str, draw: random.Random) -> str:
    """Return a question as one types it in a chat: ``"how many troops arrived?"``."""
    content = list(dict.fromkeys(terms.content_words(question)))
    kept = set(draw.sample(content, min(len(content), draw.choice((1, 2, 3)))))
    asking = _ASKING.search(question.lower())
    return " ".join(filter(None, [asking and asking[0], *(w for w in content if w in kept)])) + "?"


def _ask(
    articles: Sequence[Article],
    questions: Sequence[tuple[str, Question]],
    embedder: Embedder,
    read: spans.Read,
) -> list[Asked]:
    present = {article.id for article in articles}
    with library(articles, embedder) as index:
        search = Search(index)
        reader = Reader(read, embedder.encode, search.frequencies, Calibration({}, 0.0, 0.0))
        return [
            _asked(corpus, question, present, reader.candidates(question.text, found))
            for corpus, question in questions
            for found in [search(question.text, 12)]
        ]


def _asked(
    corpus: str, question: Question, present: set[str], candidates: Sequence[Candidate]
) -> Asked:
    answers = [
        candidate.span.article.id == question.article and question.is_answered_by(candidate.span)
        for candidate in candidates
    ]
    is_there = question.article in present
    return Asked(corpus, bool(question.answers) and is_there, not is_there, candidates, answers)


def fit(found: Sequence[Asked], kept: Mapping[str, float]) -> Calibration:
    """Return a logistic regression over all candidates, settled; some weights may be kept."""
    signs = np.concatenate([one.signs() for one in found])
    answers = np.concatenate([np.array(one.answers, dtype=bool) for one in found])
    fitted = [name for name in SIGNS if name not in kept]
    free = np.column_stack([signs[:, [SIGNS.index(name) for name in fitted]], np.ones(len(signs))])
    given = signs @ [kept.get(name, 0.0) for name in SIGNS]
    towards = np.where(answers, 1, -1)

    def surprise(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        against = -towards * (given + free @ weights)
        loss = np.logaddexp(0, against).sum() + weights[:-1] @ weights[:-1] / (2 * _VARIANCE)
        slope = free.T @ (-towards * expit(against))
        return float(loss), slope + np.append(weights[:-1], 0) / _VARIANCE

    *weights, intercept = minimize(surprise, np.zeros(len(fitted) + 1), jac=True).x.tolist()
    own = dict(zip(fitted, weights, strict=True))
    return settle(Calibration({**kept, **own}, intercept, 0.0), found)


def settle(calibration: Calibration, found: Sequence[Asked]) -> Calibration:
    """Return these weights with the threshold and the order that go with them.

    The threshold declines :data:`DECLINED` of the questions whose article is not there.
    What the search weighs in the order makes the candidates that answer the likeliest
    choice among those of their question (a conditional logit: McFadden, 1974).
    """
    taken_out = [probability(calibration, one) for one in found if one.was_taken_out]
    threshold = float(np.quantile(taken_out, DECLINED))
    choices = [
        (
            np.array([[calibration.rank(c.signs, 0.0), -c.behind] for c in one.candidates]),
            np.array(one.answers, dtype=bool),
        )
        for one in found
        if any(one.answers)
    ]

    def surprise(scale: NDArray[np.float64]) -> float:
        ranked = [(both @ scale, answers) for both, answers in choices]
        return sum(float(logsumexp(ranks) - logsumexp(ranks[answers])) for ranks, answers in ranked)

    by_signs, by_search = minimize(surprise, [1.0, 1.0], method="Nelder-Mead").x
    return replace(calibration, threshold=threshold, behind=float(by_search / by_signs))


def probability(calibration: Calibration, one: Asked) -> float:
    """Return how probable it is that any of the candidates answers: the best of them."""
    return max((calibration.probability(some.signs) for some in one.candidates), default=0.0)


def is_right(calibration: Calibration, one: Asked) -> bool:
    """Tell whether the candidate that would be said first answers."""
    ranked = (
        (calibration.rank(candidate.signs, candidate.behind), is_answer)
        for candidate, is_answer in zip(one.candidates, one.answers, strict=True)
    )
    return max(ranked, default=(0.0, False))[1]


def report(calibration: Calibration, found: Sequence[Asked]) -> str:
    """Return a line of figures."""
    probable = np.array([probability(calibration, one) for one in found])
    right = np.array([is_right(calibration, one) for one in found])
    answerable = np.array([one.is_answerable for one in found])
    out = np.array([one.was_taken_out for one in found])
    answered = probable >= calibration.threshold
    seen = answerable | out
    return (
        f"{len(found)} questions, {answerable.sum()} answerable: sentence right "
        f"{right[answerable].mean():.3f}; area, article out "
        f"{roc_auc_score(answerable[seen], probable[seen]):.3f}, all "
        f"{roc_auc_score(answerable, probable):.3f}; at {calibration.threshold:.3f}: "
        f"answered {answered[answerable].mean():.3f} of the answerable, right "
        f"{right[answered].mean():.3f} of the answered; abstention precision "
        f"{(~answerable)[~answered].mean():.3f}, recall, article out "
        f"{(~answered)[out].mean():.3f}, all {(~answered)[~answerable].mean():.3f}"
    )


if __name__ == "__main__":
    main()
