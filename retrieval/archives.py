"""Files within zip archives, read in place: nothing is ever written, and little is unpacked.

The path of such a file goes on from that of its archive: ``news.zip/2024/ferry.md``.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import TracebackType

from retrieval import articles
from retrieval.errors import SourceError
from retrieval.wording import counted

SUFFIX = ".zip"

MOST_FILES = 10_000
"""The files that an archive may have, of whatever kind."""

MOST_UNPACKED = 500_000_000
"""The bytes that the readable files of an archive may have together."""

MOST_RATIO = 100
"""How many times its size an archive may grow to; text grows to some five times."""

_GROWS = 10_000_000
_MOST_DIRECTORY = 4_000_000
_UTF_8 = 0x800
_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError),
    *(EOFError, IndexError, OverflowError, ValueError),
)
_HIDDEN = (".", "__MACOSX")


@dataclass(frozen=True)
class Contents:
    """The readable files of an archive by their names, and what is said of those left out."""

    members: dict[PurePosixPath, zipfile.ZipInfo]
    problem: str | None = None


class _Careful(io.FileIO):
    """A file of which no list of contents is read that is longer than that of many files."""

    def read(self, size: int | None = -1, /) -> bytes:
        left = os.fstat(self.fileno()).st_size - self.tell()
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > _MOST_DIRECTORY:
            raise zipfile.BadZipFile("its list of contents is too long")
        return super().read(wanted) or b""


class Archives:
    """Reads files within archives; the one used last stays open until the ``with`` block ends."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._opened: _Careful | None = None
        self._file: zipfile.ZipFile | None = None
        self._contents = Contents({})

    def __enter__(self) -> Archives:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def contents(self, path: Path) -> Contents:
        """Return what can be read of an archive.

        Raises:
            SourceError: if it is no archive, or one that may be meant to do harm.
        """
        if path != self._path:
            self._close()
            try:
                self._opened = _Careful(path)
                self._file = zipfile.ZipFile(self._opened)
            except OSError as error:
                raise SourceError(
                    f"{path} cannot be read ({error.strerror}); check the path and its permissions."
                ) from error
            except _BROKEN:
                raise SourceError(
                    f"{path} is no zip archive that can be read; make it anew, or add its files."
                ) from None
            self._path = path
            self._contents = _sorted(path, self._file.infolist())
        return self._contents

    def load(self, archive: Path, name: PurePosixPath) -> bytes:
        """Return the bytes of a file within an archive.

        Raises:
            SourceError: if it cannot be read, or is too large.
        """
        member = self.contents(archive).members.get(name)
        shown = archive / name
        if member is None or self._file is None:
            raise SourceError(f"{shown} is not there any more; run it again.")
        too_large = SourceError(
            f"{shown} has {member.file_size / 1e6:,.0f} MB; split it into files of at most "
            f"{articles.MAX_BYTES / 1e6:.0f} MB."
        )
        if member.file_size > articles.MAX_BYTES:
            raise too_large
        try:
            with self._file.open(member) as file:
                data = file.read(articles.MAX_BYTES + 1)
        except (OSError, *_BROKEN):
            raise SourceError(f"{shown} is broken; make its archive anew.") from None
        if len(data) > articles.MAX_BYTES:
            raise too_large
        return data

    def _close(self) -> None:
        if self._opened:
            self._opened.close()
        self._path = self._opened = self._file = None


def within(path: Path) -> tuple[Path, PurePosixPath] | None:
    """Return the archive that a path leads into, and the name in it; None if it leads into none."""
    for parent in path.parents:
        with suppress(OSError):  # a name that is too long for a file
            if parent.suffix.lower() == SUFFIX and parent.is_file():
                return parent, PurePosixPath(path.relative_to(parent).as_posix())
    return None


def _sorted(path: Path, listed: list[zipfile.ZipInfo]) -> Contents:
    """Return the files of an archive that can be read, and why the others cannot.

    Raises:
        SourceError: if the archive is one that may be meant to do harm.
    """
    if len(listed) > MOST_FILES:
        raise SourceError(
            f"{path} has {len(listed):,} files, and {MOST_FILES:,} may be in one archive; split it."
        )
    members: dict[PurePosixPath, zipfile.ZipInfo] = {}
    left_out: Counter[str] = Counter()
    for member in listed:
        name = _name(member)
        reason = _reason(member, name)
        if reason is None:
            members[PurePosixPath(name)] = member
        elif reason:
            left_out[reason] += 1
    size = sum(member.file_size for member in members.values())
    is_bomb = size > _GROWS and size > MOST_RATIO * path.stat().st_size
    if size > MOST_UNPACKED or is_bomb:
        raise SourceError(
            f"{path} would unpack to {size / 1e6:,.0f} MB, which is too much for it; unpack what "
            "you need of it, and add that."
        )
    reasons = ", ".join(f"{counted(count, 'file')} {why}" for why, count in left_out.items())
    problem = (
        f"In {path}, {reasons}; add them by themselves if you trust them." if reasons else None
    )
    return Contents(members, problem)


def _name(member: zipfile.ZipInfo) -> str:
    """Return a name with slashes; one in UTF-8 that is not marked as such is common."""
    name = member.filename
    if not member.flag_bits & _UTF_8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return name.replace("\\", "/")


def _reason(member: zipfile.ZipInfo, name: str) -> str | None:
    """Return why a file is left out, nothing if that needs no word; None if it can be read."""
    path = PurePosixPath(name)
    kind = stat.S_IFMT(member.external_attr >> 16)
    is_hidden = any(part.startswith(_HIDDEN) for part in path.parts if part != "..")
    is_archive = path.suffix.lower() == SUFFIX
    if name.endswith("/") or is_hidden or not (is_archive or articles.is_readable(path)):
        return ""
    reasons = {
        "with a name that leads out of it": (
            ".." in path.parts or path.is_absolute() or bool(PureWindowsPath(name).drive)
        ),
        "that is an archive itself": is_archive,
        "that is a link or no file": kind not in {0, stat.S_IFREG},
        "locked with a password": bool(member.flag_bits & _ENCRYPTED),
        "packed in an uncommon way": member.compress_type not in _METHODS,
    }
    return next((reason for reason, is_so in reasons.items() if is_so), None)
