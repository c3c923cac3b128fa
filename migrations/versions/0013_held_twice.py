"""Overrides in a score and the loss of a key follow from what two officers decided."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No score is stored with points that nobody confirmed, and no key goes without its erasure."""
    script = Path(__file__).with_name("0013_held_twice.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
