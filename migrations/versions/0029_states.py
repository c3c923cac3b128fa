"""How many notifications are in each state is counted without reading them."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index has the states; equal keys are kept once, so that it is small."""
    op.execute("CREATE INDEX notifications_state ON notifications (state)")
