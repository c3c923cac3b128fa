"""The cases in which something is due are found in the order of their days."""

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The list of cases is read in the order of what is due next, of all stages and of one."""
    script = Path(__file__).with_name("0030_next_due.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
