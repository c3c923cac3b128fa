"""How many notifications are in each state is counted without reading them."""

from migrations.online import build_index

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index has the states; equal keys are kept once, so that it is small."""
    build_index("notifications_state", "notifications (state)")
