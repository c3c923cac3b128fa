"""The mail server as a whole: while nobody is there it is left alone, and no letter is tried.

Law: only the letter that found nobody counts an attempt. So how long a server is away costs the
letters nothing that wait for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, case, func, literal, select, update

from services.notifications.tables import mail_server
from services.store.errors import StoreUnreachable

FIRST_REST: Final = timedelta(seconds=2)
LONGEST_REST: Final = timedelta(minutes=5)
"""How long a mail server that is away is left alone, at first and at most."""

_M: Final = mail_server.c
_LOCKS: Final = 0x6D61696C  # "mail": a class of advisory locks of our own


def ends(until: ColumnElement[datetime | None], longest: timedelta) -> ColumnElement[Any]:
    """Return when a rest ends, NULL where none lasts so long: the clock was ahead, and set back."""
    return case((until <= func.now() + literal(longest), until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """How often in a row nobody was there, until when it is left alone, and whether it still is."""

    failures: int
    until: datetime | None
    lasts: bool


class MailRest:
    """What is known of the mail server in one database, for all who send."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> Rest:
        """Return how it stands."""
        until = ends(_M.rests_until, LONGEST_REST)
        lasts = func.coalesce(until > func.now(), False)
        with self._engine.connect() as connection:
            row = connection.execute(select(_M.failures, until, lasts)).one()
        return Rest(failures=row[0], until=row[1], lasts=row[2])

    def begin(self, wait: timedelta) -> None:
        """Nobody was there; it is asked again after `wait`."""
        self._change(failures=_M.failures + 1, rests_until=func.now() + literal(wait))

    def end(self) -> None:
        """Somebody is there, or a person says so."""
        self._change(failures=0, rests_until=None)

    @contextmanager
    def alone(self, worker: str) -> Iterator[bool]:
        """Yield whether nobody else of that worker is in such a block; nobody is until it ends.

        No transaction is open meanwhile, and whoever is killed lets go with their connection.
        """
        key = func.hashtext(worker)
        with self._engine.connect() as held:
            held.execution_options(isolation_level="AUTOCOMMIT")
            is_ours = bool(held.scalar(select(func.pg_try_advisory_lock(_LOCKS, key))))
            try:
                yield is_ours
            finally:
                with suppress(StoreUnreachable):  # then the lock went with the connection
                    if is_ours:
                        held.execute(select(func.pg_advisory_unlock(_LOCKS, key)))

    def _change(self, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(mail_server).values(**values))
