"""Claims of a row of the ledger are counted, and never from the beginning again."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No row was claimed yet as far as this is counted; none is written for it."""
    op.execute("ALTER TABLE notifications ADD COLUMN claims integer NOT NULL DEFAULT 0")
    op.execute("GRANT UPDATE (claims) ON notifications TO qmas_app")
