"""Builds everything from the settings; nothing else does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot import swapping
from bot.settings import Settings
from retrieval.chain import Pipeline, build_chain
from retrieval.conversation import Conversation
from retrieval.embedding import Embedder, Notify, load_embedder
from retrieval.errors import ConfigError
from retrieval.reader import Reader
from retrieval.reading_model import ReadingModel, load_reading_model, shipped
from retrieval.search import Search
from retrieval.types import Answer

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable
    from rich.console import Console

    from bot.chat import Chat
    from bot.libraries import Libraries
    from bot.records import Records
    from bot.service import Service
    from bot.session import Page, Session, Work
    from retrieval.database import Home
    from retrieval.index import Index
    from retrieval.postgres import Schema
    from retrieval.shelf import Shelf
    from retrieval.vectors import Place

RECORDS = "bot"
"""What the schema of the records is called."""

_NAME = "footnote"


def embedder(settings: Settings, notify: Notify) -> Embedder:
    """Return the embedding model that is set."""
    return load_embedder(settings.embedding_model, cache_dir(settings), notify)


def library(settings: Settings, notify: Notify) -> Index:
    """Open the library that is set; the model is loaded while Chroma is imported."""
    complete_restore(settings, notify)
    with ThreadPoolExecutor(1) as pool:
        model = pool.submit(embedder, settings, notify)
        where = shelf(settings)
        return where.open(model.result(), notify)


def libraries(settings: Settings, notify: Notify) -> Libraries:
    """Return the shared library and those of the Discord servers; none is opened yet."""
    from bot.libraries import Libraries

    reader = cache(partial(reading_model, settings, notify))
    writer = chat(settings)
    return Libraries(
        has_own=lambda server: articles(settings, server).exists(),
        list_own=partial(servers, settings),
        open_shared=partial(library, settings, notify),
        open_own=lambda server, model: shelf(settings, server).open(model, notify),
        build=lambda *some: pipeline(*some, reader=reader(), chat=writer),
        stand_alone=writer.stand_alone if writer else Conversation.stand_alone,
        allow_private_urls=settings.allow_private_urls,
        most_articles=settings.server_sources,
    )


def records(settings: Settings) -> Records:
    """Open what the bot itself keeps: answers given, votes, and the settings of servers."""
    from bot.records import Records

    return Records(records_home(settings), settings.keep_days)


def service(settings: Settings, notify: Notify) -> Service:
    """Return what the bot offers; its libraries are opened later, by ``load``."""
    from bot.desk import Desk
    from bot.service import Service

    return Service(
        libraries=libraries(settings, notify),
        records=records(settings),
        desk=Desk(settings.workers, settings.queue),
        cooldown=settings.cooldown,
    )


def forget(settings: Settings, server: str) -> None:
    """Remove all that is kept of a Discord server: its articles, answers, votes and settings."""
    place(settings, server).clear()
    articles(settings, server).clear()
    with closing(records(settings)) as kept:
        kept.forget(server)


def shelf(settings: Settings, server: str | None = None) -> Shelf[Home]:
    """Return where the shared library is kept, or that of a Discord server."""
    from retrieval.shelf import Shelf

    where = library_dir(settings, server)
    return Shelf(where, articles(settings, server), place(settings, server))


def articles(settings: Settings, server: str | None = None) -> Home:
    """Return where the articles of the shared library are kept, or those of a Discord server."""
    return _home(settings, library_dir(settings, server) / swapping.LIBRARY, server)


def records_home(settings: Settings) -> Home:
    """Return where the bot keeps its records."""
    return _home(settings, library_dir(settings) / swapping.RECORDS, RECORDS)


def complete_restore(settings: Settings, notify: Notify) -> None:
    """Do what is left of a restore that was cut short; nothing, if none was."""
    swapping.complete(library_dir(settings), notify)


def place(settings: Settings, server: str | None = None) -> Place:
    """Return where the vectors of the shared library are kept, or those of a Discord server."""
    from retrieval.vectors import Place

    folder = library_dir(settings, server) / "chroma"
    url = str(settings.chroma_url) if settings.chroma_url else None
    return Place(folder, url, f"{_NAME}-{server}" if server else _NAME)


def library_dir(settings: Settings, server: str | None = None) -> Path:
    """Return the folder of the shared library, or that of a Discord server's."""
    shared = _expanded(settings.data_dir, "DATA_DIR")
    return shared / swapping.SERVERS / server if server else shared


