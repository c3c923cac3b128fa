"""The files of documents, and until when the status says that they are awaited."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Files can be kept, and none that an event names be removed; the status has room for a day."""
    script = Path(__file__).with_name("0009_documents.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
