"""The case list says who stepped aside from a case."""

from alembic import op

from migrations.online import generations

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The case list has room for who stepped aside; it is folded again before that is read."""
    # The default is constant, so that no row is written here, and whoever does not know the column
    # yet writes rows as before.
    for beside in generations("case-list"):
        op.execute(
            f"ALTER TABLE case_list{beside}"
            " ADD COLUMN IF NOT EXISTS recused text[] NOT NULL DEFAULT '{}'"
        )
