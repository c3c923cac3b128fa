"""A selection is of what another proposed, and a case has a place by its exercise alone."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Selections and places that nobody proposed or made are refused on insert."""
    script = Path(__file__).with_name("0014_selections.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
