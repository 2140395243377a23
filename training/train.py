"""Trains the reader; goes on from its last checkpoint if there is one.

    python -m training.train [--out FOLDER] [--epochs N] [--rate R] [--start FILE]

Seeded: the same examples in the same order.  On CUDA if there is any, else on the
processor in bfloat16.  Every ten minutes (``--checkpoint``) a checkpoint is written, the
model is judged on what was held out, and a line is added to ``log.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from training import judging, sampling
from training.marks import Marks, key
from training.model import MODEL, Encoded, Network, batch, encode, tokenizer
from training.sampling import Example, Mix, Prepared

RUN = Path("training/work/run")
PIECES = 5_000
"""Word pieces in a batch, padding counted."""
_CHUNK = 4_096
_DECAY, _AVERAGED_EVERY = 0.98, 10
_ANSWERS_WEIGHT = 0.5


def main(words: Sequence[str] | None = None) -> None:
    """Train, and write ``model.pt``: the running average of the weights."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    parser.add_argument("--out", type=Path, default=RUN)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--dropout", type=float, default=0.0, help="costs a third of the speed")
    parser.add_argument(
        "--marks", type=Path, help="of a teacher: only what it marked is read, in every pass"
    )
    parser.add_argument("--checkpoint", type=float, default=10, help="every so many minutes")
    add_pass(parser)
    parser.add_argument("--start", type=Path, help="weights to start from, a model.pt")
    parser.add_argument("--base", default=MODEL, help="the encoder to start from")
    arguments = parser.parse_args(words)
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    Training(arguments).run()


