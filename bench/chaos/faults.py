"""A full disk, a folder that cannot be written, a lock, a server that goes, and a wrong clock."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.chaos import ground
from bench.chaos.crowd import free_port
from bench.chaos.ground import Ground, Texts, quiet
from bench.chaos.victim import Victim
from bot import compose
from retrieval import sync
from retrieval.errors import LibraryError

_CHROMA = "from chromadb.cli.cli import app; app()"


@dataclass(frozen=True)
class Fault:
    """Something that fails under a library; ``trial`` returns what was lost or is wrong."""

    name: str
    times: int
    trial: Callable[[Ground, random.Random], list[str]]


def _after(field: Ground, home: Path, lots: random.Random) -> list[str]:
    """Let the next sync finish, and look at all."""
    complaints = _mixed(field, ground.contents(home))
    if lots.random() < 0.5:
        complaints += ground.wounds(home, repair=True)
    with compose.library(ground.settings(home), quiet) as index:
        sync.sync(index, field.files(2))
    if ground.contents(home) != field.new:
        complaints.append("the next sync did not finish the work")
    complaints += ground.wounds(home)
    return complaints + ground.lies(home, lots.sample(range(70), 3), field.new)


def _mixed(field: Ground, texts: Texts) -> list[str]:
    return [
        f"{name} is neither old nor new"
        for name in {*texts, *field.old, *field.new}
        if texts.get(name) not in (field.old.get(name), field.new.get(name))
    ]


def _mounted(place: Path, options: str) -> bool:
    """Mount a small disk in memory, where one may."""
    place.mkdir()
    return _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)) == 0


def _remount(place: Path, options: str) -> None:
    if _run("mount", "-o", f"remount,{options}", str(place)):
        raise RuntimeError(f"{place} cannot be mounted with {options}")


def _run(tool: str, *arguments: str) -> int:
    path = shutil.which(tool)
    if path is None:
        return 1
    return subprocess.run([path, *arguments], capture_output=True, check=False).returncode


def _full(field: Ground, lots: random.Random) -> list[str]:
    disk = field.root / "disk"
    size = sum(path.stat().st_size for path in field.base.rglob("*") if path.is_file())
    room = size + lots.randrange(20_000, 800_000)
    is_mounted = _mounted(disk, f"size={room}")
    try:
        home = Path(shutil.copytree(field.base, disk / "home"))
        victim = Victim(home, "sync", str(field.files(2)))
        if not is_mounted:  # no file may grow beyond what the largest has, and a little
            most = max(path.stat().st_size for path in home.rglob("*") if path.is_file())
            limit = most + lots.randrange(4_096, 200_000)
            resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, (limit, limit))
        victim.go()
        complaints = victim.end()
        if is_mounted:
            _remount(disk, "size=200m")
        return complaints + _after(field, home, lots)
    finally:
        if is_mounted:
            _run("umount", "-l", str(disk))
        shutil.rmtree(disk, ignore_errors=True)


def _read_only(field: Ground, lots: random.Random) -> list[str]:
    disk = field.root / "disk"
    is_mounted = _mounted(disk, "size=100m")
    try:
        home = Path(shutil.copytree(field.base, disk / "home"))
        if is_mounted:
            _remount(disk, "ro")
        else:
            _permit(home, 0o500, 0o400)
        complaints = []
        commands = (
            ["sync", str(field.files(2))], ["remove", "gauge-01.md"], ["reindex"],
            ["doctor", "--repair"], ["restore", str(field.backup), "--force"],
        )  # fmt: skip
        for command in commands:
            victim = Victim(home, *command)
            victim.go()
            complaints += victim.end()
            if victim.code == 0 and os.geteuid() and not is_mounted:
                complaints.append(f"{command[0]} wrote where nothing can be written")
        if is_mounted:
            _remount(disk, "rw")
        else:
            _permit(home, 0o700, 0o600)
        if is_mounted and ground.contents(home) != field.old:
            complaints.append("something was changed")
        return complaints + _after(field, home, lots)
    finally:
        if is_mounted:
            _run("umount", "-l", str(disk))
        shutil.rmtree(disk, ignore_errors=True)


def _permit(home: Path, folders: int, files: int) -> None:
    for path in (home, *home.rglob("*")):
        path.chmod(folders if path.is_dir() else files)


def _locked(field: Ground, lots: random.Random) -> list[str]:
    """Another process has the database for some seconds, which may be too long."""
    home = field.home("locked")
    victim = Victim(home, "sync", str(field.files(2)))
    with closing(sqlite3.connect(home / "library.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        victim.go()
        time.sleep(lots.choice((0.2, 1, 3, 25)))
        other.rollback()
    complaints = victim.end()
    complaints += _after(field, home, lots)
    shutil.rmtree(home)
    return complaints


def _clock(field: Ground, lots: random.Random) -> list[str]:
    home = field.home("clock")
    complaints = []
    for command in (["remove", "gauge-41.md"], ["sync", str(field.files(2))], ["reindex"]):
        victim = Victim(home, *command, is_clock_back=True)
        victim.go()
        complaints += victim.end()
        if victim.code:
            complaints.append(f"{command[0]} failed")
    complaints += _after(field, home, lots)
    shutil.rmtree(home)
    return complaints


def _server(field: Ground, lots: random.Random) -> list[str]:
    """A Chroma server is killed and started again while questions are asked and articles come."""
    home, port = field.home("served"), free_port()
    url = f"http://127.0.0.1:{port}"
    complaints: list[str] = []
    at = ground.settings(home, chroma_url=url)
    kept = field.root / "chroma-server"
    with _running(kept, port) as server:
        ground.wounds(home, repair=True, chroma_url=url)
        victim = Victim(home, "sync", str(field.files(2)), CHROMA_URL=url)
        victim.go()
        time.sleep(lots.uniform(0, 1.5))
        server.send_signal(signal.SIGKILL)
        server.wait()
        complaints += _asked(at, field, lots)
    with _running(kept, port):
        complaints += victim.end()
        complaints += _asked(at, field, lots)
        with compose.library(at, quiet) as index:
            sync.sync(index, field.files(2))
        if ground.contents(home) != field.new:
            complaints.append("the next sync did not finish the work")
        complaints += ground.wounds(home, chroma_url=url)
        numbers = lots.sample(range(70), 3)
        complaints += ground.lies(home, numbers, field.new, chroma_url=url)
    shutil.rmtree(home)
    shutil.rmtree(kept)
    return complaints


def _asked(at: object, field: Ground, lots: random.Random) -> list[str]:
    """Ask while the server may be away: a true answer, or one sentence."""
    known = {**field.old, **field.new}
    try:
        with compose.library(at, quiet) as index:  # type: ignore[arg-type]
            answer = compose.pipeline(index)(
                f"How many centimetres did gauge {lots.randrange(70)} stand at?"
            )
    except LibraryError:
        return []
    wrong = [
        c for c in answer.citations
        if c.quote not in {known.get(c.article.id, "")[c.start : c.end],
                           field.old.get(c.article.id, "")[c.start : c.end]}
    ]  # fmt: skip
    return [f"{citation.quote!r} is in no source" for citation in wrong]


@contextmanager
def _running(kept: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", _CHROMA, "run", "--host", "127.0.0.1"]
    more = ["--port", str(port), "--path", str(kept)]
    server = subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield server
    finally:
        server.kill()
        server.wait()


FAULTS = (
    Fault("disk-full", 12, _full),
    Fault("read-only", 2, _read_only),
    Fault("locked", 4, _locked),
    Fault("server-gone", 4, _server),
    Fault("clock-back", 3, _clock),
)
