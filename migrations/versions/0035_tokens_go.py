"""The tokens by which a person is found go with the key of their case."""

from pathlib import Path

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From now on no generation of the case list keeps a token of an erased person."""
    script = Path(__file__).with_name("0035_tokens_go.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
