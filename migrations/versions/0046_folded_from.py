"""What was folded and planned last is known by its leaf, not by the instant it became visible."""

from pathlib import Path

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What counts so far by its instant counts by its leaf, and nothing else is taken for ours."""
    script = Path(__file__).with_name("0046_folded_from.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
