"""A place comes with its selection, and whoever graded does not confirm it."""

from pathlib import Path

from alembic import op

from migrations.online import build_index

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What four eyes demand of a selection is refused on insert where it is not so."""
    # What exercises did to cases: how many have a place by one, and who graded for it.
    build_index(
        "events_by_exercise",
        "events ((body #>> '{payload,exercise}'), type) WHERE type IN"
        " ('case-shortlisted', 'case-graded', 'case-selected', 'case-not-selected')",
    )
    script = Path(__file__).with_name("0019_four_eyes.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
