"""Exercises of every kind, signed off by two, in commits of many parts."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No selection is stored that is not made by somebody new to its exercise."""
    script = Path(__file__).with_name("0007_exercises.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
