"""The plan of notifications knows from which log it was made."""

from pathlib import Path

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was planned so far counts as planned from the log that is there."""
    script = Path(__file__).with_name("0042_planned_from.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
