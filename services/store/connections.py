"""A small pool of database connections, opened when first needed.

A connection outlives its use but not its process: a forked child starts with none and leaves the
parent's alone.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import psycopg
from psycopg import errors, pq

from services.store import arrays
from services.store.errors import MigrationFault, StoreUnreachable
from services.store.sameness import Sameness

REACHING: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "connect_timeout": 10,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
)
"""How long a server may take to take a connection, and one that is silent counts as there.

Whoever is gone without a word, as after a failover, is noticed in seconds and not in the quarter of
an hour that the kernel waits by itself. A statement may take longer: its server is not silent.
"""

# Every statement of the store finds its rows by index. Plans are made once, perhaps when the
# tables are still empty, and must not then scan or hash a table that has grown.
_SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "timezone": "UTC",
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "jit": "off",
        "statement_timeout": "60s",
        "idle_in_transaction_session_timeout": "60s",
    }
)
_FREE_SECONDS: Final = 10.0


class ConnectionLost(Exception):
    """The connection broke; another one may be had at once. Never leaves the store."""


class Session(psycopg.Connection[tuple[Any, ...]]):
    """A connection with a cursor that is kept, for answers of one row.

    A new cursor learns anew how each type is sent and read, which is a fifth of an append's cost
    in Python. It keeps its last answer, so answers of many rows are not for it.
    """

    kept: psycopg.Cursor[tuple[Any, ...]]


class Connections:
    """At most `size` connections to one database, each used by one thread at a time.

    Who finds all of them in use waits for `patience` seconds. All are to the database that `same`
    knows.
    """

    def __init__(
        self,
        url: str,
        size: int,
        *,
        settings: Mapping[str, str] | None = None,
        patience: float = _FREE_SECONDS,
        same: Sameness | None = None,
    ) -> None:
        self._url = url
        self._patience = patience
        self._same = same
        self._settings = {**_SETTINGS, **(settings or {})}
        self.size = size
        self._idle: list[Session] = []
        self._start()

    @contextmanager
    def borrow(self) -> Iterator[Session]:
        """An open autocommit connection; raises `StoreUnreachable` when there is none to be had.

        While it is borrowed, what the server cannot do becomes `StoreUnreachable`, a connection
        that breaks `ConnectionLost`, and a table that is missing or closed `MigrationFault`; only
        deadlocks stay.
        """
        if self._owner != os.getpid():
            self._start()
        with self._place():
            generation = self._generation
            connection = self._idle.pop() if self._idle else self._connect()
            try:
                yield connection
            except errors.DeadlockDetected:
                raise
            except errors.IdleInTransactionSessionTimeout as fault:
                # The driver counts it among errors of the database's own, but the server hung up.
                raise ConnectionLost(f"the database went away: {fault}") from fault
            except psycopg.OperationalError as fault:
                if connection.pgconn.status == pq.ConnStatus.OK:
                    raise StoreUnreachable(f"the database gave up: {fault}") from fault
                raise ConnectionLost(f"the database went away: {fault}") from fault
            except (
                errors.UndefinedTable,
                errors.UndefinedColumn,
                errors.UndefinedFunction,
                errors.InsufficientPrivilege,
            ) as fault:
                raise MigrationFault(
                    f"the database's schema is not this program's, run `qmas up`: {fault}"
                ) from fault
            finally:
                if self._keeps(connection) and generation == self._generation:
                    self._idle.append(connection)
                else:
                    connection.close()

    def _keeps(self, connection: Session) -> bool:
        """Say whether others may have it: not one to a database that is not looked over yet."""
        return _is_idle(connection) and not (self._same is not None and self._same.looks_over)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the `size` places, kept for the block; `StoreUnreachable` if none comes free."""
        free = self._free
        if not free.acquire(timeout=self._patience):
            raise StoreUnreachable(
                f"all {self.size} connections to the database are in use and none came free "
                f"in {self._patience:g} s: try it again later"
            )
        try:
            yield
        finally:
            free.release()

    def dispose(self) -> None:
        """No idle connection is open; those in use are closed when they come back."""
        if self._owner != os.getpid():
            self._start()
        self._generation += 1
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _start(self) -> None:
        # What a parent process left in the list is dropped unclosed: psycopg ends a connection
        # only in the process that opened it.
        self._owner = os.getpid()
        self._generation = 0
        self._idle = []
        self._free = threading.BoundedSemaphore(self.size)

    def _connect(self) -> Session:
        settings = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        try:
            connection = Session.connect(
                self._url,
                autocommit=True,
                options=settings,
                application_name="qmas-store",
                **REACHING,
            )
            self._begin(connection)
        except psycopg.OperationalError as fault:
            raise StoreUnreachable(f"the database does not answer: {fault}") from fault
        return connection

    def _begin(self, connection: Session) -> None:
        """Make a new connection ready; it is closed where that fails."""
        try:
            if self._same is not None:
                self._same.meet(connection)
            arrays.register(connection)
            connection.kept = connection.cursor(binary=True)
        except BaseException:
            connection.close()
            raise


def _is_idle(connection: psycopg.Connection) -> bool:
    return connection.pgconn.transaction_status == pq.TransactionStatus.IDLE
