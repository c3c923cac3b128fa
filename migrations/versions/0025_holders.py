"""The case list says who has a case."""

from alembic import op

from migrations.online import build_index, generations

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The case list has room for who has a case; it is folded again before that is read."""
    # No row has it until the list is folded again, so that nothing is sorted or written here.
    for beside in generations("case-list"):
        op.execute(f"ALTER TABLE case_list{beside} ADD COLUMN IF NOT EXISTS holder text")
        build_index(
            f"case_list_holder{beside}",
            f"case_list{beside} (holder, reference) WHERE holder IS NOT NULL",
        )
