"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The schema is at ${up_revision}."""
    ${upgrades if upgrades else "op.execute('')"}
