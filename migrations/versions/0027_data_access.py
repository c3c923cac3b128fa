"""A request for data awaits its answer by a day, beside what is due in its case."""

from alembic import op

from migrations.online import build_index, generations

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is room for the day; no case has one before the first such request is recorded."""
    # No row has such a day yet, so that nothing is sorted or written here.
    for beside in generations("deadlines"):
        op.execute(
            f"ALTER TABLE deadlines{beside}"
            " ADD COLUMN IF NOT EXISTS access_due_on date,"
            " ADD COLUMN IF NOT EXISTS access_opened integer,"
            " ADD COLUMN IF NOT EXISTS access_opened_on date,"
            " ADD COLUMN IF NOT EXISTS access_told integer"
        )
        build_index(
            f"deadlines_access{beside}",
            f"deadlines{beside} (access_due_on, reference) WHERE access_due_on IS NOT NULL",
        )
