"""The key of a case can be wrapped by another master key, by the schema's owner alone."""

from pathlib import Path

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No key is changed by this; those that are there are wrapped as they were."""
    script = Path(__file__).with_name("0040_wrapped_anew.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
