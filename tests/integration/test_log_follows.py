"""A reader of the log misses nothing, sees nothing twice, torn or out of order."""

import os
import signal
import time
from pathlib import Path

import psycopg
import pytest

from tests.conftest import TestDatabase
from tests.integration.log_account import accounts, assert_nothing_missed, perform, pid_of, running
from tests.integration.log_roles import Plan, write_by_hand


@pytest.mark.parametrize("writers", [2, 8, 16])
def test_readers_follow_many_writers_and_three_sequencers(
    database: TestDatabase, tmp_path: Path, writers: int
) -> None:
    plan = Plan(url=database.app_url, folder=str(tmp_path), writers=writers, seed=writers)

    done = perform(plan)

    assert_nothing_missed(done, database.admin_url)
    assert len(done.committed()) > 100
    assert len(done.readers()) == 2


def test_a_foreign_snapshot_hides_nothing(database: TestDatabase, tmp_path: Path) -> None:
    with psycopg.connect(database.admin_url) as foreign:
        foreign.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        foreign.execute("SELECT count(*) FROM events")

        done = perform(Plan(url=database.app_url, folder=str(tmp_path), writers=4, seconds=1))

    assert_nothing_missed(done, database.admin_url)


def test_commits_that_end_late_are_read_late_but_are_read(
    database: TestDatabase, tmp_path: Path
) -> None:
    plan = Plan(url=database.app_url, folder=str(tmp_path), writers=4, seconds=1.5)
    late = [psycopg.connect(database.app_url) for _ in range(3)]
    drawn = [write_by_hand(each, f"late-{place}") for place, each in enumerate(late)]

    with running(plan):
        pid_of(tmp_path, "reader-0")  # others with higher ids are in the log by now
        for connection in late[:2]:
            time.sleep(0.3)
            connection.commit()
        late[2].rollback()
    for connection in late:
        connection.close()

    done = accounts(tmp_path)
    assert_nothing_missed(done, database.admin_url)
    with psycopg.connect(database.admin_url) as connection:
        log = connection.execute("SELECT commit_id FROM log ORDER BY position").fetchall()
    commits = [row[0] for row in log]
    assert [commits.count(each) for each in drawn] == [1, 1, 0]
    assert commits.index(drawn[0]) > 0


def test_killed_writers_and_sequencers_lose_nothing(database: TestDatabase, tmp_path: Path) -> None:
    plan = Plan(url=database.app_url, folder=str(tmp_path), writers=6, seconds=2.5)

    with running(plan):
        for name in ("writer-0", "writer-1", "writer-2"):
            os.kill(pid_of(tmp_path, name), signal.SIGKILL)
            time.sleep(0.1)
        for name in ("sequencer-0", "sequencer-1", "sequencer-2"):
            os.kill(pid_of(tmp_path, name, at_work=False), signal.SIGKILL)
            time.sleep(0.2)

    assert_nothing_missed(accounts(tmp_path), database.admin_url)


def test_backends_killed_while_they_number_leave_no_gap(
    database: TestDatabase, tmp_path: Path
) -> None:
    plan = Plan(url=database.app_url, folder=str(tmp_path), writers=4, seconds=2, patience=10)

    with running(plan), psycopg.connect(database.admin_url, autocommit=True) as admin:
        pid_of(tmp_path, "reader-0")
        for _ in range(20):
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE '%sequence_commits%'"
                " AND pid <> pg_backend_pid() LIMIT 1"
            )
            time.sleep(0.05)

    assert_nothing_missed(accounts(tmp_path), database.admin_url)


def test_the_account_notices_a_sequencer_that_forgets_who_was_still_writing(
    database: TestDatabase, tmp_path: Path
) -> None:
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute("SELECT pg_get_functiondef('sequence_commits()'::regprocedure)")
        sound = str((row.fetchone() or ("",))[0])
        forgetful = sound.replace("xid = ANY (mark.unsettled)", "false")
        assert forgetful != sound
        owner.execute(forgetful)
    with psycopg.connect(database.app_url) as late:
        write_by_hand(late, "late")
        with running(Plan(url=database.app_url, folder=str(tmp_path), writers=2, seconds=0.5)):
            pid_of(tmp_path, "reader-0")
            late.commit()

    with pytest.raises(AssertionError):
        assert_nothing_missed(accounts(tmp_path), database.admin_url)


def test_dead_rows_kept_by_a_foreign_snapshot_are_not_looked_through(
    database: TestDatabase,
) -> None:
    with psycopg.connect(database.admin_url) as foreign:
        foreign.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        foreign.execute("SELECT count(*) FROM events")
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            few = pages_of_a_look(owner, commits=50)
            many = pages_of_a_look(owner, commits=4000)

    assert many < few + 20


_GROW = """
DO $$
DECLARE
    id bigint;
BEGIN
    FOR each IN 1..{commits} LOOP
        id := nextval('commit_ids');
        INSERT INTO events (commit_id, ord, body) VALUES (id, 0, json_build_object(
            'stream', 'grown-' || id, 'version', 1, 'type', 'grown'));
        INSERT INTO pending (commit_id) VALUES (id);
        COMMIT;
        PERFORM sequence_commits();
        COMMIT;
    END LOOP;
END
$$
"""


def pages_of_a_look(owner: psycopg.Connection, *, commits: int) -> int:
    """How many pages the sequencer reads to find nothing, after so many commits more."""
    owner.execute(_GROW.format(commits=commits))
    # The second look, because the first one of a statement reads the catalogue as well.
    for _ in range(2):
        row = owner.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT sequence_commits()"
        ).fetchone()
    assert row is not None
    return int(row[0][0]["Plan"]["Shared Hit Blocks"])
