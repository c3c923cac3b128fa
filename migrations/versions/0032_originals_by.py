"""The originals are due by a day, which waits while other documents are asked for."""

from alembic import op

from migrations.online import generations

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is room for the day; no case has one before the next approval in principle."""
    for table in ("deadlines", "case_status"):
        for beside in generations(table):
            op.execute(f"ALTER TABLE {table}{beside} ADD COLUMN IF NOT EXISTS originals_by date")
