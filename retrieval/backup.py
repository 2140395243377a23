"""Databases in one file: copied while others write to them, and checked before they are used.

The file is a ZIP archive of SQLite databases and ``manifest.json``, which says what is in it.
Vectors are not: a copy of Chroma's files, made while they are written, would not be whole, and
they can be made from the databases at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from retrieval import locking
from retrieval.embedding import Notify
from retrieval.errors import LibraryError

FORMAT = "footnote-backup-1"
_MANIFEST = "manifest.json"
_NAME = re.compile(r"library\.db|bot\.db|servers/\d{1,20}/library\.db")
_CHUNK = 1 << 20
_MOST_MANIFEST = 16 << 20


@dataclass(frozen=True)
class Member:
    """A database in a backup; ``size`` is in bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What is in a backup.  ``made`` has when, and the versions of what it was made by."""

    format: str
    made: Mapping[str, str]
    members: tuple[Member, ...]


def write(
    file: Path, databases: Mapping[str, Path], made: Mapping[str, str], notify: Notify
) -> Manifest:
    """Copy databases into a file, each as it is at one moment; others may write meanwhile.

    The file is there when it is whole: an earlier backup of that name stays until then.

    Raises:
        LibraryError: if a database cannot be read, the file cannot be written, or there is one
            of that name which is no backup.
    """
    if file.exists() and not _is_backup(file):
        raise LibraryError(f"{file} is no backup, and would be lost; name another file.")
    partial = file.with_name(f".{file.name}.partial")
    with _errors(file):
        partial.mkdir(exist_ok=True)
        with locking.locked(partial, notify):
            try:
                archive = partial / "archive"
                manifest = _archived(archive, partial / "copy", databases, made)
                archive.replace(file)
                _flush(file.parent)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return manifest


def _archived(
    path: Path, copy: Path, databases: Mapping[str, Path], made: Mapping[str, str]
) -> Manifest:
    members = []
    with path.open("wb") as stream:
        path.chmod(0o600)  # it has what people asked
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, database in databases.items():
                _copy(database, copy)
                fault = _fault(copy)
                if fault:
                    raise LibraryError(f"{database} is damaged ({fault}); run: footnote doctor")
                with copy.open("rb") as content:
                    digest = hashlib.file_digest(content, "sha256").hexdigest()
                members.append(Member(name, copy.stat().st_size, digest))
                archive.write(copy, name)
            manifest = Manifest(FORMAT, made, tuple(members))
            archive.writestr(_MANIFEST, json.dumps(asdict(manifest), indent=2))
        stream.flush()
        os.fsync(stream.fileno())
    return manifest


def _copy(source: Path, target: Path) -> None:
    """Copy a database by SQLite's online backup: one state of it, in one file."""
    target.unlink(missing_ok=True)
    with (
        closing(
            sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", timeout=20, uri=True)
        ) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")


def unpack(file: Path, folder: Path) -> Manifest:
    """Write what is in a backup to a folder, and check all of it.

    Raises:
        LibraryError: if it is no backup, is damaged or made by a later version of Footnote, or
            there is no room.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive, file)
            for member in manifest.members:
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                _extract(archive, member, target, file)
    except OSError as error:
        raise LibraryError(
            f"{file} cannot be unpacked to {folder} ({error.strerror or error}); name another "
            "file, or make room."
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(file, error) from error
    return manifest


def _manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    try:
        info = archive.getinfo(_MANIFEST)
        if info.file_size > _MOST_MANIFEST:
            raise ValueError("its list is too long")  # noqa: TRY301
        data = json.loads(archive.read(info))
        found = data["format"]
        members = tuple(Member(**one) for one in data["members"]) if found == FORMAT else ()
        names = [member.name for member in members]
        is_sound = all(_NAME.fullmatch(name) for name in names)
    except (LookupError, TypeError, ValueError) as error:
        raise _damaged(file, error) from error
    if found != FORMAT:
        raise LibraryError(
            f"{file} has the format {found!r}, and this version of Footnote reads {FORMAT}; "
            "update Footnote."
        )
    if not is_sound or sorted([*names, _MANIFEST]) != sorted(archive.namelist()):
        raise _damaged(file, "its list does not fit")
    return Manifest(found, data["made"], members)


def _extract(archive: zipfile.ZipFile, member: Member, target: Path, file: Path) -> None:
    if archive.getinfo(member.name).file_size != member.size:
        raise _damaged(file, f"{member.name} has another size than it had")
    digest = hashlib.sha256()
    with archive.open(member.name) as source, target.open("wb") as stream:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if digest.hexdigest() != member.sha256:
        raise _damaged(file, f"{member.name} is not what was saved")
    fault = _fault(target)
    if fault:
        raise _damaged(file, f"{member.name}: {fault}")


def _fault(database: Path) -> str | None:
    """Return what is wrong with a database, if anything."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            said = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if said == "ok" else said


def _is_backup(file: Path) -> bool:
    with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(file) as archive:
        return _MANIFEST in archive.namelist()
    return False


def _damaged(file: Path, reason: object) -> LibraryError:
    return LibraryError(
        f"{file} is no backup of Footnote, or is damaged ({reason}); name another file."
    )


def _flush(folder: Path) -> None:
    """Let a new name in a folder outlast a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _errors(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LibraryError(
            f"The backup {file} cannot be written ({error.strerror or error}); name another place."
        ) from error
    except sqlite3.Error as error:
        raise LibraryError(
            f"The library cannot be copied ({error}); make room, or run: footnote doctor"
        ) from error
