"""What was told of the day of the originals is kept while other documents are asked for."""

from alembic import op

from migrations.online import generations

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is room for it; the read model is folded again, for its version is a new one."""
    for beside in generations("deadlines"):
        op.execute(f"ALTER TABLE deadlines{beside} ADD COLUMN IF NOT EXISTS originals_told integer")
