"""Generations of a read model: one is live, and another fills beside it."""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Checkpoints are of a generation, and what there is of each read model is its first one."""
    script = Path(__file__).with_name("0015_generations.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
