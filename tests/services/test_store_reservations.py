import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from services.store import Appended, Conflict, Reserved, Store
from tests.conftest import TestDatabase
from tests.services.storing import commit_of, store_at, writing
from tests.services.test_store_appending import RACERS, race


@pytest.fixture
def store(database: TestDatabase) -> Iterator[Store]:
    opened = store_at(database.app_url)
    yield opened
    opened.dispose()


def test_a_key_that_is_held_is_refused_by_name(store: Store) -> None:
    store.append(commit_of(writing("fee-1"), reserve=("person-1", "person-2")))

    with pytest.raises(Reserved) as refused:
        store.append(commit_of(writing("fee-2"), reserve=("person-3", "person-2")))

    assert refused.value.keys == ("person-2",)
    assert store.stream_version("fee-2") == 0
    store.append(commit_of(writing("fee-2"), reserve=("person-3",)))


def test_a_released_key_can_be_reserved_again(store: Store) -> None:
    store.append(commit_of(writing("fee-1"), reserve=("person-1",)))
    store.append(commit_of(writing("fee-1", 1), release=("person-1",)))

    store.append(commit_of(writing("fee-2"), reserve=("person-1",)))

    assert store.stream_version("fee-2") == 1


def test_a_key_can_be_passed_on_in_one_commit(store: Store) -> None:
    store.append(commit_of(writing("fee-1"), reserve=("person-1",)))

    store.append(commit_of(writing("fee-1", 1), release=("person-1",), reserve=("person-1",)))

    with pytest.raises(Reserved):
        store.append(commit_of(writing("fee-2"), reserve=("person-1",)))


def test_a_commit_that_conflicts_releases_nothing(store: Store) -> None:
    store.append(commit_of(writing("fee-1"), reserve=("person-1",)))

    with pytest.raises(Conflict):
        store.append(commit_of(writing("fee-1", 5), release=("person-1",)))

    with pytest.raises(Reserved):
        store.append(commit_of(writing("fee-2"), reserve=("person-1",)))


def test_of_many_who_race_for_a_key_one_gets_it(store: Store) -> None:
    outcomes = race(
        lambda place: store.append(commit_of(writing(f"fee-{place}"), reserve=("person-1",)))
    )

    assert sum(isinstance(each, Appended) for each in outcomes) == 1
    assert sum(isinstance(each, Reserved) for each in outcomes) == RACERS - 1
    assert store.sequence() == 1


def test_whoever_waited_for_a_key_comes_later_in_the_log(
    store: Store, database: TestDatabase
) -> None:
    with (
        psycopg.connect(database.app_url) as holder,
        ThreadPoolExecutor(1) as thread,
    ):
        holder.execute("INSERT INTO reservations (key) VALUES ('person-1')")
        waiting = thread.submit(store.append, commit_of(writing("fee-1"), reserve=("person-1",)))
        await_one_who_waits(database)
        drawn = holder.execute("SELECT nextval('commit_ids')").fetchone()
        holder.execute("DELETE FROM reservations")
        holder.commit()
        appended = waiting.result(timeout=10)

    assert drawn is not None
    assert appended.commit_id > drawn[0]


def await_one_who_waits(database: TestDatabase) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        for _ in range(500):
            waiting = admin.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            if waiting == (1,):
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")
