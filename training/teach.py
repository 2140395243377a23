"""Has a teacher mark the examples of the first passes, for a smaller reader to learn from.

    python -m training.teach --base FOLDER [--model FILE] [--minutes N] [--passes N]
                             [--mix PART=SHARE …]

A teacher is a reader on a larger encoder, which ``training.train --base FOLDER`` made.  Its
marks are kept in ``training/marks.npz``; those that are there stay, and their examples are
not marked again.  Then: ``python -m training.train --marks training/marks.npz``, with the
same mix, seed and number of passes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training import judging, sampling, train
from training.marks import Marks, key
from training.model import Encoded, Network, tokenizer

MARKS = Path(__file__).parent / "marks.npz"


def main(words: Sequence[str] | None = None) -> None:
    """Mark examples, until all of the passes are or the time is up."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("training/work"))
    parser.add_argument("--base", required=True, help="the encoder of the teacher")
    parser.add_argument("--model", type=Path, default=Path("training/work/teacher/model.pt"))
    parser.add_argument("--out", type=Path, default=MARKS)
    parser.add_argument("--minutes", type=float, default=600)
    train.add_pass(parser)
    arguments = parser.parse_args(words)
    torch.set_num_threads(arguments.threads)
    network = Network(arguments.base)
    network.load_state_dict(torch.load(arguments.model, map_location="cpu"))
    network.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    network.train(mode=False)
    prepared = sampling.load(arguments.work / "training.jsonl.gz")
    examples = train.taught(prepared, arguments)
    kept = Marks.load(arguments.out) if arguments.out.exists() else Marks.made({})
    known = set(kept.keys.tolist())
    new: dict[int, tuple[float, NDArray[Any]]] = {}
    until = time.monotonic() + 60 * arguments.minutes
    for done, some in enumerate(train.batches(tokenizer(), examples, seed=0)):
        if time.monotonic() > until:
            break
        unknown = {name: one for one in some for name in [key(one)] if name not in known}
        if unknown:
            new |= zip(unknown, mark(network, list(unknown.values())), strict=True)
            known |= set(unknown)
        if done % 100 == 99:
            kept, new = _keep(arguments.out, kept, new), {}
            print(f"{len(known)} examples are marked", flush=True)
    _keep(arguments.out, kept, new)
    print(f"{arguments.out}: {len(known)} examples")


def _keep(path: Path, kept: Marks, new: Mapping[int, tuple[float, NDArray[Any]]]) -> Marks:
    """Write the marks so far, so that an interruption costs a minute or two, and return them."""
    marks = kept.joined(Marks.made(new))
    marks.save(path)
    return marks


def mark(network: Network, some: Sequence[Encoded]) -> Iterator[tuple[float, NDArray[Any]]]:
    """Yield for each example the probability of an answer, and of its ends: (2, pieces)."""
    spans, answers = judging.logits(network, some)
    ends = spans.softmax(1).transpose(1, 2)
    for probability, row in zip(answers.sigmoid(), ends, strict=True):
        yield float(probability), np.asarray(row)


if __name__ == "__main__":
    main()
