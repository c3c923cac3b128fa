"""The keys that the master key wraps, wrapped anew by another one while everybody works.

Law: a key is written only in the place of the very bytes that it was unwrapped from, so that one
that was destroyed meanwhile stays so; and only after what was written opens to the same key. Each
batch is done by itself: whoever is killed leaves the rest to the next. No event is touched.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from domain.errors import Reportable
from services.store.errors import StoreUnreachable
from services.store.sealing import CaseKeys

BATCH: Final = 500
_TRIES: Final = 20
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
WHERE wrapped IS NOT NULL AND substr(wrapped, 1, 9) <> %s
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


class StillHeld(Reportable):
    """Some keys were held by others all the time, and are wrapped by the former one still."""


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
) -> int:
    """Every key is wrapped by the master key of now; return how many were not.

    `told` hears how many were done so far. Raises `SealBroken` where one opens by no key that is
    told, and `StillHeld`.
    """
    done = 0
    with _connected(owner_url) as connection:
        for each in TABLES:
            tries = 0
            while _left(connection, each, keys):
                count = _some(connection, each, keys, batch)
                done += count
                told(done)
                tries = 0 if count else tries + 1
                if tries > _TRIES:
                    raise StillHeld(
                        f"others hold the last rows of {each.table} all the time: run this again"
                    )
    return done


def _left(connection: psycopg.Connection[Any], each: Wrapped, keys: CaseKeys) -> int:
    row = connection.execute(_of(_LEFT, each), (keys.prefix,)).fetchone()
    return int(row[0]) if row else 0


def _some(connection: psycopg.Connection[Any], each: Wrapped, keys: CaseKeys, batch: int) -> int:
    """A batch of those that nobody holds is wrapped anew; return how many they were."""
    try:
        with connection.transaction():
            rows = connection.execute(_of(_SOME, each), (keys.prefix, batch)).fetchall()
            connection.cursor().executemany(
                _of(_WRITE, each),
                [
                    (keys.wrapped_anew(each.before + name, bytes(old)), name, bytes(old))
                    for name, old in rows
                ],
            )
    except (errors.DeadlockDetected, errors.LockNotAvailable):
        return 0
    return len(rows)


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
