"""A change of address ends the codes of those cases too that the case took the place of."""

from pathlib import Path

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Their codes go to the address of the case that was filed last, and end with it."""
    script = Path(__file__).with_name("0061_codes_of_earlier_cases.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
