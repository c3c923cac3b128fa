"""Notifications in the order of their recipients, with every attempt on record."""

from pathlib import Path

from alembic import op

from migrations.online import build_index, renew_check

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is open for a recipient is found at once, and attempts have a table."""
    # What a deliverer of each means looks for; settled rows leave these indexes.
    unsettled = "state IN ('planned', 'sending')"
    build_index(
        "notifications_due_by_mail",
        f"notifications (next_attempt_at, id) WHERE {unsettled} AND means = 'email'",
    )
    build_index(
        "notifications_due_webhooks",
        f"notifications (party, next_attempt_at, id) WHERE {unsettled} AND means = 'webhook'",
    )
    # Of a recipient's open rows only the first may be sent: the others are behind it.
    build_index(
        "notifications_open_of_recipient", f"notifications (reference, party, id) WHERE {unsettled}"
    )
    build_index("notifications_failed", "notifications (id) WHERE state = 'failed'")
    # A webhook tells what stands in the log in clear, so nothing of it is kept sealed here.
    renew_check(
        "notifications",
        "notifications_open_ones_hold_a_letter",
        "sealed IS NOT NULL OR state IN ('failed', 'withheld') OR means = 'webhook'",
    )
    script = Path(__file__).with_name("0016_delivery.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