def add_pass(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that tell which examples a pass has."""
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--mix", nargs="*", type=_part, default=[], metavar="PART=SHARE", help="see sampling.Mix"
    )
    parser.add_argument("--passes", type=int, default=1, help="how many a teacher marks")
    parser.add_argument("--threads", type=int, default=2)


def taught(prepared: Prepared, arguments: argparse.Namespace) -> list[Example]:
    """Return the examples that a teacher marks: those of the first passes, in random order."""
    examples = [
        example
        for number in range(arguments.passes)
        for example in sampling.epoch(prepared, seed(arguments, number), mix(arguments))
    ]
    random.Random(arguments.seed).shuffle(examples)
    return examples


def seed(arguments: argparse.Namespace, epoch: int) -> int:
    """Return the seed of a pass."""
    return int(arguments.seed) * 1_000 + epoch


def mix(arguments: argparse.Namespace) -> Mix:
    """Return the mix that the arguments ask for."""
    return replace(Mix(), **dict(arguments.mix))


def _part(text: str) -> tuple[str, float]:
    """Read a part of the mix: its name, and how often it is read."""
    name, _, share = text.partition("=")
    if name not in {field.name for field in fields(Mix)}:
        raise argparse.ArgumentTypeError(f"{name} is no part of the mix; see sampling.Mix")
    return name, float(share)


class Training:
    """A run: weights, optimiser, and how far it has come."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.prepared = sampling.load(arguments.work / "training.jsonl.gz")
        self.marks = Marks.load(arguments.marks).by_key() if arguments.marks else {}
        self.held = sampling.load(arguments.work / "held-out.jsonl.gz")
        self.tokenizer = tokenizer()
        self.network = Network(arguments.base, arguments.dropout).to(self.device)
        if arguments.start:
            self.network.load_state_dict(torch.load(arguments.start, map_location=self.device))
        self.trained = [p for p in self.network.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=0.0, weight_decay=0.01, fused=True)
        self.average = [p.detach().clone() for p in self.trained]
        self.step = self.epoch = self.place = 0
        self.seconds = 0.0
        self.loss: float | None = None
        self.total = 0

    @property
    def checkpoint(self) -> Path:
        """Where the state of the run is kept."""
        folder: Path = self.arguments.out
        return folder / "checkpoint.pt"

    def run(self) -> None:
        """Train to the end."""
        if self.checkpoint.exists():
            self._resume()
        self.network.train()
        started = saved = time.monotonic()
        before = self.seconds
        while self.epoch < self.arguments.epochs:
            every = self._batches(self.epoch)
            self.total = len(every) * self.arguments.epochs
            for number, some in enumerate(every):
                if number < self.place:
                    continue
                self._learn(some)
                self.place = number + 1
                self.seconds = before + time.monotonic() - started
                if self.step % 50 == 0:
                    print(
                        f"{self.seconds / 60:6.1f} min  pass {self.epoch}  step {self.step}/"
                        f"{self.total}  loss {self.loss:.3f}", flush=True
                    )  # fmt: skip
                if time.monotonic() - saved > 60 * self.arguments.checkpoint:
                    self._save()
                    saved = time.monotonic()
            self.epoch, self.place = self.epoch + 1, 0
        self._save()

    def _batches(self, epoch: int) -> list[Sequence[Encoded]]:
        """Return the batches of a pass."""
        number = seed(self.arguments, epoch)
        examples = (
            taught(self.prepared, self.arguments)
            if self.marks
            else sampling.epoch(self.prepared, number, mix(self.arguments))
        )
        every = batches(self.tokenizer, examples, number, self.marks or None)
        return list(every)

    def _learn(self, some: Sequence[Encoded]) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        marks = [self.marks.get(key(one)) for one in some] if self.marks else []
        arrays = {name: array.to(self.device) for name, array in batch(some, marks).items()}
        loss = self._loss(arrays)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.step += 1
        now = loss.item()
        self.loss = now if self.loss is None else 0.98 * self.loss + 0.02 * now
        if self.step % _AVERAGED_EVERY == 0:
            decay = min(_DECAY, self.step / (self.step + 10 * _AVERAGED_EVERY))
            with torch.no_grad():
                for mean, parameter in zip(self.average, self.trained, strict=True):
                    mean.lerp_(parameter, 1 - decay)

    def _loss(self, arrays: dict[str, Tensor]) -> Tensor:
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            spans, answers = self.network(
                arrays["input_ids"], arrays["attention_mask"], arrays["token_type_ids"]
            )
        spans = spans.float() + arrays["hidden"][..., None]
        ends = nn.functional.cross_entropy(spans, arrays["ends"])
        holding = nn.functional.binary_cross_entropy_with_logits(answers.float(), arrays["answers"])
        return ends + _ANSWERS_WEIGHT * holding

    def _rate(self) -> float:
        """Return the learning rate: a short rise, then half a cosine."""
        rising = max(1, self.total // 20)
        if self.step < rising:
            return float(self.arguments.rate * (self.step + 1) / rising)
        share = (self.step - rising) / max(1, self.total - rising)
        return float(self.arguments.rate * (0.02 + 0.98 * (1 + math.cos(math.pi * share)) / 2))

    def _save(self) -> None:
        """Write a checkpoint and the averaged model, and judge it."""
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "progress": [self.step, self.epoch, self.place, self.seconds, self.loss],
        }
        scratch = self.checkpoint.with_suffix(".part")
        torch.save(state, scratch)
        scratch.replace(self.checkpoint)
        own = [p.detach().clone() for p in self.trained]
        with torch.no_grad():
            self._set(self.average)
            torch.save(self.network.state_dict(), self.arguments.out / "model.pt")
            self.network.train(mode=False)
            figures = judging.judge(self.network, self.tokenizer, self.held)
            self.network.train()
            self._set(own)
        line = {
            "minutes": round(self.seconds / 60, 1),
            "step": self.step,
            "loss": round(self.loss or 0.0, 4),
            **figures,
        }
        with (self.arguments.out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def _set(self, values: Sequence[Tensor]) -> None:
        for parameter, value in zip(self.trained, values, strict=True):
            parameter.copy_(value)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.device)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.step, self.epoch, self.place, self.seconds, self.loss = state["progress"][:5]
        print(f"Going on from step {self.step}")


def batches(
    tokenizer: Tokenizer,
    examples: Sequence[Example],
    seed: int,
    only: Container[int] | None = None,
) -> Iterator[Sequence[Encoded]]:
    """Yield the batches of a pass: of like lengths, in random order within a chunk.

    ``only``: the keys of the examples that are read, if not all are.
    """
    draw = random.Random(seed)
    for first in range(0, len(examples), _CHUNK):
        some = (one for one in encode(tokenizer, examples[first : first + _CHUNK]) if one)
        encoded = sorted(
            (one for one in some if only is None or key(one) in only),
            key=lambda one: len(one.ids),
        )
        filled: list[list[Encoded]] = [[]]
        for one in encoded:
            if (len(filled[-1]) + 1) * len(one.ids) > PIECES:
                filled.append([])
            filled[-1].append(one)
        draw.shuffle(filled)
        yield from filter(None, filled)


if __name__ == "__main__":
    main()
