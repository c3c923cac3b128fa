"""Letters that mail could not deliver can be sent by post."""

from migrations.online import renew_check

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A notification that failed may be settled as posted."""
    # A letter that mail could not deliver is settled once it was printed and sent by post.
    renew_check(
        "notifications",
        "notifications_state_known",
        "state IN ('planned', 'sending', 'sent', 'failed', 'withheld', 'posted')",
    )
