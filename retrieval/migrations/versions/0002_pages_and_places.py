"""Pages and language of an article; what a server said of its address, and the feed it came by."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns, empty."""
    op.add_column("articles", sa.Column("language", sa.String))
    op.add_column("articles", sa.Column("pages", sa.JSON(none_as_null=True)))
    op.add_column("articles", sa.Column("etag", sa.String))
    op.add_column("articles", sa.Column("modified", sa.String))
    op.add_column("articles", sa.Column("feed", sa.String))
    op.execute("UPDATE meta SET value = '2' WHERE key = 'schema'")
