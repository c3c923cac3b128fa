"""What a code opened is kept on the server, and ends with the address that the code went to."""

from pathlib import Path

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A former mailbox opens nothing, neither by a code that is on its way nor by an open page."""
    script = Path(__file__).with_name("0049_opened_status.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
