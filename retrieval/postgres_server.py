"""The connections to a PostgreSQL server, and what is said when there are none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import sqlalchemy as sa
from sqlalchemy import exc

from retrieval.errors import ConfigError, LibraryError
from retrieval.types import fold_space

_CONNECT_SECONDS = 10
_FORM = "write it as postgresql+psycopg://USER:PASSWORD@HOST:5432/DATABASE"
_KINDS = {"postgresql", "postgres"}
_DRIVER = "postgresql+psycopg"
_MISSING = (
    "DATABASE_URL needs a package that is not installed; install it: "
    "pip install 'footnote-bot[postgres]'"
)

_REFUSED, _READ_ONLY, _FULL = "42501", "25006", "53100"
_BUSY = {"55P03", "40P01", "40001"}
"""A lock was waited for too long, or two waited for each other."""

_engines: dict[str, tuple[sa.Engine, int]] = {}
_counting = threading.Lock()


class Server:
    """A server, to whose connections all libraries of this process there have a share.

    The connections are closed when nobody uses them any more.

    Raises:
        ConfigError: if the address makes no sense, or the driver is missing.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._is_closed = False
        with _counting:
            self.engine, users = _engines.get(url) or (_engine(url), 0)
            _engines[url] = self.engine, users + 1

    def close(self) -> None:
        """Give the share back."""
        with _counting:
            if self._is_closed:
                return
            self._is_closed = True
            engine, users = _engines.pop(self.url)
            if users > 1:
                _engines[self.url] = engine, users - 1
                return
        engine.dispose()


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """Connect to a server, for a moment.

    Raises:
        ConfigError: if the address makes no sense, or the driver is missing.
        LibraryError: if it cannot be reached, or refuses what is asked.
    """
    with errors(), closing(Server(url)) as server, server.engine.connect() as connection:
        yield connection


@contextmanager
def errors(place: str = "DATABASE_URL", remedy: str = "see its log") -> Iterator[None]:
    """Turn what PostgreSQL says into a sentence; ``remedy`` is for damage in ``place``.

    Raises:
        LibraryError: if the block raises an error of the database.
    """
    try:
        yield
    except exc.DBAPIError as error:
        raise LibraryError(_explain(error, place, remedy)) from error


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError):
        raise ConfigError(f"DATABASE_URL is not an address; {_FORM}.") from None
    if parsed.get_backend_name() not in _KINDS:
        raise ConfigError(
            f"DATABASE_URL is of {parsed.get_backend_name()}, and Footnote knows PostgreSQL beside "
            f"its own files; {_FORM}, or leave it out."
        )
    if "@" in (parsed.host or ""):  # a piece of the password, which errors would show
        raise ConfigError(f"DATABASE_URL has more than one @; {_FORM}, with %40 for @ in PASSWORD.")
    try:
        return sa.create_engine(
            parsed.set(drivername=_DRIVER),
            hide_parameters=True,  # errors go to logs, and parameters have what people ask
            pool_pre_ping=True,  # the server may have been restarted
            max_overflow=-1,  # those who wait for a lock shall not keep its holder from connecting
            connect_args={"connect_timeout": _CONNECT_SECONDS},
        )
    except ImportError as error:
        raise ConfigError(_MISSING) from error


def _explain(error: exc.DBAPIError, place: str, remedy: str) -> str:
    reason = fold_space(str(error.orig))[:200]
    state = getattr(error.orig, "sqlstate", None)
    if state in _BUSY:
        return f"The library in {place} is in use by another process; try again in a moment."
    if state == _FULL:
        return "The disk of the database of DATABASE_URL is full; make room and try again."
    if state in {_REFUSED, _READ_ONLY}:
        return (
            f"The database of DATABASE_URL does not let us write ({reason}); name a user that may "
            "make schemas in it, and not a copy that is only read."
        )
    if error.connection_invalidated or isinstance(error, exc.OperationalError):
        return (
            f"The database of DATABASE_URL cannot be reached ({reason}); see that PostgreSQL runs "
            "and that DATABASE_URL has its address, user and password."
        )
    return f"The library in {place} is damaged ({reason}); {remedy}"
