"""The case list marks assessments that rest on what was corrected since."""

from alembic import op

from migrations.online import build_index

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The case list has room for the mark; no case has it until the list is folded again."""
    op.execute(
        "ALTER TABLE case_list ADD COLUMN IF NOT EXISTS stale boolean NOT NULL DEFAULT false"
    )
    # Of no rows yet: the table is read, and nothing is sorted or written.
    build_index("case_list_stale", "case_list (reference) WHERE stale")
