"""Who has each case, and the order in which cases wait for an officer."""

from pathlib import Path

from alembic import op

from migrations.online import build_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The read model of the work on cases exists, and the case list has the queue's index."""
    # The queue: of each stage and route the case that waits longest is at the left end. What waits
    # for its applicant's documents is not in it; the case list, folded again, says which those are.
    op.execute(
        "ALTER TABLE case_list"
        " ADD COLUMN IF NOT EXISTS documents_awaited boolean NOT NULL DEFAULT false"
    )
    build_index(
        "case_list_waiting",
        "case_list (stage, route, stage_since, reference) WHERE NOT documents_awaited",
    )
    script = Path(__file__).with_name("0008_work.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
