"""Which files a folder offers, under which ids they are kept, and whether they changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from retrieval import articles
from retrieval.archives import SUFFIX, Archives, within
from retrieval.errors import SourceError
from retrieval.store import Origin, Source
from retrieval.types import Article

FORMAT = "1"
"""Raised when the readers give another text for the same bytes, so that all is read again."""


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; one that the system cannot look at is none."""
    try:
        return path.is_dir()
    except OSError:  # a name that is too long; reading it as a file says so
        return False


def files(folder: Path) -> list[tuple[Path, str]]:
    """Return the articles of a folder as (absolute path, path within the folder).

    Raises:
        SourceError: if there is no such folder, or no article in it.
    """
    found: list[tuple[Path, str]] = []
    with Archives() as archives:
        for path in articles.find(folder, frozenset({SUFFIX})):
            name = path.relative_to(folder).as_posix()
            is_archive = path.suffix.lower() == SUFFIX
            found += _unpacked(path, name, archives) if is_archive else [(path.absolute(), name)]
    if not found:
        raise SourceError(
            f"{folder} holds no articles ({articles.formats()}), so nothing was changed; name "
            "another folder, or remove articles with: footnote remove ID"
        )
    return found


def archived(path: Path) -> list[tuple[Path, str]]:
    """Return the articles of a zip archive as :func:`files` does those of a folder.

    Raises:
        SourceError: if it cannot be read, or has no article in it.
    """
    with Archives() as archives:
        if not archives.contents(path).members:
            problem = archives.contents(path).problem
            raise SourceError(problem or f"{path} holds no articles; add one that does.")
        return _unpacked(path, path.name, archives)


def _unpacked(path: Path, name: str, archives: Archives) -> list[tuple[Path, str]]:
    """Return the files of an archive; it is among them itself if something is to be said of it."""
    itself = (path.absolute(), name)
    try:
        contents = archives.contents(path)
    except SourceError:
        return [itself]
    found = [(path.absolute() / inner, f"{name}/{inner}") for inner in contents.members]
    return [*found, itself] if contents.problem else found


def load(path: Path, archives: Archives) -> bytes:
    """Return the bytes of a file whose name can be kept, also of one within an archive.

    Raises:
        SourceError: if it cannot be read, or its name is not Unicode.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise SourceError(f"{str(path)!a} has a name that is not UTF-8; rename it.") from None
    if path.suffix.lower() == SUFFIX:
        raise SourceError(archives.contents(path).problem or f"{path} is an archive.")
    inner = within(path)
    return archives.load(*inner) if inner else articles.load(path)


def read(path: Path, article_id: str) -> Article:
    """Return the article in a file.

    Raises:
        SourceError: if it cannot be read.
    """
    articles.check_format(path)
    with Archives() as archives:
        return articles.parse(load(path, archives), path, article_id)


def digest(path: Path, data: bytes) -> str:
    """Return the hash by which a file is known to be unchanged."""
    return hashlib.sha256(f"{FORMAT}{path.suffix.lower()}\0".encode() + data).hexdigest()


def assign_ids(
    found: Sequence[tuple[Path, str]], origin: Origin, known: Mapping[str, Source]
) -> list[tuple[Path, str]]:
    """Return (path, id) for each file: the id it had, or its name, made unique where it is taken.

    A folder that is synced may take over the names of the folder synced before;
    nothing takes the name of an article that was added by itself.
    """
    by_path = {source.path: source.id for source in known.values()}
    taken: set[str] = set()
    named: list[tuple[Path, str]] = []
    for path, name in found:
        holder = known.get(name)
        is_free = holder is None or origin == holder.origin == "synced"
        article_id = by_path.get(str(path)) or (name if is_free else _unique(path, name))
        if article_id in taken:
            article_id = _unique(path, name)
        taken.add(article_id)
        named.append((path, article_id))
    return named


def _unique(path: Path, name: str) -> str:
    suffix = path.suffix
    mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:6]
    return f"{name.removesuffix(suffix)}-{mark}{suffix}"
