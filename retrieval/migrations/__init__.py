"""How the tables of a library came to be what they are, step by step.

``versions/`` has a file for each step; :func:`upgrade` takes a library of an earlier version of
Footnote through those that it lacks, in the transaction that it is given.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

FIRST, LATEST = 1, 2
"""The formats that can be read, as ``meta`` has them under "schema"."""


def upgrade(connection: sa.Connection, found: int) -> None:
    """Bring the tables from the format ``found`` to :data:`LATEST`."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    command.stamp(config, _revision(found))
    command.upgrade(config, "head")


def mark(connection: sa.Connection) -> None:
    """Note in tables that were just made that no step is lacking."""
    connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    connection.execute(
        sa.text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": _revision(LATEST)}
    )


def _revision(number: int) -> str:
    return f"{number:04}"
