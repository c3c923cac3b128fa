"""A log that was restored from an older backup, beside read models and letters of the longer one.

What was folded and planned stays; what the log had after a position was never there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

_GUARDS: Final = {
    "events": "events_append_only",
    "log": "log_append_only",
    "commits": "commits_append_only",
    "case_keys": "case_keys_kept",
}
_LOST: Final = """
DELETE FROM passes WHERE position > {after};
DELETE FROM log WHERE position > {after};
DELETE FROM events AS e
WHERE NOT EXISTS (SELECT FROM log AS l WHERE l.commit_id = e.commit_id AND l.ord = e.ord);
DELETE FROM commits AS c WHERE NOT EXISTS (SELECT FROM events AS e WHERE e.commit_id = c.commit_id);
DELETE FROM case_keys AS k
WHERE NOT EXISTS (SELECT FROM events AS e WHERE e.stream = 'case-' || k.reference);
DELETE FROM reservations;
"""


def lose(owner_url: str, after: int) -> None:
    """The log ends at that position, and nobody holds anything reserved."""
    with _unguarded(owner_url) as owner:
        owner.execute(_LOST.format(after=int(after)))


def set_back_an_hour(owner_url: str) -> None:
    """The server's clock was an hour ahead while the log was numbered so far, and was put right.

    What is numbered within that hour has the instant of the last event before it.
    """
    with _unguarded(owner_url) as owner:
        owner.execute("UPDATE log SET sequenced_at = sequenced_at + INTERVAL '1 hour'")


@contextmanager
def _unguarded(owner_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(owner_url) as owner:
        for table, guard in _GUARDS.items():
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
        yield owner
        for table, guard in _GUARDS.items():
            owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")
