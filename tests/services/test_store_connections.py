import os
import socket
from collections.abc import Iterator

import psycopg
import pytest

from services.store import CaseKeys, MigrationFault, Store, StoreUnreachable, connections
from services.store.codec import Codec
from services.store.connections import Connections
from tests.conftest import TestDatabase
from tests.services.storing import MASTER_KEY, commit_of, store_at, writing


@pytest.fixture
def store(database: TestDatabase) -> Iterator[Store]:
    opened = store_at(database.app_url)
    yield opened
    opened.dispose()


def test_a_broken_connection_is_replaced(store: Store, database: TestDatabase) -> None:
    store.append(commit_of(writing("fee-1")))
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert store.append(commit_of(writing("fee-1", 1))).repeated is False
    assert store.stream_version("fee-1") == 2


def test_a_database_that_is_away_is_named() -> None:
    store = store_at("postgresql://nobody@/none?host=/nowhere")

    with pytest.raises(StoreUnreachable, match="does not answer"):
        store.head()


def test_a_server_that_takes_a_call_and_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    least = {**connections.REACHING, "connect_timeout": 2}  # the least that libpq waits
    monkeypatch.setattr(connections, "REACHING", least)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        store = store_at(f"postgresql://nobody@127.0.0.1:{mute.getsockname()[1]}/none")

        with pytest.raises(StoreUnreachable, match=r"does not answer: .*timeout"):
            store.head()


def test_who_finds_every_connection_in_use_is_told_so(database: TestDatabase) -> None:
    pool = Connections(database.app_url, 1, patience=0.05)

    with pool.borrow(), pytest.raises(StoreUnreachable, match=r"all 1 connections .* none came"):
        pool.borrow().__enter__()

    with pool.borrow() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    pool.dispose()


def test_a_fork_leaves_the_parents_connection_alone(store: Store) -> None:
    store.append(commit_of(writing("fee-1")))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            store.append(commit_of(writing("fee-1", 1)))
            store.dispose()
            status = 0
        finally:
            os._exit(status)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.append(commit_of(writing("fee-1", 2)))
    assert store.stream_version("fee-1") == 3


def test_a_database_without_a_schema_is_named(empty_database: TestDatabase) -> None:
    unmade = store_at(empty_database.app_url)

    with pytest.raises(MigrationFault, match="run `qmas up`"):
        unmade.append(commit_of(writing("fee-1")))
    with pytest.raises(MigrationFault, match="run `qmas up`"):
        unmade.sequence()
    unmade.dispose()


def test_a_lock_that_is_never_given_ends_in_a_fault_and_not_in_waiting(
    database: TestDatabase,
) -> None:
    impatient = Store(
        Connections(database.app_url, 1, settings={"statement_timeout": "100ms"}),
        CaseKeys(MASTER_KEY),
        Codec(),
    )
    impatient.append(commit_of(writing("fee-1")))
    with psycopg.connect(database.owner_url) as other:
        other.execute("SELECT FROM head FOR UPDATE")

        with pytest.raises(StoreUnreachable, match=r"gave up: .*statement timeout"):
            impatient.sequence()

    assert impatient.sequence() == 1
    impatient.dispose()
