"""The command line as a process of its own, and a local Discord for each test that asks for one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.wire.discord_server import DiscordServer

Footnote = Callable[..., subprocess.CompletedProcess[str]]
"""Runs ``footnote`` with arguments, with what it reads as ``stdin``, and changed variables."""


@pytest.fixture
def footnote(environment: dict[str, str], tmp_path: Path) -> Footnote:
    """Run ``footnote`` in a process of its own, in the test's folder and over its library."""

    def run(*arguments: str, stdin: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=environment | changes,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            check=False,
            timeout=200,
        )

    return run


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """Discord for the processes of one test."""
    async with DiscordServer() as server:
        yield server
