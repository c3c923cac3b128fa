"""A database that does not answer, told alike whichever engine asked it."""

from typing import Final

import psycopg
from psycopg.errors import (
    DiskFull,
    IdleInTransactionSessionTimeout,
    InsufficientPrivilege,
    OutOfMemory,
    QueryCanceled,
    RestrictViolation,
    UndefinedTable,
)
from sqlalchemy import Engine, ExceptionContext, event

from services.store.constraints import OF_NOW, former_master_key
from services.store.errors import MigrationFault, StoreUnreachable

_NOT_NOW: Final = (QueryCanceled, IdleInTransactionSessionTimeout, DiskFull, OutOfMemory)
_CLOSED: Final = (InsufficientPrivilege, UndefinedTable)


def tell_absence(engine: Engine) -> None:
    """What is asked of `engine` raises `StoreUnreachable` where no answer comes, or none in time.

    So it does where the server has no room to answer.

    It raises `MigrationFault` where a table is not there, or closed to this program, and
    `MasterKeyChanged` where it wraps by a master key that is not in use any more.

    A pooled connection that proves dead when it is tried is left to the pool, which opens another.
    """
    event.listen(engine, "handle_error", _refuse_absence)


def _refuse_absence(context: ExceptionContext) -> None:
    if context.is_pre_ping:
        return
    fault = context.original_exception
    lost = context.is_disconnect or context.connection is None
    not_now = isinstance(fault, _NOT_NOW)
    if not_now or (lost and isinstance(fault, psycopg.OperationalError)):
        raise StoreUnreachable(f"the database does not answer: {fault}") from fault
    if isinstance(fault, RestrictViolation) and fault.diag.constraint_name == OF_NOW:
        raise former_master_key() from fault
    if isinstance(fault, _CLOSED):
        raise MigrationFault(
            f"the database's schema is not this program's, run `qmas up`: {fault}"
        ) from fault
