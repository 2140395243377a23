"""A warm question, stage by stage, and what the two models alone would take for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tokenizers import Tokenizer

from bot import compose
from bot.settings import Settings
from retrieval import citations
from retrieval.database import Home
from retrieval.embedding import Embedder, OnnxEncoder, export_folder, open_session, processors
from retrieval.index import Index
from retrieval.question import Query
from retrieval.reader import PASSAGES_READ, Reader
from retrieval.reading_model import FOLDER, shipped
from retrieval.search import Search
from retrieval.spans import SpanModel
from retrieval.vectors import Place

T = TypeVar("T")

STAGES = ("embed", "dense", "lexical", "read", "verify")


class Recorder:
    """An onnxruntime session that remembers what it was given."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.given: list[Any] = []

    def get_inputs(self) -> Any:
        """Return what the session says of its inputs."""
        return self._session.get_inputs()

    def run(self, names: Any, feeds: Any) -> Any:
        """Run the session."""
        self.given.append(feeds)
        return self._session.run(names, feeds)

    def again(self, feeds: Any) -> None:
        """Run the session without remembering."""
        self._session.run(None, feeds)


class Watch:
    """Adds up the seconds of named pieces of work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, work: Callable[..., T]) -> Callable[..., T]:
        """Return the same work, whose time is noted."""

        def noted(*given: Any, **named: Any) -> T:
            started = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                spent = time.perf_counter() - started
                self.seconds[name] = self.seconds.get(name, 0.0) + spent

        return noted

    def awaited(self, name: str, work: Callable[..., Iterator[T]]) -> Callable[..., Iterator[T]]:
        """Return the same work, whose beginning and whose waiting for each result is noted."""

        def noted(*given: Any) -> Iterator[T]:
            results = self.timed(name, work)(*given)
            return iter(partial(self.timed(name, next), results, None), None)

        return noted


class Staged:
    """Answers as the product does, from the same parts, with a watch beside each."""

    def __init__(
        self, folder: Path, articles: Home | None = None, vectors: Place | None = None
    ) -> None:
        self._watch = watch = Watch()
        self._embedding, embedder = _recorded_embedder()
        vars(embedder)["encode"] = watch.timed("embed", embedder.encode)
        self._reading = Recorder(open_session((FOLDER / "reader.onnx").read_bytes()))
        tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        read = SpanModel(self._reading, tokenizer, processors())
        index = Index(folder, embedder, articles=articles, vectors=vectors)
        vars(index.store)["lexical"] = watch.timed("lexical", index.store.lexical)
        vars(index.vectors)["nearest"] = watch.timed("dense", index.vectors.nearest)
        self._search = Search(index)
        self._reader = Reader(
            watch.awaited("read", read),
            embedder.encode,
            self._search.frequencies,
            shipped().calibration,
        )
        self._pool = ThreadPoolExecutor(processors())

    def __call__(self, question: str) -> dict[str, float]:
        """Return the seconds of each stage, of the whole, and of the bare models for the same."""
        self._watch.seconds.clear()
        self._embedding.given.clear()
        self._reading.given.clear()
        started = time.perf_counter()
        hits = self._search.follow(Query(question), PASSAGES_READ)
        draft = self._reader(question, hits)
        self._watch.timed("verify", citations.verify)(draft, hits)
        whole = time.perf_counter() - started
        return {**self._watch.seconds, "whole": whole, "models": self._models()}

    def _models(self) -> float:
        """Run both networks again on what they were given."""
        started = time.perf_counter()
        for feeds in self._embedding.given:
            self._embedding.again(feeds)
        list(self._pool.map(self._reading.again, self._reading.given))
        return time.perf_counter() - started


def _recorded_embedder() -> tuple[Recorder, Embedder]:
    settings = Settings()
    usual = compose.embedder(settings, print)
    exported = export_folder(settings.embedding_model, compose.cache_dir(settings))
    recorder = Recorder(open_session((exported / "model.onnx").read_bytes()))
    tokenizer = Tokenizer.from_file(str(exported / "tokenizer.json"))
    encoder = OnnxEncoder(recorder, tokenizer, usual.card.max_pieces, processors())
    return recorder, Embedder(usual.card, tokenizer, encoder)
