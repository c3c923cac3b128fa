"""Why somebody looked at a case can be on record in their own words."""

from pathlib import Path

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Words are kept from now on, as long as the key of the case is."""
    script = Path(__file__).with_name("0051_stated_purposes.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
