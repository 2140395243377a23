"""The layers stay apart: data flows one way, and each outside thing has one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    [*ROOT.glob("retrieval/**/*.py"), *ROOT.glob("bot/**/*.py"), ROOT / "footnote_pytest.py"]
)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def importers(package: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        for name in imports(path)
        if name == package or name.startswith(f"{package}.")
    }


@pytest.mark.parametrize(
    ("package", "doors"),
    [
        ("chromadb", {"retrieval/vectors.py"}),
        ("langchain_chroma", {"retrieval/vectors.py"}),
        ("sentence_transformers", {"retrieval/torch_encoder.py"}),
        ("torch", {"retrieval/export.py", "retrieval/reading_export.py"}),
        ("sentencex", {"retrieval/sentences.py"}),
        ("pydantic_settings", {"bot/settings.py"}),
        (
            "sqlalchemy",
            {
                "retrieval/database.py",
                "retrieval/migrations/__init__.py",
                "retrieval/migrations/versions/0002_pages_and_places.py",
                "retrieval/postgres.py",
                "retrieval/postgres_locks.py",
                "retrieval/postgres_server.py",
                "retrieval/postgres_words.py",
                "retrieval/schema.py",
                "retrieval/sqlite.py",
                "retrieval/sqlite_words.py",
                "retrieval/store.py",
                "retrieval/store_checks.py",
                "retrieval/transfer.py",
                "bot/record_checks.py",
                "bot/server_backups.py",
                "bot/records.py",
                "bot/schema.py",
            },
        ),
        (
            "alembic",
            {
                "retrieval/migrations/__init__.py",
                "retrieval/migrations/env.py",
                "retrieval/migrations/versions/0002_pages_and_places.py",
            },
        ),
        ("sqlite3", {"retrieval/backup.py", "bot/restoring.py"}),
        ("prompt_toolkit", {"bot/prompt.py"}),
        ("httpx", {"retrieval/web.py"}),
        ("langchain", {"retrieval/chat_models.py"}),
        ("tenacity", {"retrieval/faults.py"}),
        ("httpcore", {"retrieval/web.py", "retrieval/network.py", "retrieval/responses.py"}),
        ("protego", {"retrieval/visits.py"}),
        ("feedparser", {"retrieval/feeds.py"}),
        ("lxml", {"retrieval/feeds.py", "retrieval/opendocument.py"}),
        ("aiohttp", {"bot/health.py", "bot/discord/errors.py", "bot/discord/run.py"}),
    ],
)
def test_each_dependency_has_its_door(package: str, doors: set[str]) -> None:
    assert importers(package) == doors


def test_the_library_knows_nothing_of_the_surfaces() -> None:
    assert not [path for path in importers("bot") if path.startswith("retrieval/")]


def test_only_the_settings_and_the_start_read_the_environment() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if "os.environ" in path.read_text("utf-8") or "getenv" in path.read_text("utf-8")
    }
    silencing = {"retrieval/embedding.py"}  # which sets what keeps onnxruntime from reporting home
    assert readers <= {"bot/__main__.py"} | silencing


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_is_called_by_a_word_that_says_nothing(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "manager"}
