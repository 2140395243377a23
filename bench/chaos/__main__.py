"""Kills, starves and hinders libraries at random, and tells what they survived.

    python -m bench.chaos [--points 200] [--seed 1] [--only NAME ...]
                          [--writers 0] [--readers 0] [--minutes 2]

After each fault the doctor finds nothing, at the latest after its repair or the next command, no
article is lost, and every citation is true to the byte.  Exit code 1 if anything was not so.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.chaos import crowd, faults, ground, kills
from bench.chaos.ground import Ground

Trial = Callable[[random.Random], list[str]]


def main() -> None:
    """Run the trials, in a random order, and print faults survived / tried, by kind."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--points", type=int, default=200, help="how many kills, in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", help="kinds of faults, like: sync disk-full")
    parser.add_argument("--writers", type=int, default=0)
    parser.add_argument("--readers", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=2)
    options = parser.parse_args()
    lots = random.Random(options.seed)
    root = Path(tempfile.mkdtemp(prefix="footnote-chaos-"))
    try:
        field = ground.prepare(root)
        is_lost = _trials(field, options, lots)
        if options.writers or options.readers:
            is_lost |= _crowd(root, options)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    sys.exit(is_lost)


def _trials(field: Ground, options: argparse.Namespace, lots: random.Random) -> bool:
    drawn = [
        one for one in _drawn(field, options.points) if not options.only or one[0] in options.only
    ]
    lots.shuffle(drawn)
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())  # fmt: skip
    try:
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("faults", total=len(drawn))
            for name, trial in drawn:
                bar.update(task, description=name)
                seed = lots.getrandbits(32)
                complaints = trial(random.Random(seed))
                tried[name] += 1
                survived[name] += not complaints
                for complaint in complaints:
                    console.print(f"{name} ({seed}): {complaint}", style="red", markup=False)
                bar.advance(task)
    except KeyboardInterrupt:
        console.print("Interrupted; so far:")
    for name in sorted(tried):
        print(f"{name:<14}{survived[name]:>4} / {tried[name]} survived")
    print(f"{'in all':<14}{survived.total():>4} / {tried.total()} survived")
    return survived != tried


def _drawn(field: Ground, points: int) -> Iterator[tuple[str, Trial]]:
    for number, kill in enumerate(kills.KILLS):
        count = len(range(number, points, len(kills.KILLS)))
        yield from [(kill.name, _killing(field, kill))] * count
    for fault in faults.FAULTS:
        yield from [(fault.name, lambda lots, fault=fault: fault.trial(field, lots))] * fault.times


def _killing(field: Ground, kill: kills.Kill) -> Trial:
    longest: list[float] = []

    def trial(lots: random.Random) -> list[str]:
        if not longest:
            longest.append(kills.seconds(field, kill))
        return kills.strike(field, kill, lots, longest[0])

    return trial


def _crowd(root: Path, options: argparse.Namespace) -> bool:
    told = crowd.gather(root / "crowd", options.writers, options.readers, options.minutes)
    print(told)
    for complaint in told.complaints:
        print(f"crowd: {complaint}")
    return bool(told.complaints)


if __name__ == "__main__":
    main()
