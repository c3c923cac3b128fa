"""Who stepped aside from a case decides nothing of it, and what they proposed lapses."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Confirmations of what somebody proposed who stepped aside since are refused on insert."""
    script = Path(__file__).with_name("0011_stepped_aside.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
