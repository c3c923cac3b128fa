"""An erasure waits for the searches that are under way, and takes their tokens as well."""

from pathlib import Path

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No search keeps the tokens of who is erased, nor of who was erased before."""
    script = Path(__file__).with_name("0045_searches_wait.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
