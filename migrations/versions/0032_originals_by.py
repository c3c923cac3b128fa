"""The originals are due by a day, which waits while other documents are asked for."""

from alembic import op

from migrations.online import generations

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is room for the day; no case has one before the next approval in principle."""
    for table, projection in (("deadlines", "deadlines"), ("case_status", "case-status")):
        for beside in generations(projection):
            # Each by itself: nobody waits for the one while the other waits for its lock.
            with op.get_context().autocommit_block():
                op.execute(
                    f"ALTER TABLE {table}{beside} ADD COLUMN IF NOT EXISTS originals_by date"
                )
