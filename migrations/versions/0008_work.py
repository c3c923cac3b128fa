"""Who has each case, and the order in which cases wait for an officer."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The read model of the work on cases exists, and the case list has the queue's index."""
    script = Path(__file__).with_name("0008_work.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
