"""PostgreSQL in place of SQLite: how its libraries lie apart, and what is said when it fails.

Each library has a schema of its own, as with SQLite it has a file: what one Discord server
adds cannot reach another by a query that forgot to ask for its own rows, the tables and the
queries are those of SQLite, and a server is forgotten by dropping its schema.  A transaction
names its schema first, so that all libraries of a process share a few connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field

import sqlalchemy as sa

from retrieval import postgres_words
from retrieval.database import Words
from retrieval.embedding import Notify
from retrieval.errors import LibraryError
from retrieval.postgres_locks import hold_of, key_of, locked
from retrieval.postgres_server import Server, connected, errors

_COMMITTING = "commit"
# To compile a query takes PostgreSQL longer than any of ours.
_ENTER = sa.text("""
    SELECT set_config('search_path', :schema, true), set_config('jit', 'off', true),
        set_config('lock_timeout', '20s', true)
""")
_SOON = sa.text("SELECT set_config('lock_timeout', '5s', true)")
_WAIT_FOR_OTHERS = sa.text("SELECT pg_advisory_xact_lock(:key)")
_HAS_SCHEMA = sa.text("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = :schema)")
_HAS_TABLES = sa.text("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = :schema)")
_SCHEMAS = sa.text("SELECT nspname FROM pg_namespace ORDER BY nspname")
_STAGED, _REPLACED = "_restored", "_replaced"
_LIBRARIES = sa.text("SELECT schemaname FROM pg_tables WHERE tablename = 'meta'")


@dataclass(frozen=True)
class Schema:
    """The place of a library, or of what the bot keeps: a schema of a PostgreSQL database.

    ``url`` is ``postgresql://user:password@host:port/database``.

    Raises:
        ConfigError: from any method, if the address makes no sense or the driver is missing.
        LibraryError: from any method, if PostgreSQL cannot be reached or does not let us.
    """

    url: str = field(repr=False)  # which has the password
    name: str

    def __str__(self) -> str:
        return f"the schema {self.name} of DATABASE_URL"

    def exists(self) -> bool:
        """Return whether anything was ever kept here."""
        with connected(self.url) as connection:
            return bool(connection.scalar(_HAS_TABLES, {"schema": self.name}))

    def open(self, away: str, then: str) -> Postgres:
        """Open the tables, in a schema that is made if there is none."""
        return Postgres(self, f"rename that schema and {then}")

    @contextmanager
    def locked(self, notify: Notify) -> Iterator[None]:
        """Hold the right to write, by an advisory lock, on whatever machine the others are."""
        with (
            closing(Server(self.url)) as server,
            errors(str(self)),
            locked(server, self.name, notify),
        ):
            yield

    @property
    def staged(self) -> Schema:
        """The schema in which what is to come here is made ready; see :func:`exchange`."""
        return Schema(self.url, self.name + _STAGED)

    def clear(self) -> None:
        """Drop the schema, and all that is in it."""
        with connected(self.url) as connection:
            connection.execute(_SOON)
            connection.execute(sa.schema.DropSchema(self.name, cascade=True, if_exists=True))
            connection.commit()


def schemas(url: str) -> list[str]:
    """Return the names of the schemas that have a library, in order.

    Raises:
        ConfigError: if the address makes no sense or the driver is missing.
        LibraryError: if PostgreSQL cannot be reached.
    """
    with connected(url) as connection:
        return sorted(connection.scalars(_LIBRARIES))


def exchange(shared: Schema, new: Sequence[Schema], old: Iterable[Schema]) -> None:
    """Put the staged form of some schemas in the place of others: all or nothing.

    It goes over the connection that holds the right to write to ``shared``, if that is held.
    What was there is only renamed at first, for which nobody has to be waited for who reads it.

    Raises:
        LibraryError: if PostgreSQL cannot be reached.
    """
    gone = [schema for schema in old if schema.exists()]
    with errors(), closing(Server(shared.url)) as server:
        quote = server.engine.dialect.identifier_preparer.quote
        renamed = [(one.name, one.name + _REPLACED) for one in gone]
        renamed += [(one.staged.name, one.name) for one in new]
        hold = hold_of(server, shared.name)
        with hold.transaction() if hold else server.engine.begin() as connection:
            connection.execute(_SOON)
            for name, later in renamed:
                connection.execute(sa.text(f"ALTER SCHEMA {quote(name)} RENAME TO {quote(later)}"))
    for schema in gone:
        with suppress(LibraryError):  # somebody still reads it; it goes with the next exchange
            Schema(schema.url, schema.name + _REPLACED).clear()


def clear_leftovers(url: str, prefix: str) -> None:
    """Drop what an :func:`exchange` that was cut short has left of schemas with some prefix."""
    with connected(url) as connection:
        names = list(connection.scalars(_SCHEMAS))
    for name in names:
        if name.startswith(prefix) and name.endswith((_STAGED, _REPLACED)):
            Schema(url, name).clear()


class Postgres:
    """A schema that many may read while one writes; see :class:`Schema`.

    What is written while this process holds the right to write goes over the connection that
    holds it: should PostgreSQL have dropped that, and with it the lock, nothing is written.
    """

    words: Words = postgres_words

    def __init__(self, schema: Schema, remedy: str) -> None:
        self._schema = schema
        self.remedy = remedy
        self._key = key_of(_COMMITTING, schema.name)
        self._server = Server(schema.url)
        try:
            self._make_schema()
        except BaseException:
            self.close()
            raise

    def __str__(self) -> str:
        return str(self._schema)

    def close(self) -> None:
        """Give the connections back."""
        self._server.close()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Read; all of a block sees one state."""
        with self.errors(), self._server.engine.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ")
            self._enter(connection)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Write, in one transaction, which an error takes back; nobody else writes meanwhile."""
        with self.errors(), self._transaction() as connection:
            self._enter(connection)
            connection.execute(_WAIT_FOR_OTHERS, {"key": self._key})
            yield connection

    def damage(self) -> str | None:
        """Return None: what a server's files are worth, its own programs tell."""
        return None

    def mend(self) -> None:
        """Do nothing; see :meth:`damage`."""

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        hold = hold_of(self._server, self._schema.name)
        if hold is None:
            with self._server.engine.begin() as connection:
                yield connection
            return
        with hold.transaction() as connection:
            yield connection

    def errors(self) -> AbstractContextManager[None]:
        """Turn what PostgreSQL says into a sentence."""
        return errors(str(self), self.remedy)

    def _enter(self, connection: sa.Connection) -> None:
        connection.execute(_ENTER, {"schema": f'"{self._schema.name}"'})

    def _make_schema(self) -> None:
        with self.reading() as connection:
            is_there = connection.scalar(_HAS_SCHEMA, {"schema": self._schema.name})
        if not is_there:
            with self.writing() as connection:
                connection.execute(sa.schema.CreateSchema(self._schema.name, if_not_exists=True))
