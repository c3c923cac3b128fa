"""Many events at once: a thousand a commit, beside COPY; and the log read back."""

import time
from collections.abc import Callable

import psycopg

from benchmarks.contenders import MASTER_KEY, commit_of
from benchmarks.server import Database
from services.store import CaseKeys, Store

PER_COMMIT = 1_000
READ_AT_ONCE = 5_000

_COPIED = """
CREATE TABLE copied (
    commit_id bigint NOT NULL, ord integer NOT NULL, stream text NOT NULL, version integer NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(), body json NOT NULL,
    PRIMARY KEY (commit_id, ord), UNIQUE (stream, version)
)
"""


def store_bulk(database: Database, events: int) -> float:
    """Events a second appended a thousand a commit, each sealed, until the last has a position."""
    store = Store.connect(database.app_url, CaseKeys(MASTER_KEY), pool_size=1)
    commits = [
        commit_of(f"case-BULK{number}", 0, PER_COMMIT) for number in range(events // PER_COMMIT)
    ]
    begun = time.monotonic()
    for commit in commits:
        store.append(commit)
    head = store.sequence()
    taken = time.monotonic() - begun
    store.dispose()
    if head != events:
        raise AssertionError(f"{head} of {events} events have a position")
    return events / taken


def copy_bulk(database: Database, events: int) -> float:
    """Rows a second that COPY takes, of the bodies the store wrote, a thousand a transaction."""
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(_COPIED)
        bodies = connection.execute(
            "SELECT stream, version, json_send(body) FROM events LIMIT %s", (events,)
        ).fetchall()
        connection.commit()
        rows = [
            (place // PER_COMMIT, place % PER_COMMIT, stream, version, bytes(body).decode())
            for place, (stream, version, body) in enumerate(bodies)
        ]
        begun = time.monotonic()
        for start in range(0, len(rows), PER_COMMIT):
            with connection.cursor().copy(
                "COPY copied (commit_id, ord, stream, version, body) FROM STDIN"
            ) as copy:
                for row in rows[start : start + PER_COMMIT]:
                    copy.write_row(row)
            connection.commit()
        return len(rows) / (time.monotonic() - begun)


def log_read(database: Database, *, personal: bool) -> float:
    """Events a second read back as the domain's dataclasses, sealed members opened or not."""
    store = Store.connect(database.app_url, CaseKeys(MASTER_KEY), pool_size=1)

    def read(after: int) -> int:
        return len(store.read_log(after=after, limit=READ_AT_ONCE, personal=personal))

    speed = _drained(read)
    store.dispose()
    return speed


def raw_read(database: Database) -> float:
    """Bodies a second fetched in the log's order as bytes and not looked at: the limit."""
    query = (
        "SELECT json_send(body) FROM log JOIN events USING (commit_id, ord) "
        "WHERE position > %s AND position <= %s ORDER BY position"
    )
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        cursor = connection.cursor(binary=True)

        def read(after: int) -> int:
            given = (after, after + READ_AT_ONCE)
            return len(cursor.execute(query, given, prepare=True).fetchall())

        return _drained(read)


def _drained(read: Callable[[int], int]) -> float:
    begun, after = time.monotonic(), 0
    while number := read(after):
        after += number
    return after / (time.monotonic() - begun)
