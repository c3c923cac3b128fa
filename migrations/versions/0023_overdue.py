"""The list of cases has those at once in which a day is over."""

from migrations.online import build_index

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is over and was told is found by an index of its own; it asks an officer to decide."""
    build_index("deadlines_overdue", "deadlines (reference) WHERE told = -1")
