"""Letters know until when quiet hours hold them, and the mail server may rest as a whole."""

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is planned from now on says what holds it; the mail server is awake."""
    script = Path(__file__).with_name("0028_rests.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
