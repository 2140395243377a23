"""Results on disk: what was measured, on which machine, with what, when, and by which command."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.peers.client import PYTHON, ROOT

FOLDER = ROOT / "bench" / "results"
PICTURES = ROOT / "docs" / "img"
OURS = ("chromadb", "langchain-core", "onnxruntime", "sentence-transformers", "tokenizers")
THEIRS = (
    "chromadb", "faiss-cpu", "langchain-chroma", "langchain-classic", "langchain-community",
    "langchain-huggingface", "rank-bm25", "sentence-transformers", "torch", "txtai",
)  # fmt: skip

Figures = Mapping[str, Any]


def command(target: str, arguments: Sequence[object]) -> str:
    """Return the command that measures a target with some arguments."""
    more = " ".join(str(one) for one in arguments)
    return f'make {target} ARGS="{more}"' if more else f"make {target}"


def save(name: str, by: str, figures: Figures) -> Path:
    """Write the figures of a benchmark, with all that they depend on; return the file."""
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{name}.json"
    whole = {
        "command": by,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": {"Footnote": ours(OURS), "peers": theirs(THEIRS)},
        **figures,
    }
    file.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
    return file


def exists(name: str) -> bool:
    """Tell whether a benchmark has written its figures."""
    return (FOLDER / f"{name}.json").exists()


def load(name: str) -> dict[str, Any]:
    """Return the figures of a benchmark."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def digest(name: str) -> str:
    """Return the sha256 of the figures of a benchmark, by which a picture names them."""
    return hashlib.sha256((FOLDER / f"{name}.json").read_bytes()).hexdigest()


def machine() -> dict[str, str | int]:
    """Return what the figures were measured on."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count() or 1,
        "memory, GiB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }


def ours(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of packages here."""
    return {name: version(name) for name in names}


def theirs(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of packages in the environment of the peers."""
    if not PYTHON.exists():
        return {}
    code = (
        "import json, sys; from importlib.metadata import version; "
        "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    )
    done = subprocess.run(
        [str(PYTHON), "-c", code, *names], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
