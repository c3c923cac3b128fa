"""Which database was looked over before anything in it was shown, and that it is that one still.

Law: once a database was looked over, no new connection to any other one is used before that was
looked over too. A database that is restored beneath a running process is met by a new connection:
dropping one, and stopping its server, end every connection that there was.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, event

from services.store.errors import StoreUnreachable

# The server's own name and since when it runs, which of its databases this is, and since when the
# keys are there: what a dump is restored into has another table of them.
IDENTITY: Final = """
SELECT concat_ws('/',
    (SELECT system_identifier FROM pg_control_system()),
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    pg_postmaster_start_time(),
    to_regclass('case_keys')::oid
)
"""

_LONGEST: Final = 2.0


class Sameness:
    """What one process knows of its database; safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: str | None = None
        self.is_lost = self.for_good = False
        self._due = 0.0
        self._turn = threading.Lock()
        self._here = threading.local()

    @property
    def looks_over(self) -> bool:
        """True where this thread looks at a database that nobody may be shown yet."""
        return self._of is None and getattr(self._here, "looks", False)

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Yield whether to look at the database now; others who must not go on wait meanwhile.

        They wait for two seconds, or each of a server's threads stood in line behind a database
        that does not answer; then `StoreUnreachable` is raised. In the block the connections of
        this thread are to whatever database is there.
        """
        if self._is_near() or not self._turn.acquire(timeout=_LONGEST if self._of is None else 0):
            if self._of is None:
                raise StoreUnreachable("the database is being looked over: try it again shortly")
            yield False
            return
        self._here.looks = True
        try:
            yield not self._is_near()
        finally:
            self._here.looks = False
            self._turn.release()

    def lose(self) -> None:
        """No connection to any database is had before that one was looked over."""
        self._of, self.is_lost = None, True

    @property
    def of(self) -> str | None:
        """The database that was looked over; None where none was, or another is there now."""
        return self._of

    def holds(self, of: str, *, for_good: bool, seconds: float) -> None:
        """That database was looked over; whether it is there still is asked after some seconds.

        Then it is looked over again, unless it was `for_good`.
        """
        self.for_good = for_good
        self._of, self.is_lost, self._due = of, False, self._clock() + seconds

    @contextmanager
    def unmet(self) -> Iterator[None]:
        """In the block this thread writes to whatever database is there, and shows nothing of it.

        For what must not be left undone: where it is another, whoever is next looks it over.
        """
        self._here.shows = False
        try:
            yield
        finally:
            self._here.shows = True

    def meet(self, connection: psycopg.Connection[Any]) -> None:
        """A new connection is to the database that was looked over; else it is closed.

        Then it raises `StoreUnreachable`, and whoever is served next looks that one over.
        """
        if getattr(self._here, "looks", False) or (self._of is None and not self.is_lost):
            return
        if self._of is None or identity(connection) != self._of:
            self.lose()
            if not getattr(self._here, "shows", True):
                return
            connection.close()
            raise StoreUnreachable(
                "the database is another than before, or was started again: it is looked over "
                "before anything in it is shown; try it again"
            )

    def guard(self, engine: Engine) -> None:
        """Every new connection of `engine` is met."""
        event.listen(engine, "connect", self._connected)

    def _connected(self, connection: Any, _: object) -> None:
        self.meet(connection)

    def _is_near(self) -> bool:
        return self._of is not None and self._clock() < self._due


def identity(connection: psycopg.Connection[Any]) -> str:
    """Return what tells the database at the other end from any other; nothing is left open."""
    row = connection.execute(IDENTITY).fetchone()
    if not connection.autocommit:
        connection.rollback()
    return "" if row is None else str(row[0])
