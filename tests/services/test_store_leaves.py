"""A leaf of the log can be computed again from the event by anybody, without the database."""

import hashlib
from datetime import UTC, datetime, timedelta

import psycopg

from domain.merkle import Frontier, root_of
from tests.conftest import TestDatabase
from tests.services.erasing import erase
from tests.services.storing import commit_of, fees, store_at, withdrawal, writing

_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def test_a_leaf_is_the_hash_of_the_recorded_time_and_the_exact_body(database: TestDatabase) -> None:
    store = store_at(database.app_url)
    store.append(commit_of(writing("case-1", 0, withdrawal(), *fees(2))))
    store.append(commit_of(writing("case-2", 0, withdrawal("陳大文"))))
    store.sequence()
    store.dispose()

    with psycopg.connect(database.app_url) as connection:
        rows = connection.execute(
            "SELECT log.leaf, recorded_at, json_send(body) FROM log JOIN events"
            " USING (commit_id, ord) ORDER BY position"
        ).fetchall()

    computed = []
    for _, recorded_at, body in rows:
        microseconds = (recorded_at - _POSTGRES_EPOCH) // timedelta(microseconds=1)
        instant = microseconds.to_bytes(8, "big", signed=True)
        computed.append(hashlib.sha256(b"\0" + instant + body).digest())
    assert [row[0] for row in rows] == computed
    assert len(rows) == 4
    assert Frontier().extended(computed[:1]).extended(computed[1:]).root() == root_of(computed)


def test_erasing_a_person_alters_no_leaf(database: TestDatabase) -> None:
    store = store_at(database.app_url)
    store.append(commit_of(writing("case-1", 0, withdrawal())))
    store.sequence()
    leaves = "SELECT log.leaf, events.leaf FROM log JOIN events USING (commit_id, ord)"

    with psycopg.connect(database.app_url, autocommit=True) as connection:
        before = connection.execute(leaves).fetchall()
        erase(store, "1")
        after = connection.execute(leaves).fetchall()
    store.dispose()

    assert after == before
    assert len(after) == 1
