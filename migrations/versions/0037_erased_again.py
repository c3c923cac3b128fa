"""What a restore brought back is erased again, by those who had decided it."""

from pathlib import Path

from alembic import op

from migrations.online import build_index

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An erasure that was decided before needs no second confirmation; erased cases are found."""
    build_index("case_keys_erased", "case_keys (reference) WHERE wrapped IS NULL")
    script = Path(__file__).with_name("0037_erased_again.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
