"""Notifications in the order of their recipients, with every attempt on record."""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is open for a recipient is found at once, and attempts have a table."""
    script = Path(__file__).with_name("0016_delivery.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
