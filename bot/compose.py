"""Builds everything from the settings; nothing else does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import Settings
from retrieval.chain import Pipeline, build_chain
from retrieval.embedding import Embedder, Notify, load_embedder
from retrieval.errors import ConfigError
from retrieval.reader import Calibration, SentenceReader
from retrieval.search import Search
from retrieval.types import Answer

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from retrieval.index import Index


def embedder(settings: Settings, notify: Notify) -> Embedder:
    """Return the embedding model that is set."""
    return load_embedder(settings.embedding_model, cache_dir(settings), notify)


def library(settings: Settings, notify: Notify) -> Index:
    """Open the library that is set; the model is loaded while Chroma is imported."""
    with ThreadPoolExecutor(1) as pool:
        model = pool.submit(embedder, settings, notify)
        from retrieval.index import Index

        return Index(data_dir(settings), model.result(), notify)


def data_dir(settings: Settings) -> Path:
    """Return the folder of the library that is set."""
    return _expanded(settings.data_dir, "DATA_DIR")


def pipeline(index: Index) -> Pipeline:
    """Return the function that answers from a library, offline."""
    reader = SentenceReader(index.embedder.encode, index.store.frequencies, Calibration.load())
    return Pipeline(Search(index), reader)


def chain(index: Index) -> Runnable[str, Answer]:
    """Return the chain that answers from a library, offline."""
    steps = pipeline(index)
    return build_chain(steps.search, steps.answerer, steps.passages)


def cache_dir(settings: Settings) -> Path:
    """Return the folder of the exported models."""
    from platformdirs import user_cache_path

    return _expanded(settings.cache_dir or user_cache_path("footnote-bot"), "CACHE_DIR")


def _expanded(path: Path, setting: str) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ConfigError(
            f"{setting} is {path}, and there is no such user; name the folder in full."
        ) from None
