"""What a command said cannot be guessed from what is kept of it, once its person is erased."""

from pathlib import Path
from typing import Final

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

_SOME: Final = """
    SELECT max(reference), sum(forget_fingerprints_of(reference)) FROM (
        SELECT reference FROM case_keys
        WHERE wrapped IS NULL AND reference > %(after)s ORDER BY reference LIMIT 200
    ) AS part
"""


def upgrade() -> None:
    """Fingerprints go with the key of their case, and those of who was erased before are gone."""
    script = Path(__file__).with_name("0057_fingerprints_go.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
    with op.get_context().autocommit_block():
        after: str | None = ""
        while after is not None:
            after = op.get_bind().exec_driver_sql(_SOME, {"after": after}).scalar()
