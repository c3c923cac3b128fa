"""The log says of each event which shard it is of."""

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whatever is numbered from now on has the checksum by which it is read in shards."""
    script = Path(__file__).with_name("0026_shards.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
