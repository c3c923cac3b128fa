"""No erasure is recorded while its key stays, and who is erased reserves nothing any more."""

from pathlib import Path

from alembic import op

from migrations.online import build_index

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Reservations made from now on say whose they are; erasures are found in the log."""
    script = Path(__file__).with_name("0052_keys_go_with_erasures.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
    build_index("reservations_by_reference", "reservations (reference) WHERE reference IS NOT NULL")
    build_index("events_of_erasures", "events (stream) WHERE type = 'erasure-decided'")
