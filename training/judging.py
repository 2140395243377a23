"""A model under training is judged on the questions that were held out."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor

from retrieval.spans import best_spans
from training.model import Encoded, Network, batch, encode
from training.sampling import Example, Prepared

_BATCH = 48


def judge(
    network: Network, tokenizer: Tokenizer, held: Prepared, count: int = 1_200
) -> dict[str, float]:
    """Return how well spans are found (token F1, exact), and answers told from none (area)."""
    draw = random.Random(0)
    rows = draw.sample(held.rows, min(count, len(held.rows)))
    examples: list[Example] = []
    for row in rows:
        numbers = [n for n, spans in row.own.items() if spans] or list(row.own)
        title, text = held.passages[numbers[0]]
        spans = row.own[numbers[0]]
        examples.append(Example(row.question, title, text, spans[0] if spans else None))
        if row.negatives and draw.random() < 0.5:
            examples.append(Example(row.question, *held.passages[row.negatives[0]], None))
    pairs = [
        (one, example)
        for one, example in zip(encode(tokenizer, examples), examples, strict=True)
        if one
    ]
    found = predict(network, [one for one, _ in pairs])
    overlaps, exact, scores, holds = [], [], [], []
    for (one, example), (start, end, margin, answers) in zip(pairs, found, strict=True):
        scores.append((margin, answers))
        holds.append(example.answer is not None)
        if example.answer:
            shared = max(0, min(end, one.end) - max(start, one.start) + 1)
            total = (end - start + 1) + (one.end - one.start + 1)
            overlaps.append(2 * shared / total)
            exact.append((start, end) == (one.start, one.end))
    by_margin, by_head = np.array(scores).T
    return {
        "f1": round(float(np.mean(overlaps)), 4),
        "exact": round(float(np.mean(exact)), 4),
        "area_margin": round(float(roc_auc_score(holds, by_margin)), 4),
        "area_head": round(float(roc_auc_score(holds, by_head)), 4),
    }


def predict(network: Network, some: Sequence[Encoded]) -> list[tuple[int, int, float, float]]:
    """Return for each the best span, its margin over "not here", and the log-odds of answering."""
    order = sorted(range(len(some)), key=lambda n: len(some[n].ids))
    found: dict[int, tuple[int, int, float, float]] = {}
    for first in range(0, len(order), _BATCH):
        numbers = order[first : first + _BATCH]
        spans, answers = logits(network, [some[n] for n in numbers])
        for number, row, odd in zip(numbers, spans.numpy(), answers.numpy(), strict=True):
            ((start, end, score),) = best_spans(row[1:], 1)
            found[number] = (start + 1, end + 1, score - float(row[0].sum()), float(odd))
    return [found[n] for n in range(len(some))]


def logits(network: Network, some: Sequence[Encoded]) -> tuple[Tensor, Tensor]:
    """Return the logits of spans, very low where none may be, and the log-odds of answering.

    Of the shapes (batch, pieces, 2) and (batch,), in 32 bits on the processor.
    """
    device = next(network.parameters()).device
    arrays = {name: array.to(device) for name, array in batch(some).items()}
    with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16):
        spans, answers = network(
            arrays["input_ids"], arrays["attention_mask"], arrays["token_type_ids"]
        )
    return (spans.float() + arrays["hidden"][..., None]).cpu(), answers.float().cpu()
