"""Loads the model that reads: the one that comes with the install, or another.

Another one is exported to ONNX on first use (:mod:`retrieval.reading_export`) into the
cache folder, as an embedding model is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from retrieval import spans
from retrieval.calibration import Calibration
from retrieval.embedding import Notify, export_folder
from retrieval.errors import ModelError
from retrieval.spans import Read

UNFITTED = Calibration(weights={"margin": 0.5}, intercept=0.0, threshold=0.5)
"""For a model of which nothing is known but its margins: what it prefers to "not here" is said."""

FOLDER = Path(str(files("retrieval"))) / "model"
"""The model that comes with the install."""

_FACTS = "reader.json"


@dataclass(frozen=True)
class ReadingModel:
    """A model that marks answers in passages, and what its marks are worth."""

    read: Read
    calibration: Calibration


def load_reading_model(
    model: str | None, cache_folder: Path, notify: Notify = lambda _: None
) -> ReadingModel:
    """Return a model that reads.

    Args:
        model: a folder or a name on the Hugging Face hub, of an extractive
            question-answering model; a folder that ``training/`` wrote; or None for
            the model that comes with the install.
        cache_folder: keeps the exports, one folder a model.
        notify: told what takes long, while it does.

    Raises:
        ModelError: if the model cannot be loaded, or is not what it should be.
    """
    if model is None:
        return shipped()
    folder = Path(model)
    if not (folder / _FACTS).exists():
        folder = export_folder(model, cache_folder, "reader")
        if not (folder / _FACTS).exists():
            from retrieval.reading_export import export

            notify(f"Preparing the reading model {model} (only the first time)")
            export(model, folder)
    return _load(folder)


@cache
def shipped() -> ReadingModel:
    """Return the model that comes with the install; it is loaded once.

    Raises:
        ModelError: if it is damaged.
    """
    return _load(FOLDER)


def _load(folder: Path) -> ReadingModel:
    read = spans.load(folder)
    facts: Mapping[str, Any] = json.loads((folder / _FACTS).read_text("utf-8"))
    if "weights" not in facts:
        return ReadingModel(read, UNFITTED)
    try:
        known = Calibration(
            facts["weights"], facts["intercept"], facts["threshold"], facts.get("behind", 0.0)
        )
    except KeyError as error:
        raise ModelError(
            f"{folder / _FACTS} lacks {error}; fit the model again: python -m training.calibrate"
        ) from error
    return ReadingModel(read, known)
