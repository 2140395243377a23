"""A PostgreSQL server and a Chroma server of our own, each in a folder that goes with it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psycopg

USER = "footnote"
SYSTEM_USER = "postgres"
"""As whom PostgreSQL runs where we are root, as which it does not run."""

INSTALL = "PostgreSQL's programs are not found; install them: apt-get install postgresql"


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, that of the newest version, or None."""
    found = shutil.which("initdb")
    folders = [
        *([Path(found).resolve().parent] if found else []),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name)),
    ]
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


class PostgresServer:
    """A PostgreSQL server that can be stopped and started again; it listens on loopback only.

    Raises:
        RuntimeError: if PostgreSQL's programs are not there.
    """

    def __init__(self) -> None:
        folder = programs()
        if folder is None:
            raise RuntimeError(INSTALL)
        self._programs = folder
        self._port = free_port()
        self.password = secrets.token_urlsafe(12)
        self._folder = Path(tempfile.mkdtemp(prefix="footnote-postgres-"))
        word = self._folder / "password"
        word.write_text(self.password)
        if os.geteuid() == 0:
            for path in (self._folder, word):
                shutil.chown(path, SYSTEM_USER)
        self._run("initdb", "--auth=scram-sha-256", f"--username={USER}", f"--pwfile={word}",
                  "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        self.start()

    def url(self, database: str = "postgres", password: str | None = None) -> str:
        """Return the address of a database as DATABASE_URL has it."""
        return (
            f"postgresql+psycopg://{USER}:{password or self.password}@127.0.0.1:{self._port}"
            f"/{database}"
        )

    def create(self) -> str:
        """Make an empty database, and return its address."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, statement: str, url: str | None = None) -> None:
        """Run a statement outside of all transactions."""
        address = (url or self.url()).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start it, and return when it answers."""
        options = (
            f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' "
            "-c fsync=off"  # the machine does not go down in these tests
        )
        self._run("pg_ctl", "start", "--wait", f"--options={options}",
                  f"--log={self._folder / 'log'}")  # fmt: skip

    def stop(self) -> None:
        """Stop it as a restart does: sessions are broken off."""
        self._run("pg_ctl", "stop", "--wait", "--mode=fast")

    def close(self) -> None:
        """Stop it for good, and remove what it kept."""
        self.stop()
        shutil.rmtree(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, program: str, *arguments: str) -> None:
        line = [str(self._programs / program), f"--pgdata={self._folder / 'data'}", *arguments]
        if os.geteuid() == 0:
            line = ["runuser", "-u", SYSTEM_USER, "--", *line]
        run(line, self._folder)


class ChromaServer:
    """A Chroma server that can be stopped and started again; it listens on loopback only."""

    def __init__(self) -> None:
        self._port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="footnote-chroma-"))
        self.url = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Start it, and return when it answers."""
        chroma = "from chromadb.cli.cli import app; app()"
        command = [sys.executable, "-c", chroma, "run", "--host", "127.0.0.1"]
        options = ["--port", str(self._port), "--path", str(self._folder)]
        self._process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                httpx.get(f"{self.url}/api/v2/heartbeat")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("The Chroma server does not start")

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()

    def close(self) -> None:
        """Stop it for good, at once, and remove what it kept."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def run(line: Sequence[str], folder: Path) -> None:
    """Run a program; what it says is shown only if it fails."""
    # A server that outlives its starter would keep a pipe open.
    with (folder.parent / f"{folder.name}.said").open("w+") as said:
        done = subprocess.run(
            line, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", check=False
        )
        said.seek(0)
        text = said.read()
    Path(said.name).unlink()
    if done.returncode:
        raise RuntimeError(f"{line[0]} failed: {text.strip()}")
