import json

import psycopg
import pytest
from psycopg import errors

from tests.conftest import TestDatabase
from tests.integration.log_roles import write_by_hand
from tests.services.erasing import erase
from tests.services.storing import commit_of, store_at, withdrawal, writing

CHANGES = [
    "UPDATE {} SET commit_id = 0",
    "UPDATE {} SET commit_id = 0 WHERE false",
    "DELETE FROM {}",
    "TRUNCATE {}",
]
TABLES = ["events", "log", "commits"]


@pytest.fixture
def written(database: TestDatabase) -> TestDatabase:
    store = store_at(database.app_url)
    store.append(commit_of(writing("case-1", 0, withdrawal())))
    store.sequence()
    store.dispose()
    return database


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", CHANGES)
def test_the_application_may_change_nothing(written: TestDatabase, table: str, change: str) -> None:
    with (
        psycopg.connect(written.app_url) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(change.format(table))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["owner", "admin", "replica"])
def test_nobody_else_may_either(written: TestDatabase, table: str, change: str, role: str) -> None:
    url = written.owner_url if role == "owner" else written.admin_url
    with psycopg.connect(url) as connection:
        if role == "replica":
            connection.execute("SET session_replication_role = replica")
        with pytest.raises(errors.RestrictViolation, match=f"{table} is append-only"):
            connection.execute(change.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO log VALUES (9, 9, now(), 0, '')",
        "INSERT INTO passes VALUES (9, '1', now(), '{}')",
        "DELETE FROM pending",
        "UPDATE pending SET commit_id = 1",
        "UPDATE head SET id = true",
        "DELETE FROM case_keys",
        "UPDATE reservations SET key = 'mine'",
        "UPDATE case_keys SET reference = 'mine'",
        "ALTER TABLE events DISABLE TRIGGER ALL",
    ],
)
def test_the_application_writes_the_log_through_the_sequencer_only(
    written: TestDatabase, statement: str
) -> None:
    with (
        psycopg.connect(written.app_url) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_a_destroyed_key_cannot_be_put_back(written: TestDatabase) -> None:
    store = store_at(written.app_url)
    erase(store, "1")
    store.dispose()

    with (
        psycopg.connect(written.admin_url) as connection,
        pytest.raises(errors.RestrictViolation, match="stays so"),
    ):
        connection.execute("UPDATE case_keys SET wrapped = 'x', erased_at = NULL")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE case_keys SET wrapped = 'x'",
        "UPDATE case_keys SET wrapped = wrapped",
        "UPDATE case_keys SET wrapped = 'x', erased_at = NULL",
    ],
)
def test_a_living_key_cannot_be_overwritten(written: TestDatabase, change: str) -> None:
    for url in (written.app_url, written.owner_url, written.admin_url):
        with (
            psycopg.connect(url) as connection,
            pytest.raises(errors.RestrictViolation, match="case 1 can be destroyed and not"),
        ):
            connection.execute(change)

    store = store_at(written.app_url)
    assert store.read_stream("case-1")[0].event == withdrawal().event
    store.dispose()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE case_keys SET wrapped = NULL, erased_at = now(), reference = '2'",
        "UPDATE case_keys SET wrapped = NULL, erased_at = now(), created_at = 'epoch'",
    ],
)
def test_a_destroyed_key_keeps_its_case_and_its_age(written: TestDatabase, change: str) -> None:
    with (
        psycopg.connect(written.owner_url) as connection,
        pytest.raises(errors.RestrictViolation, match="case 1 can be destroyed and not"),
    ):
        connection.execute(change)


def test_a_pending_row_without_events_does_not_stop_the_log(written: TestDatabase) -> None:
    store = store_at(written.app_url)
    with psycopg.connect(written.app_url, autocommit=True) as connection:
        connection.execute("INSERT INTO pending (commit_id) VALUES (987654)")
        assert store.sequence() == 1

        connection.execute("INSERT INTO pending (commit_id) VALUES (987655)")
        store.append(commit_of(writing("case-1", 1, withdrawal())))
        assert store.sequence() == 2
        assert connection.execute("SELECT count(*) FROM pending").fetchone() == (0,)

    assert [each.position for each in store.read_log(after=0, limit=9)] == [1, 2]
    store.dispose()


def test_a_pending_row_of_a_numbered_commit_does_not_stop_the_log(written: TestDatabase) -> None:
    store = store_at(written.app_url)
    again = "INSERT INTO pending (commit_id) SELECT commit_id FROM commits"
    with psycopg.connect(written.app_url, autocommit=True) as connection:
        connection.execute(again)
        assert store.sequence() == 1

        store.append(commit_of(writing("case-1", 1, withdrawal())))
        connection.execute(again)
        connection.execute(again)
        assert store.sequence() == 2
        assert connection.execute("SELECT count(*) FROM pending").fetchone() == (0,)

    assert [each.version for each in store.read_log(after=0, limit=9)] == [1, 2]
    store.dispose()


