"""Looks are found by their time, however many there are."""

from alembic import op

from migrations.online import build_index

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index has looks in the order of their time, and the one that had ranges of it is gone."""
    build_index("reads_by_instant", "reads (read_at, read_id)")
    op.execute("DROP INDEX IF EXISTS reads_by_time")