def servers(settings: Settings) -> list[str]:
    """Return the ids of the Discord servers that have a library of their own."""
    if settings.database_url:
        from retrieval.postgres import schemas

        own = f"{_NAME}_"
        found = schemas(settings.database_url.get_secret_value())
        ids = [name.removeprefix(own) for name in found if name.startswith(own)]
        return [server for server in ids if server.isdecimal()]
    return sorted(
        folder.parent.name
        for folder in library_dir(settings).glob(f"{swapping.SERVERS}/*/{swapping.LIBRARY}")
    )


def pipeline(
    *libraries: Index, reader: ReadingModel | None = None, chat: Chat | None = None
) -> Pipeline:
    """Return the function that answers from one or more libraries.

    ``reader`` is the model that reads; that of the install if None.  ``chat`` is the one that
    writes the answers; they are made offline if None.
    """
    search = Search(*libraries)
    model = reader or shipped()
    encode = libraries[0].embedder.encode
    offline = Reader(model.read, encode, search.frequencies, model.calibration)
    return Pipeline(search, chat.answerer(offline, encode) if chat else offline)


def chat(settings: Settings) -> Chat | None:
    """Return the chat model that is set, or None.

    Raises:
        ConfigError: if it cannot be used as it is set, or a prompt is not what it should be.
    """
    if settings.chat_model is None:
        return None
    from bot.chat import load_chat

    return load_chat(settings, settings.chat_model)


def reading_model(settings: Settings, notify: Notify) -> ReadingModel:
    """Return the model that reads, as it is set."""
    return load_reading_model(settings.reader_model, cache_dir(settings), notify)


def chain(index: Index, reader: ReadingModel | None = None) -> Runnable[str, Answer]:
    """Return the chain that answers from a library, offline."""
    steps = pipeline(index, reader=reader)
    return build_chain(steps.search, steps.answerer, steps.passages)


def session(
    settings: Settings,
    index: Index,
    output: Console,
    work: Work,
    page: Page,
    *,
    reader: ReadingModel | None = None,
    chat: Chat | None = None,
) -> Session:
    """Return what a session at the terminal works with."""
    from bot.session import Session

    return Session(
        index=index,
        pipeline=pipeline(index, reader=reader, chat=chat),
        stand_alone=chat.stand_alone if chat else Conversation.stand_alone,
        output=output,
        work=work,
        page=page,
        allow_private_urls=settings.allow_private_urls,
    )


def history(settings: Settings) -> Path:
    """Return the file that keeps what was typed in sessions at the terminal."""
    return library_dir(settings) / "history"


def cache_dir(settings: Settings) -> Path:
    """Return the folder of the exported models."""
    from platformdirs import user_cache_path

    return _expanded(settings.cache_dir or user_cache_path("footnote-bot"), "CACHE_DIR")


def schema(url: str, name: str | None = None) -> Schema:
    """Return the schema of the shared library, or of what else has that name."""
    from retrieval.postgres import Schema

    return Schema(url, f"{_NAME}_{name}" if name else _NAME)


def _home(settings: Settings, path: Path, name: str | None) -> Home:
    """Return the file ``path``, or the schema of that name if PostgreSQL is set."""
    if settings.database_url is None:
        from retrieval.sqlite import File

        return File(path)
    return schema(settings.database_url.get_secret_value(), name)


def _expanded(path: Path, setting: str) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ConfigError(
            f"{setting} is {path}, and there is no such user; name the folder in full."
        ) from None