def test_an_orphan_seen_late_does_not_stop_the_log(written: TestDatabase) -> None:
    store = store_at(written.app_url)
    with psycopg.connect(written.app_url) as slow:
        slow.execute("INSERT INTO pending (commit_id) VALUES (987654)")
        store.append(commit_of(writing("case-1", 1, withdrawal())))
        assert store.sequence() == 2

    assert store.sequence() == 2
    store.append(commit_of(writing("case-1", 2, withdrawal())))
    assert store.sequence() == 3
    store.dispose()


def test_the_log_is_numbered_under_read_committed_only(written: TestDatabase) -> None:
    with psycopg.connect(written.app_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(errors.RaiseException, match="READ COMMITTED only"):
            connection.execute("SELECT sequence_commits()")


def test_commits_and_numbering_in_one_foreign_transaction_lose_nothing(
    database: TestDatabase,
) -> None:
    store = store_at(database.app_url)
    with psycopg.connect(database.app_url) as connection:
        for stream in ("one", "two", "three"):
            write_by_hand(connection, stream)
            connection.execute("SELECT sequence_commits()")
        write_by_hand(connection, "four")

    assert [each.stream for each in store.read_log(after=0, limit=9)] == [
        "one",
        "two",
        "three",
        "four",
    ]
    store.dispose()


def test_an_append_reads_no_condition_of_a_rule_but_a_short_one(database: TestDatabase) -> None:
    # A statement that inserts reads each condition anew from its text, and pays for its length.
    inserting = """
        SELECT tgname, length(tgqual::text) FROM pg_trigger
        WHERE tgrelid = 'events'::regclass AND NOT tgisinternal AND tgtype & 4 = 4 ORDER BY tgname
    """
    checks = """
        SELECT conname FROM pg_constraint WHERE contype = 'c'
            AND conrelid IN ('commits'::regclass, 'events'::regclass) ORDER BY conname
    """
    with psycopg.connect(database.app_url) as connection:
        (deferred, condition), looked_at = connection.execute(inserting).fetchall()
        assert connection.execute(checks).fetchall() == [("commits_fit",), ("events_fit",)]

    assert (deferred, looked_at) == ("events_by_exercise", ("events_looked_at", None))
    assert condition < 1000


@pytest.mark.parametrize(
    ("fingerprint", "result", "check"),
    [
        (b"", "{}", "commits_fingerprint_length"),
        (bytes(65), "{}", "commits_fingerprint_length"),
        (b"x", json.dumps("x" * 65_536), "commits_result_length"),
        (b"x", "null", "commits_result_readable"),
    ],
)
def test_a_commit_that_is_not_fit_is_refused(
    database: TestDatabase, fingerprint: bytes, result: str, check: str
) -> None:
    with (
        psycopg.connect(database.app_url) as connection,
        pytest.raises(errors.CheckViolation) as fault,
    ):
        connection.execute(
            "INSERT INTO commits (commit_id, command_id, fingerprint, result)"
            " VALUES (1, gen_random_uuid(), %s, %s::json)",
            (fingerprint, result),
        )
    assert fault.value.diag.constraint_name == check


@pytest.mark.parametrize(
    ("ord_", "place", "check"),
    [
        (-1, ("s", 1, "t"), "events_ord_counts_from_0"),
        (0, ("", 1, "t"), "events_stream_length"),
        (0, ("s" * 201, 1, "t"), "events_stream_length"),
        (0, ("s", 1, ""), "events_type_length"),
        (0, ("s", 1, "t" * 101), "events_type_length"),
        (0, ("s", 0, "t"), "events_version_counts_from_1"),
        (0, ("s" * 1_048_576, 1, "t"), "events_body_length"),
    ],
)
def test_an_event_that_is_not_fit_is_refused(
    database: TestDatabase, ord_: int, place: tuple[str, int, str], check: str
) -> None:
    body = json.dumps(dict(zip(("stream", "version", "type"), place, strict=True)))
    with (
        psycopg.connect(database.app_url) as connection,
        pytest.raises(errors.CheckViolation) as fault,
    ):
        connection.execute(
            "INSERT INTO events (commit_id, ord, body) VALUES (1, %s, %s::json)", (ord_, body)
        )
    assert fault.value.diag.constraint_name == check
