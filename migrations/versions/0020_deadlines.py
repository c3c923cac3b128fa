"""What is due in each case, and since when its applicant has heard nothing."""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is room for the read model; it is filled by the workers from the start of the log."""
    script = Path(__file__).with_name("0020_deadlines.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
