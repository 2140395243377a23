"""The first format: articles, their passages, and an index of the words."""

from collections.abc import Sequence

revision = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Do nothing: a library of this format is there already."""
