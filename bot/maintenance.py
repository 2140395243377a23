"""Builds from the settings what ``doctor``, ``backup`` and ``restore`` need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import compose, record_checks, restoring, server_backups
from bot.server_backups import Shelves
from bot.settings import Settings
from retrieval import backup, doctor, migrations
from retrieval.backup import Manifest
from retrieval.checking import Finding
from retrieval.embedding import Notify
from retrieval.errors import LibraryError
from retrieval.postgres import Schema
from retrieval.shelf import Shelf
from retrieval.writer import Progress


def examine(
    settings: Settings, notify: Notify, say: Callable[[str, Finding], None], *, repair: bool
) -> None:
    """Check all libraries and the records; ``say`` is told of which, and what was found."""
    model = compose.embedder(settings, notify)
    for server in (None, *compose.servers(settings)):
        doctor.examine(
            compose.shelf(settings, server),
            model,
            partial(say, f"server {server}" if server else "shared"),
            notify,
            repair=repair,
        )
    record_checks.examine(compose.records_home(settings), partial(say, "records"), repair=repair)


def save(settings: Settings, file: Path, notify: Notify) -> Manifest:
    """Copy the articles of all libraries, and the records, into a file.

    Raises:
        LibraryError: if there is no library, or the file cannot be written.
    """
    made = {
        "when": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "footnote": version("footnote-bot"),
        "library_format": str(migrations.LATEST),
    }
    if not compose.articles(settings).exists():
        raise LibraryError(
            f"There is no library in {compose.articles(settings)}; run: footnote sync FOLDER"
        )
    if settings.database_url is None:
        found = restoring.databases(compose.library_dir(settings))
        return backup.write(file, found, made, notify)
    shelves, records = _on_server(settings, settings.database_url.get_secret_value())
    with TemporaryDirectory() as folder:
        server_backups.export(shelves, compose.servers(settings), records, Path(folder))
        return backup.write(file, restoring.databases(Path(folder)), made, notify)


def restore(
    settings: Settings, file: Path, notify: Notify, progress: Progress, *, force: bool
) -> Manifest:
    """Put what is in a backup in the place of all that is kept.

    Raises:
        LibraryError: if that cannot be done; then all is as it was, but on PostgreSQL where only
            the vectors could not be made.
    """
    model = compose.embedder(settings, notify)
    if settings.database_url:
        shelves, records = _on_server(settings, settings.database_url.get_secret_value())
        servers = partial(compose.servers, settings)
        return server_backups.restore(
            file, shelves, servers, records, model, notify=notify, progress=progress, force=force
        )
    folder, places = compose.library_dir(settings), partial(compose.place, settings)
    return restoring.restore(
        file, folder, model, places, notify=notify, progress=progress, force=force
    )


def _on_server(settings: Settings, url: str) -> tuple[Shelves, Schema]:
    """Return where libraries are kept in PostgreSQL, and where the records."""

    def shelf(server: str | None) -> Shelf[Schema]:
        folder, vectors = compose.library_dir(settings, server), compose.place(settings, server)
        return Shelf(folder, compose.schema(url, server), vectors)

    return shelf, compose.schema(url, compose.RECORDS)
