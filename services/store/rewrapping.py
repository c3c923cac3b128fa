"""The keys that the master key wraps, wrapped anew by another one while everybody works.

Law: a key is written only in the place of the very bytes that it was unwrapped from, so that one
that was destroyed meanwhile stays so; and only after what was written opens to the same key. Each
batch is done by itself: whoever is killed leaves the rest to the next. No event is touched. One key
that does not open keeps no other from being wrapped anew.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from domain.errors import Reportable
from services.store.errors import StoreUnreachable
from services.store.sealing import CaseKeys, SealBroken

BATCH: Final = 500
_TRIES: Final = 100
_PAUSE_SECONDS: Final = 3.0
_LIMITS: Final = "-c lock_timeout=2s -c statement_timeout=60s -c application_name=qmas-rewrapping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A table of wrapped keys: the column that names whose each is, and what comes before that."""

    table: str
    name: str
    before: str = ""


TABLES: Final = (
    Wrapped(table="case_keys", name="reference"),
    Wrapped(table="webhook_subscriptions", name="id", before="webhook "),
)
"""Everything that a master key wraps; a test looks for more in the schema."""

_SOME: Final = """
SELECT {name}, wrapped FROM {table}
WHERE wrapped IS NOT NULL AND substr(wrapped, 1, 9) <> %s AND {name} > %s
ORDER BY {name} LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_LEFT: Final = """
SELECT count(*) FROM {table} WHERE wrapped IS NOT NULL AND substr(wrapped, 1, 9) <> %s
"""
_WRITE: Final = "UPDATE {table} SET wrapped = %s WHERE {name} = %s AND wrapped = %s"
_COUNTED: Final = """
SELECT CASE WHEN get_byte(wrapped, 0) = 2 THEN encode(substr(wrapped, 2, 8), 'hex') END, count(*)
FROM {table} WHERE wrapped IS NOT NULL GROUP BY 1 ORDER BY 1
"""


# Whoever writes a key at this moment is waited for, so that nobody wraps by a former one later.
_KEEP_OUT: Final = "LOCK TABLE case_keys, webhook_subscriptions IN SHARE ROW EXCLUSIVE MODE"
_NOT_FORMER: Final = "DELETE FROM former_master_keys WHERE name = %s"
_FORMER: Final = "INSERT INTO former_master_keys (name) VALUES (%s) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """How many keys were wrapped anew; whose do not open; and how many others held all the time."""

    done: int
    unopened: tuple[str, ...]
    held: int


class StillHeld(Reportable):
    """Others wrote keys all the time, so that it cannot be said which master key is former."""


def counts(url: str) -> dict[str | None, int]:
    """Return how many keys each master key wraps, by its name; None is one that is not named."""
    found: dict[str | None, int] = {}
    with _connected(url) as connection:
        for each in TABLES:
            for name, count in connection.execute(_of(_COUNTED, each)):
                found[name] = found.get(name, 0) + count
    return found


def rewrap(
    owner_url: str, keys: CaseKeys, told: Callable[[int], None], *, batch: int = BATCH
) -> Rewrapped:
    """Every key that opens, and that nobody holds all the time, is wrapped by the key of now.

    From then on nobody wraps by a former one that is told. `told` hears how many were done so far.
    What a rebuild of a read model holds is waited for. Raises `StillHeld`.
    """
    done = held = 0
    unopened: list[str] = []
    with _connected(owner_url) as connection:
        _outdate(connection, keys)
        for each in TABLES:
            tries, left = 0, _left(connection, each, keys)
            closed: list[str] = []
            while left > len(closed) and tries <= _TRIES:
                if tries:
                    time.sleep(_PAUSE_SECONDS)
                closed, count = [], 0
                for some in _pass(connection, each, keys, batch):
                    count += some.done
                    closed += some.unopened
                    told(done + count)
                done += count
                tries = 0 if count else tries + 1
                left = _left(connection, each, keys)
            held += left - len(closed)
            unopened += closed
    return Rewrapped(done=done, unopened=tuple(unopened), held=held)


def _outdate(connection: psycopg.Connection[Any], keys: CaseKeys) -> None:
    """The key of now is no former one, and those that are told as such are."""
    for _ in range(_TRIES):
        try:
            with connection.transaction():
                connection.execute(_KEEP_OUT)
                connection.execute(_NOT_FORMER, (keys.name,))
                for name in keys.former:
                    connection.execute(_FORMER, (name,))
        except (errors.DeadlockDetected, errors.LockNotAvailable):
            time.sleep(_PAUSE_SECONDS)
        else:
            return
    raise StillHeld("others write keys all the time: run this again")


def _left(connection: psycopg.Connection[Any], each: Wrapped, keys: CaseKeys) -> int:
    row = connection.execute(_of(_LEFT, each), (keys.prefix,)).fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Some:
    """What became of a batch: how many were wrapped anew, and whose did not open."""

    done: int
    unopened: tuple[str, ...]
    last: str


def _pass(
    connection: psycopg.Connection[Any], each: Wrapped, keys: CaseKeys, batch: int
) -> Iterator[_Some]:
    """Go once over those that nobody holds, a batch at a time."""
    after = ""
    while (some := _some(connection, each, keys, (after, batch))) is not None:
        yield some
        after = some.last


def _some(
    connection: psycopg.Connection[Any], each: Wrapped, keys: CaseKeys, which: tuple[str, int]
) -> _Some | None:
    """The next ones that nobody holds are wrapped anew, but for those that do not open."""
    try:
        with connection.transaction():
            rows = connection.execute(_of(_SOME, each), (keys.prefix, *which)).fetchall()
            anew, unopened = [], []
            for name, old in rows:
                try:
                    wrapped = keys.wrapped_anew(each.before + name, bytes(old))
                except SealBroken:
                    unopened.append(each.before + name)
                else:
                    anew.append((wrapped, name, bytes(old)))
            connection.cursor().executemany(_of(_WRITE, each), anew)
    except (errors.DeadlockDetected, errors.LockNotAvailable):
        return None
    if not rows:
        return None
    return _Some(done=len(anew), unopened=tuple(unopened), last=rows[-1][0])


def _of(query: str, each: Wrapped) -> sql.Composed:
    named = {"table": sql.Identifier(each.table), "name": sql.Identifier(each.name)}
    return sql.SQL(query).format(**named)


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(url, autocommit=True, options=_LIMITS) as connection:
            yield connection
    except psycopg.OperationalError as fault:
        raise StoreUnreachable(f"the database cannot be asked: {fault}") from fault
