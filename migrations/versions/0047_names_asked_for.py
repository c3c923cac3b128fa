"""The record of looks takes names in the form of what there is, and no other."""

from pathlib import Path

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A person's name is not kept as one of an account or of an exercise from now on."""
    script = Path(__file__).with_name("0047_names_asked_for.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
