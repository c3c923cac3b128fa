"""How many cases of the pool an exercise left out."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every exercise says how many cases it left out; those held before left out none."""
    op.execute("ALTER TABLE exercises ADD COLUMN left_out integer NOT NULL DEFAULT 0")
