"""Run by alembic: works on the connection that :func:`retrieval.migrations.upgrade` has."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
