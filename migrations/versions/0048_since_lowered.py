"""Webhooks hear of a log that took the place of a longer one."""

from pathlib import Path

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whoever ends a plan of another log may lower from where a subscription is told."""
    script = Path(__file__).with_name("0048_since_lowered.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
