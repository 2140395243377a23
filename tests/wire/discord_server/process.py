"""A bot as a process of its own, whose discord.py talks to the local server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.wire.discord_server.server import DiscordServer

SHIM = Path(__file__).parent.parent / "shim"
LONGEST_LINE = 1 << 24
TIME_TO_GO = 10.0


class BotProcess:
    """A running bot.

    Attributes:
        log: The lines of its output and of its errors, in their order.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.log: list[str] = []
        self._process = process
        self._reader = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with; None while it runs, and negative for a signal."""
        return self._process.returncode

    def said(self, text: str) -> bool:
        """Whether a line of the log contains a text."""
        return any(text in line for line in self.log)

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def wait(self, timeout: float = 20.0) -> int:
        """Wait for its end and for the last line of its log; returns its exit status."""
        try:
            async with asyncio.timeout(timeout):
                status = await self._process.wait()
                await asyncio.shield(self._reader)
        except TimeoutError:
            log = "\n".join(self.log[-40:])
            raise TimeoutError(f"The process did not end in {timeout} s:\n{log}") from None
        return status

    async def end(self) -> None:
        """End it with SIGTERM; SIGKILL is for where that is not heard, and for what it started."""
        self.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await self.wait(TIME_TO_GO)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self.wait()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.log.append(line.decode(errors="replace").rstrip())


@contextlib.asynccontextmanager
async def bot_process(
    server: DiscordServer,
    argv: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    *,
    cwd: Path | None = None,
) -> AsyncIterator[BotProcess]:
    """Run ``python ARGV...`` against a server, until the end of the ``async with``.

    Args:
        server: Whom the process's discord.py takes for Discord.
        argv: Python's arguments: a script, or ``-m`` and a module, and what follows.
        env: The whole environment; this process's own by default.
        cwd: The folder to run in; this process's own by default.

    Yields:
        The running process.
    """
    env = dict(os.environ if env is None else env)
    path = [str(SHIM), *filter(None, [env.get("PYTHONPATH")])]
    env |= {
        "WIRE_BASE": server.url,
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONUNBUFFERED": "1",
    }
    process = BotProcess(
        await asyncio.create_subprocess_exec(
            sys.executable,
            *argv,
            env=env,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            start_new_session=True,
        )
    )
    server.processes.append(process)
    try:
        yield process
    finally:
        await process.end()
