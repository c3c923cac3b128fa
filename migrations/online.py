"""What a migration does to tables in use without holding up whoever writes to them.

Law: each of these may take as long as it takes, may be broken off at any moment, and done again.
Each is committed by itself, and with it whatever the migration did before, which must bear being
done twice; what comes after is one transaction with the note that the migration is done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from alembic import op

from services.store.errors import MigrationFault

_BROKEN_OFF: Final = """
    SELECT FROM pg_index WHERE indexrelid = to_regclass(quote_ident(%(name)s)) AND NOT indisvalid
"""
# The class of locks of whoever fills read models anew, changes them over or drops what is beside.
_LOCKS: Final = 0x67656E73
_ALONE: Final = "SELECT pg_try_advisory_lock(%(kind)s, hashtext(%(projection)s))"
_IN_THE_WAY: Final = """
    SELECT format('session %%s (%%s, since %%s)', pid, application_name, backend_start)
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
        AND classid = %(kind)s AND objid = hashtext(%(projection)s)::bigint & 4294967295
"""
_BESIDE: Final = """
    SELECT '__' || generation FROM projection_generations
    WHERE projection = %(projection)s AND state <> 'live' ORDER BY generation
"""


def build_index(name: str, on: str) -> None:
    """The index is there, whole; `on` is its table, its columns and which rows it has.

    Its table was read and written all along. What an attempt that was broken off left is gone.
    """
    with _unhurried():
        if op.get_bind().exec_driver_sql(_BROKEN_OFF, {"name": name}).first() is not None:
            op.execute(f"DROP INDEX CONCURRENTLY {name}")
        op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {on}")


def renew_check(table: str, name: str, condition: str) -> None:
    """The table's check of that name is this condition, which every row fulfils.

    The rows were read after the lock under which it was changed had been given back.
    """
    op.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name},"
        f" ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"
    )
    with _unhurried():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def generations(projection: str) -> tuple[str, ...]:
    """Return what the names of a read model's tables end in: the live one's first, in nothing.

    Those beside it are to have what it has, or none could take its place. Until this migrator ends
    nobody makes, renames or drops any; raises `MigrationFault` where somebody is at it.
    """
    given = {"kind": _LOCKS, "projection": projection}
    bind = op.get_bind()
    if not bind.exec_driver_sql(_ALONE, given).scalar_one():
        who = bind.exec_driver_sql(_IN_THE_WAY, given).scalar() or "a session that just ended"
        raise MigrationFault(
            f"{who} is filling {projection} anew, changing it over or dropping what stands beside "
            "it: let it end, then run this again: what is done stays done"
        )
    rows = bind.exec_driver_sql(_BESIDE, {"projection": projection})
    return ("", *rows.scalars())


@contextmanager
def _unhurried() -> Iterator[None]:
    """Statements stand alone, each with all the time it needs; a lock it still does not wait for.

    Building an index waits for every older transaction, and that wait is limited like any other:
    it blocks nobody, but a forgotten session would have it last for ever without a word.
    """
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        yield
        op.execute("RESET statement_timeout")
