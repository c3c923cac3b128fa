"""Brings a database to the schema this program needs, and says how far it is.

Law: one migrator at a time, forward only, and never a long wait for or under a lock. What takes
long, as an index of a large table does, is done while everybody writes (`migrations.online`); a
migrator that was killed meanwhile is gone at once, and the next one goes on.
"""

import time
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Final

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from services.store.connections import REACHING
from services.store.errors import MigrationFault, StoreUnreachable

_ADVISORY_LOCK: Final = 0x716D6173
_TURN_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.1
# The server looks each second whether somebody still waits for the answer: the long statement of a
# killed migrator would keep all others out until its end. One that stands still between two
# statements of a transaction is broken off, for everybody would stand still with it.
_LIMITS: Final = (
    "-c lock_timeout=10s -c statement_timeout=300s -c client_connection_check_interval=1s"
    " -c idle_in_transaction_session_timeout=10s"
)

# Every trigger of this schema holds for everybody. A restore of data alone switches them off and
# on again, and then they hold for ordinary sessions only, or not at all if it broke off.
_UNGUARDED: Final = """
    SELECT tgname::text,
        'ALTER TABLE ' || tgrelid::regclass || ' ENABLE ALWAYS TRIGGER ' || quote_ident(tgname)
    FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'A' ORDER BY tgname
"""


class Standing(StrEnum):
    """How a database's schema compares with the one this program needs."""

    AT_HEAD = "at_head"
    BEHIND = "behind"
    AHEAD = "ahead"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationState:
    """The revision a database is at (None: no schema), the one it should be at, and the verdict."""

    current: str | None
    head: str
    standing: Standing


def upgrade(owner_url: str) -> None:
    """The database is at the newest revision; raises `MigrationFault` when it cannot be.

    Its triggers hold for everybody, whatever a restore made of them.
    `owner_url` is a libpq URL of the role that owns the schema. Safe to call from several
    processes at once: one goes to work, and the others wait at most ten seconds for their turn.
    Broken off, it keeps the migrations that are done, and the next call does the rest.
    """
    engine = _engine(owner_url)
    try:
        with engine.connect() as connection:
            _take_turn(connection)
            if state(owner_url).standing is Standing.AHEAD:
                raise MigrationFault("the database was migrated by a newer version: upgrade qmas")
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            for _, guard in connection.exec_driver_sql(_UNGUARDED).all():
                connection.exec_driver_sql(guard)
            connection.commit()
    except DBAPIError as fault:
        raise MigrationFault(_why(fault.orig)) from fault
    except psycopg.Error as fault:
        raise MigrationFault(_why(fault)) from fault
    finally:
        engine.dispose()


def _take_turn(connection: Connection) -> None:
    """No other migrator is at work, and none is before this connection ends.

    It asks again and again, because a statement that waits has a snapshot, and an index is not done
    before every older snapshot is gone.
    """
    until = time.monotonic() + _TURN_SECONDS
    ask = f"SELECT pg_try_advisory_lock({_ADVISORY_LOCK})"
    while not connection.exec_driver_sql(ask).scalar_one():
        connection.commit()
        if time.monotonic() > until:
            raise MigrationFault(
                f"another migrator has been at work for {_TURN_SECONDS:g} s, and may be for "
                "minutes where tables are large: let it finish, then run this again"
            )
        time.sleep(_PAUSE_SECONDS)
    connection.commit()


def _why(fault: BaseException | None) -> str:
    if isinstance(fault, errors.LockNotAvailable):
        return (
            f"a transaction of another session is in the way ({str(fault).strip()}); find it in "
            "pg_stat_activity by its xact_start, a backup perhaps, let it end, then run this "
            "again: what is done stays done"
        )
    return f"the database could not be migrated: {str(fault).strip()}"


def state(url: str) -> MigrationState:
    """Where the database stands; any role that may read the schema's version may ask.

    Raises `StoreUnreachable` when it does not answer within ten seconds.
    """
    try:
        with closing(psycopg.connect(url, autocommit=True, **REACHING)) as connection:
            return _state(connection)
    except psycopg.OperationalError as fault:
        raise StoreUnreachable(str(fault).strip()) from fault


def unguarded(url: str) -> tuple[str, ...]:
    """Return the triggers that do not hold for everybody, which `upgrade` puts right."""
    try:
        with closing(psycopg.connect(url, autocommit=True, **REACHING)) as connection:
            return tuple(str(name) for name, _ in connection.execute(_UNGUARDED))
    except psycopg.OperationalError as fault:
        raise StoreUnreachable(str(fault).strip()) from fault


def _state(connection: psycopg.Connection) -> MigrationState:
    script = ScriptDirectory.from_config(_config())
    head = script.get_current_head()
    if head is None:
        raise MigrationFault("no migrations are installed: install qmas anew")
    current = _current(connection)
    known = {revision.revision for revision in script.walk_revisions()}
    if current is None:
        standing = Standing.MISSING
    elif current == head:
        standing = Standing.AT_HEAD
    else:
        standing = Standing.BEHIND if current in known else Standing.AHEAD
    return MigrationState(current=current, head=head, standing=standing)


def _current(connection: psycopg.Connection) -> str | None:
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except errors.UndefinedTable:
        return None
    return None if row is None else str(row[0])


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def _engine(url: str) -> Engine:
    def connect() -> psycopg.Connection:
        return psycopg.connect(url, options=_LIMITS, **REACHING)

    return create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
