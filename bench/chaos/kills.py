"""``kill -9`` at a random moment, and what must be true afterwards."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from bench.chaos import ground
from bench.chaos.ground import REMOVED, Ground, Texts, quiet
from bench.chaos.victim import Victim
from bot import compose, maintenance
from retrieval import articles, backup, refresh, sync, visits
from retrieval.errors import LibraryError

_COLUMNS = ("language", "pages", "etag", "modified", "feed")


@dataclass(frozen=True)
class Kill:
    """A command that is killed.

    ``allowed`` returns what is wrong with the texts that it left; ``finish`` does what a person
    would do next; ``final`` is what must be there then.
    """

    name: str
    arguments: Callable[[Ground, Path], list[str]]
    allowed: Callable[[Ground, Texts], list[str]]
    finish: Callable[[Ground, Path], None]
    final: Callable[[Ground], Texts]
    prepare: Callable[[Ground, Path], None] = quiet


def seconds(field: Ground, kill: Kill) -> float:
    """Return how long the command takes when nobody disturbs it."""
    home = field.home(f"{kill.name}-undisturbed")
    kill.prepare(field, home)
    victim = Victim(home, *kill.arguments(field, home))
    started = time.monotonic()
    victim.go()
    complaints = victim.end()
    taken = time.monotonic() - started
    complaints += _differing(ground.contents(home), kill.final(field))
    if complaints:
        raise RuntimeError(f"{kill.name}, undisturbed: {complaints}")
    shutil.rmtree(home)
    return taken


def strike(field: Ground, kill: Kill, moments: random.Random, longest: float) -> list[str]:
    """Kill a command at a random moment; return what was lost or is wrong."""
    home = field.home("killed")
    try:
        kill.prepare(field, home)
        victim = Victim(home, *kill.arguments(field, home))
        victim.go()
        time.sleep(moments.uniform(0, longest))
        victim.kill()
        return _aftermath(field, kill, home, moments)
    except LibraryError as error:
        return [f"cannot be opened: {error}"]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _aftermath(field: Ground, kill: Kill, home: Path, moments: random.Random) -> list[str]:
    compose.complete_restore(ground.settings(home), quiet)
    questions = moments.sample(range(70), 3)
    texts = ground.contents(home)
    complaints = kill.allowed(field, texts)
    if moments.random() < 0.5:  # else the next command has to do by itself
        complaints += ground.wounds(home, repair=True)
        complaints += ground.lies(home, questions, texts)
        complaints += _differing(ground.contents(home), texts)
    kill.finish(field, home)
    complaints += _differing(ground.contents(home), kill.final(field))
    complaints += ground.wounds(home)
    complaints += ground.lies(home, questions, kill.final(field))
    return complaints + [f"{path.name} is left" for path in home.glob(".re*")]


def _differing(found: Texts, expected: Texts) -> list[str]:
    names = [name for name in {*found, *expected} if found.get(name) != expected.get(name)]
    return (
        [f"{len(names)} articles are not what they should be, like {min(names)}"] if names else []
    )


def _either(*whole: Callable[[Ground], Texts]) -> Callable[[Ground, Texts], list[str]]:
    """Each article is in its old or its new version, or away if it is in one of them."""

    def allowed(field: Ground, texts: Texts) -> list[str]:
        both = [one(field) for one in whole]
        wrong = [
            name
            for name in {*texts, *(name for one in both for name in one)}
            if texts.get(name) not in {one.get(name) for one in both}
        ]
        return [f"{min(wrong)} is neither old nor new"] if wrong else []

    return allowed


def _removed(field: Ground) -> Texts:
    return {name: text for name, text in field.old.items() if name not in REMOVED}


def _all_or_none(*whole: Callable[[Ground], Texts]) -> Callable[[Ground, Texts], list[str]]:
    def allowed(field: Ground, texts: Texts) -> list[str]:
        is_whole = any(texts == one(field) for one in whole)
        return [] if is_whole else ["what is there is neither the old nor the new"]

    return allowed


def _sync(field: Ground, home: Path) -> None:
    with compose.library(ground.settings(home), quiet) as index:
        sync.sync(index, field.files(2))


def _remove(_: Ground, home: Path) -> None:
    with compose.library(ground.settings(home), quiet) as index:
        left = {source.id for source in index.store.sources()}
        index.remove([name for name in REMOVED if name in left])
        index.put([])  # whoever writes next finishes what was interrupted


def _repair(_: Ground, home: Path) -> None:
    ground.wounds(home, repair=True)


def _back_up(field: Ground, home: Path) -> None:
    """What was interrupted left a whole file; the next backup is of what is there."""
    file, made = home.parent / "kept.zip", home.parent / "unpacked"
    for _ in range(2):
        shutil.rmtree(made, ignore_errors=True)
        backup.unpack(file, made)
        if ground.contents(made) not in (field.old, field.new):
            raise LibraryError("the backup has neither the old nor the new")
        maintenance.save(ground.settings(home), file, quiet)
    if list(file.parent.glob(".*.partial")):
        raise LibraryError("a partial backup is left")
    shutil.copy(field.backup, file)


def _earlier(field: Ground, home: Path) -> None:
    shutil.copy(field.backup, home.parent / "kept.zip")


def _restore(field: Ground, home: Path) -> None:
    at = ground.settings(home)
    maintenance.restore(at, field.backup, quiet, quiet, force=True)


def _open(_: Ground, home: Path) -> None:
    compose.library(ground.settings(home), quiet).close()


def _first_format(_: Ground, home: Path) -> None:
    with closing(sqlite3.connect(home / "library.db")) as connection, connection:
        for column in _COLUMNS:
            connection.execute(f"ALTER TABLE articles DROP COLUMN {column}")
        connection.execute("DROP TABLE alembic_version")
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'schema'")


def _old(field: Ground) -> Texts:
    return field.old


def _new(field: Ground) -> Texts:
    return field.new


def _web_old(field: Ground) -> Texts:
    """Return the old texts of what the site still has."""
    return {f"{field.site}/{name}": field.old[name] for name in field.old if name in field.new}


def _web_new(field: Ground) -> Texts:
    return {f"{field.site}/{name}": field.new[name] for name in field.old if name in field.new}


def _from_web(field: Ground, home: Path) -> None:
    """Let all articles be the old version of pages of the site."""
    with compose.library(ground.settings(home), quiet) as index:
        index.remove([source.id for source in index.store.sources()])
        urls = {name: f"{field.site}/{name}" for name in field.old if name in field.new}
        index.put(
            replace(articles.parse((field.files(1) / name).read_bytes(), Path(name), url), url=url)
            for name, url in urls.items()
        )


def _refresh(_: Ground, home: Path) -> None:
    with compose.library(ground.settings(home), quiet) as index:
        refresh.refresh(index, (), visits.Visitor(allow_private=True))


KILLS = (
    Kill("sync", lambda f, _: ["sync", str(f.files(2))], _either(_old, _new), _sync, _new),
    Kill("remove", lambda *_: ["remove", *REMOVED], _all_or_none(_old, _removed), _remove,
         _removed),
    Kill("reindex", lambda *_: ["reindex"], _all_or_none(_old), _repair, _old),
    Kill("backup", lambda _, home: ["backup", str(home.parent / "kept.zip")], _all_or_none(_old),
         _back_up, _old, _earlier),
    Kill("restore", lambda f, _: ["restore", str(f.backup), "--force"], _all_or_none(_old, _new),
         _restore, _new),
    Kill("refresh", lambda *_: ["refresh"], _either(_web_old, _web_new), _refresh, _web_new,
         _from_web),
    Kill("migration", lambda *_: ["sources"], _all_or_none(_old), _open, _old, _first_format),
)  # fmt: skip
