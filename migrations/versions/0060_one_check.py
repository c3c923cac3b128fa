"""One check asks of a commit, and one of an event, what nine asked, so that an append reads two."""

from pathlib import Path

from alembic import op

from migrations.online import renew_check

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What the database refuses is as before, under the names as before."""
    script = Path(__file__).with_name("0060_one_check.sql").read_text(encoding="utf-8")
    # The driver's own connection, because a script of many statements takes no parameters.
    op.get_bind().connection.driver_connection.execute(script)
    renew_check("commits", "commits_fit", "commit_is_fit(fingerprint, result)")
    renew_check("events", "events_fit", "event_is_fit(ord, version, stream, type, body)")
    for table, names in (
        ("commits", ("fingerprint_length", "result_length", "result_readable")),
        (
            "events",
            (
                "body_length",
                "body_readable",
                "ord_counts_from_0",
                "stream_length",
                "type_length",
                "version_counts_from_1",
            ),
        ),
    ):
        for name in names:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{name}")
