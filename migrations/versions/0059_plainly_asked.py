"""To record a look costs less: what it may have asked for is tried by a function."""

from pathlib import Path

from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A function tries the names that the record of looks takes."""
    script = Path(__file__).with_name("0059_plainly_asked.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
