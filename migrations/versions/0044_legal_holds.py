"""Nobody is erased while a legal hold stands, and another lifts it than who placed it."""

from pathlib import Path

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From now on an erasure meets the legal holds of its case in the database too."""
    script = Path(__file__).with_name("0044_legal_holds.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
