"""The shards of the log: every event is of one, and whoever reads one misses nothing of it."""

from collections.abc import Iterator

import psycopg
import pytest

from services.store import LogCorrupt, Shard, Store, Stretch, number_of
from tests.conftest import TestDatabase
from tests.services.storing import commit_of, fees, store_at, withdrawal, writing

STREAMS = ("case-QM-1", "work-QM-1", "case-QM-陳", "exercise-2019-q3", "s", "-", "x-", "case-2")
OF = 3


@pytest.fixture
def store(database: TestDatabase) -> Iterator[Store]:
    made = store_at(database.app_url)
    for stream in STREAMS:
        first = withdrawal() if stream.startswith("case-") else fees(1)[0]
        made.append(commit_of(writing(stream, 0, first, *fees(2))))
    yield made
    made.dispose()


def test_the_shards_are_the_log_and_each_event_is_of_one(store: Store) -> None:
    whole = store.read_log(after=0, limit=100)
    parts = [
        store.read_shard(Shard(number=number, of=OF), after=0, limit=100) for number in range(OF)
    ]
    together = sorted((each for part in parts for each in part.events), key=lambda e: e.position)
    assert tuple(together) == whole
    assert {(part.last, part.sequenced_at) for part in parts} == {
        (len(whole), whole[-1].sequenced_at)
    }
    for number, part in enumerate(parts):
        assert all(number_of(each.stream, OF) == number for each in part.events)


def test_what_concerns_one_case_is_of_one_shard() -> None:
    for of in (1, 2, 3, 4, 97):
        assert number_of("case-QM-6F99B-43CWN", of) == number_of("work-QM-6F99B-43CWN", of)


def test_a_stretch_ends_where_its_positions_do_though_nothing_in_it_is_of_the_shard(
    store: Store,
) -> None:
    first = store.read_log(after=0, limit=1)[0]
    other = Shard(number=(number_of(first.stream, OF) + 1) % OF, of=OF)
    stretch = store.read_shard(other, after=0, limit=3)
    assert (stretch.last, stretch.events) == (3, ())
    head = store.sequence()
    beyond = store.read_shard(other, after=head, limit=3)
    assert (beyond.last, beyond.sequenced_at, beyond.events) == (head, None, ())


@pytest.mark.parametrize("number", range(OF))
def test_a_gap_is_met_by_every_shard(database: TestDatabase, store: Store, number: int) -> None:
    store.sequence()
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE log DISABLE TRIGGER log_append_only")
        admin.execute("DELETE FROM log WHERE position = 5")
    with pytest.raises(LogCorrupt, match="5"):
        store.read_shard(Shard(number=number, of=OF), after=0, limit=100)


def test_an_event_that_is_gone_is_met_by_its_own_shard(
    database: TestDatabase, store: Store
) -> None:
    head = store.sequence()
    gone(database)
    own = number_of("s", OF)
    with pytest.raises(LogCorrupt, match="14"):
        store.read_shard(Shard(number=own, of=OF), after=0, limit=100)
    for number in {*range(OF)} - {own}:
        assert store.read_shard(Shard(number=number, of=OF), after=0, limit=100).last == head


def test_what_was_numbered_before_shards_were_kept_is_read_alike(
    database: TestDatabase, store: Store
) -> None:
    def read() -> list[Stretch]:
        parts = (Shard(number=number, of=OF) for number in range(OF))
        return [store.read_shard(each, after=0, limit=100) for each in parts]

    known = read()
    forgotten(database)
    assert read() == known


@pytest.mark.parametrize("number", range(OF))
def test_an_event_that_is_gone_and_whose_nobody_knows_is_met_by_every_shard(
    database: TestDatabase, store: Store, number: int
) -> None:
    store.sequence()
    forgotten(database)
    gone(database)
    with pytest.raises(LogCorrupt, match="14"):
        store.read_shard(Shard(number=number, of=OF), after=0, limit=100)


def gone(database: TestDatabase) -> None:
    """The event at position 14 is gone."""
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
        admin.execute("DELETE FROM events WHERE stream = 's' AND version = 2")


def forgotten(database: TestDatabase) -> None:
    """The log does not say of any event which shard it is of, as before that was kept."""
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE log DISABLE TRIGGER log_append_only")
        told = admin.execute("UPDATE log SET stream_crc = NULL WHERE stream_crc IS NOT NULL")
        assert told.rowcount > 0
