"""Runs one system in a process of its own: commands in, results out, a line of JSON each.

    python -m bench.peers.worker SYSTEM FOLDER
    python -m bench.peers.worker SYSTEM FOLDER --ask QUESTION

The second form opens the index that is there, prints what it finds first, and ends.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import memory
from bench.peers.system import Document, System

SYSTEMS = {
    "footnote": "bench.peers.footnote:Footnote",
    "reading": "bench.peers.footnote:Reading",
    "quickstart": "bench.peers.langchain_peers:Quickstart",
    "ensemble": "bench.peers.langchain_peers:Ensemble",
    "chroma": "bench.peers.chroma_peer:Plain",
    "txtai": "bench.peers.txtai_peer:Hybrid",
}


def main() -> None:
    """Answer commands until there are no more."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ask")
    arguments = parser.parse_args()
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no reply
    module, name = SYSTEMS[arguments.system].split(":")
    system: System = getattr(import_module(module), name)(arguments.folder)
    if arguments.ask:
        print(system.search(arguments.ask, 4)[0], file=replies)
        return
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps(obey(system, **command)), file=replies, flush=True)


def obey(system: Any, do: str, **given: Any) -> dict[str, Any]:
    """Carry a command out; the result says how many seconds that took."""
    if do in {"index", "bare"}:
        lines = Path(given["file"]).read_text("utf-8").splitlines()
        documents = [Document(**json.loads(line)) for line in lines]
        return _timed(lambda: getattr(system, do)(documents))
    if do == "search":
        return _timed(
            lambda: [asdict(one) for one in system.search(given["question"], given["limit"])]
        )
    if do == "answer":
        return _timed(lambda: asdict(system.answer(given["question"])))
    if do == "ask":
        return _timed(lambda: system.ask(given["question"]))
    if do == "staged":
        return _timed(lambda: system.staged(given["question"]))
    return {"result": memory.peak(), "seconds": 0.0}


def _timed(work: Callable[[], Any]) -> dict[str, Any]:
    started = time.perf_counter()
    result = work()
    return {"result": result, "seconds": time.perf_counter() - started}


if __name__ == "__main__":
    main()
