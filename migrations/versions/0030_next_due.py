"""The cases in which something is due are found in the order of their days."""

from migrations.online import build_index, generations

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The list of cases is read in the order of what is due next, of all stages and of one."""
    # The next day that is due in each case. Nobody has to use the window after a refusal.
    due = "(LEAST(CASE WHEN deadline <> 'reconsideration' THEN due_on END, access_due_on))"
    for beside in generations("deadlines"):
        table = f"deadlines{beside}"
        build_index(
            f"deadlines_next{beside}", f"{table} ({due}, reference) WHERE {due} IS NOT NULL"
        )
        build_index(
            f"deadlines_stage_next{beside}",
            f"{table} (stage, {due}, reference) WHERE {due} IS NOT NULL",
        )
