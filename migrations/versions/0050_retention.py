"""What is kept for longer than its schedule says is found, and what a legal hold keeps of it."""

from migrations.online import build_index

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Legal holds, and letters by when they were settled, are found by indexes of their own."""
    build_index(
        "events_legal_holds",
        "events (stream, version) WHERE type IN ('legal-hold-placed', 'legal-hold-lifted')",
    )
    build_index("notifications_settled", "notifications (settled_at) WHERE sealed IS NOT NULL")
