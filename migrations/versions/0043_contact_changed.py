"""The address that codes go to is changed by two officers."""

from pathlib import Path

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Addresses can be changed, and by nobody alone."""
    script = Path(__file__).with_name("0043_contact_changed.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
