"""Runs all benchmarks beside the peers, and puts their figures into the README.

python -m bench [--data FOLDER]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from bench import datasets, readme

PARTS = {"quality": 50, "speed": 8, "scale": 15}
"""Minutes that each takes on two processors, about."""


def main() -> None:
    """Run one after another, each in a process of its own; end with the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=datasets.FOLDER)
    data = parser.parse_args().data
    console = Console(highlight=False)
    console.print(f"All of it takes about {sum(PARTS.values())} min on two processors.")
    for number, part in enumerate(PARTS, start=1):
        console.rule(f"{number} of {len(PARTS)}: {part}")
        line = [sys.executable, "-m", f"bench.{part}", "--data", str(data)]
        if code := subprocess.run(line, check=False).returncode:
            sys.exit(code)
    readme.main()


if __name__ == "__main__":
    main()
