"""The log goes on where it was: restored from a dump, or after the server was killed."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from services.stack.postgres import (
    ADMIN,
    APP,
    OWNER,
    PostgresServer,
)
from services.stack.processes import is_alive, wait_until
from services.store import StoreUnreachable, Together, migrate
from tests.conftest import TestDatabase
from tests.integration.log_account import accounts, assert_nothing_missed, perform, pid_of, running
from tests.integration.log_roles import Plan, write_by_hand
from tests.integration.restoring import dump, new_database, restore, server_of_its_own
from tests.services.storing import commit_of, store_at, writing


@pytest.fixture
def second_server() -> Iterator[Callable[[], PostgresServer]]:
    """Starts a cluster of this test's own, or finds or starts it again."""
    with server_of_its_own() as start:
        yield start


def contents(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT position, commit_id, ord, leaf, sequenced_at FROM log ORDER BY position"
        ).fetchall()


def spend_transactions(url: str, count: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            f"DO $$ BEGIN FOR each IN 1..{count} LOOP"
            " PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
        )


def test_a_dump_taken_amid_writing_goes_on_in_a_new_cluster(
    database: TestDatabase, tmp_path: Path, second_server: Callable[[], PostgresServer]
) -> None:
    # The old cluster is far ahead in transaction ids, so its marks would hide the new one's.
    spend_transactions(database.admin_url, 20_000)
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    with running(Plan(url=database.app_url, folder=str(before), writers=4)):
        pid_of(before, "reader-0")
        dump(database.admin_url, tmp_path / "dump")
    server = second_server()
    new_database(server)

    restore(tmp_path / "dump", server.url(ADMIN, "copy"))
    restored = contents(server.url(ADMIN, "copy"))
    done = perform(Plan(url=server.url(APP, "copy"), folder=str(after), writers=4, seed=1))

    assert_nothing_missed(done, server.url(ADMIN, "copy"))
    log = contents(server.url(ADMIN, "copy"))
    assert 0 < len(restored) < len(log)
    assert log[: len(restored)] == restored
    assert log[: len(restored)] == contents(database.admin_url)[: len(restored)]


def test_what_was_pending_in_a_dump_is_numbered_after_the_restore(
    database: TestDatabase, empty_database: TestDatabase, tmp_path: Path
) -> None:
    with psycopg.connect(database.app_url) as connection:
        write_by_hand(connection, "waiting")
    dump(database.admin_url, tmp_path / "dump")

    restore(tmp_path / "dump", empty_database.admin_url)
    done = perform(Plan(url=empty_database.app_url, folder=str(tmp_path), writers=1, seconds=0.3))

    assert_nothing_missed(done, empty_database.admin_url)
    with psycopg.connect(empty_database.admin_url) as connection:
        first = connection.execute(
            "SELECT stream FROM log JOIN events USING (commit_id, ord) WHERE position = 1"
        ).fetchone()
    assert first == ("waiting",)


def test_a_killed_server_comes_back_with_the_same_log(
    tmp_path: Path, second_server: Callable[[], PostgresServer]
) -> None:
    server = second_server()
    new_database(server)
    migrate.upgrade(server.url(OWNER, "copy"))
    plan = Plan(
        url=server.url(APP, "copy"), folder=str(tmp_path), writers=4, seconds=4, patience=30
    )

    with running(plan):
        for _ in range(2):
            pid_of(tmp_path, "reader-0")
            time.sleep(0.3)
            os.kill(server.process.pid, signal.SIGKILL)
            server = second_server()

    # The readers kept what they had read before the server died, and go on from there.
    assert_nothing_missed(accounts(tmp_path), server.url(ADMIN, "copy"))


def test_a_server_killed_amid_many_commits_has_none_of_them(
    second_server: Callable[[], PostgresServer],
) -> None:
    server = second_server()
    new_database(server)
    migrate.upgrade(server.url(OWNER, "copy"))
    store = store_at(server.url(APP, "copy"))

    def work(whole: Together) -> None:
        whole.append(commit_of(writing("stream-1")))
        store.sequence()
        os.kill(server.process.pid, signal.SIGKILL)
        # Its sessions end by themselves once it is gone, and not before.
        assert wait_until(lambda: not is_alive(server.process), 10)
        whole.append(commit_of(writing("stream-2")))

    with pytest.raises(StoreUnreachable):
        store.together(work)
    second_server()

    assert store.sequence() == 0
    store.together(lambda whole: whole.append(commit_of(writing("stream-1"))))
    assert store.sequence() == 1
    store.dispose()
