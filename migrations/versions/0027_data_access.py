"""A request for data awaits its answer by a day, beside what is due in its case."""

from pathlib import Path

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There is room for the day; no case has one before the first such request is recorded."""
    script = Path(__file__).with_name("0027_data_access.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
