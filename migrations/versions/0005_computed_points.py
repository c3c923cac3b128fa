"""What the tests alone gave to a case whose points officers decided otherwise."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The case list has room for computed points; folded again, it has them."""
    op.execute("ALTER TABLE case_list ADD COLUMN computed_points integer")
