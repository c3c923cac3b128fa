"""The second person of a decision differs from the first, in the database too; and holds."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Confirmations by whoever acted before, and decisions without one, are refused on insert.

    What was recorded before by one person stays as it is; only new events are looked at.
    """
    script = Path(__file__).with_name("0006_second_person.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
    # Folded again, the case list has them.
    op.execute("ALTER TABLE case_list ADD COLUMN held boolean NOT NULL DEFAULT false")
