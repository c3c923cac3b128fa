"""Nothing is wrapped any more by a master key that another took the place of."""

from pathlib import Path

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A process that was not told the master key of now wraps nothing any more."""
    script = Path(__file__).with_name("0053_former_keys.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
