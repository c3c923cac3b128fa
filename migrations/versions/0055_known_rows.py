"""Letters of events that the log does not have are told of, however many were planned since."""

from pathlib import Path

from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Which letters are known to be of this log is kept; of those that are there none is yet."""
    script = Path(__file__).with_name("0055_known_rows.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
