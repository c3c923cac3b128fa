"""Which case took the place of which, how a case ended, and applications refused as duplicates."""

from alembic import op

from migrations.online import build_index

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The read models have room for links, ends and duplicates; folded again, they have them."""
    build_index("case_list_held", "case_list (reference) WHERE held")
    op.execute("ALTER TABLE work ADD COLUMN IF NOT EXISTS duplicates integer NOT NULL DEFAULT 0")
    build_index("work_duplicates", "work (reference) WHERE duplicates > 0")
    op.execute("ALTER TABLE case_list ADD COLUMN refiles text, ADD COLUMN refiled_as text")
    op.execute(
        "ALTER TABLE case_status ADD COLUMN refiled_as text, ADD COLUMN lapse_cause text, "
        "ADD COLUMN voiding_code text"
    )
