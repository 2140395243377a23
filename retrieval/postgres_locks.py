"""The right to write to a library in PostgreSQL, which one process on any machine has at a time.

An advisory lock lasts as long as the connection that took it.  So it goes with a process that
is killed, but also when PostgreSQL is restarted: whoever writes by right of a lock does so over
the very connection that holds it (:meth:`Hold.transaction`), and never after it has gone.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from retrieval.embedding import Notify
from retrieval.errors import LibraryError
from retrieval.locking import WAITING
from retrieval.postgres_server import Server

# A machine that has gone is noticed after about two minutes, and its lock with it.
_KEEP_ALIVE = sa.text("""
    SELECT set_config('tcp_keepalives_idle', '60', false),
        set_config('tcp_keepalives_interval', '15', false),
        set_config('tcp_keepalives_count', '4', false)
""")
_TRY = sa.text("SELECT pg_try_advisory_lock(:key)")
_PATIENCE = sa.text("SET LOCAL lock_timeout = '600s'")
_WAIT = sa.text("SELECT pg_advisory_lock(:key)")
_UNLOCK = sa.text("SELECT pg_advisory_unlock(:key)")

_holds: dict[tuple[str, str], Hold] = {}


class Hold:
    """The right to write, and the connection that has it; for one thread, and those it starts."""

    def __init__(self, connection: sa.Connection) -> None:
        self.owner = threading.get_ident()
        self._connection = connection
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Write by this right, in one transaction.

        Raises:
            LibraryError: if the connection was lost, and the right with it.
        """
        with self._one_at_a_time:
            if self._connection.invalidated:  # it would connect anew, and have no lock
                raise LibraryError(
                    "The connection to the database of DATABASE_URL was lost while the library was "
                    "being written to; do the same again."
                )
            with self._connection.begin():
                yield self._connection


def key_of(purpose: str, name: str) -> int:
    """Return the number by which PostgreSQL knows a lock: 64 bits."""
    digest = hashlib.sha256(f"footnote {purpose} {name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def hold_of(server: Server, name: str) -> Hold | None:
    """Return the right that this process has to write to a library now, if any."""
    return _holds.get((server.url, name))


@contextmanager
def locked(server: Server, name: str, notify: Notify) -> Iterator[None]:
    """Hold the right to write to a library; a thread that has it may ask for it again."""
    place = server.url, name
    held = _holds.get(place)
    if held and held.owner == threading.get_ident():
        yield
        return
    key = key_of("write", name)
    with server.engine.connect() as connection:
        try:
            _acquire(connection, key, notify)
            _holds[place] = Hold(connection)
            try:
                yield
            finally:
                del _holds[place]
                _release(connection, key)
        except BaseException:
            connection.invalidate()  # and whatever it holds
            raise


def _acquire(connection: sa.Connection, key: int, notify: Notify) -> None:
    connection.execute(_KEEP_ALIVE)
    if not connection.scalar(_TRY, {"key": key}):
        notify(WAITING)
        connection.execute(_PATIENCE)
        connection.execute(_WAIT, {"key": key})
    connection.commit()


def _release(connection: sa.Connection, key: int) -> None:
    if not connection.invalidated:
        connection.execute(_UNLOCK, {"key": key})
        connection.commit()
