"""Sessions of staff and auditors are kept on the server, where they can be ended."""

from pathlib import Path

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody is signed in by it yet: whoever is must sign in once more."""
    script = Path(__file__).with_name("0036_sessions.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
