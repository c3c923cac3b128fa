"""Migrations hold nobody up, can be broken off anywhere, and are finished by the next attempt."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

import migrations
from services.stack.processes import wait_until
from services.store import MigrationFault, migrate
from services.store.migrate import Standing
from tests.conftest import TestDatabase
from tests.migrations.schema import bring_to, described

FOLDER = Path(migrations.__file__).parent / "versions"
REVISIONS = sorted(file.name[:4] for file in FOLDER.glob("[0-9]*.py"))
BEFORE_AN_INDEX = "0028"
"""The next migration builds an index on the notifications, and nothing else."""
INDEX = "notifications_state"
PATIENCE = 50.0  # seconds: a migrator that is killed would wait for longer

# There is a row for every shard of every read model, and no more.
FEW_ROWS = {"projection_checkpoints"}

_WRITE = """
    INSERT INTO notifications
        (position, event_id, effect, party, means, reference, message_id, state, sealed)
    SELECT 1, gen_random_uuid(), 'told', 'applicant', 'email', 'QM-6F99B-43CWN',
        gen_random_uuid(), 'planned', 'sealed'
    FROM generate_series(1, %s)
"""
# It would wait for longer than the test does: that it is gone is because it was killed.
_MIGRATE = """
import sys
from services.store import migrate
migrate._LIMITS += " -c lock_timeout=60s"
migrate.upgrade(sys.argv[1])
"""


@pytest.fixture
def filled(empty_database: TestDatabase) -> TestDatabase:
    """A database with notifications that lacks an index of them."""
    bring_to(empty_database, BEFORE_AN_INDEX)
    write(empty_database, 5000)
    return empty_database


def write(database: TestDatabase, rows: int) -> None:
    with psycopg.connect(database.owner_url, options="-c lock_timeout=3s") as owner:
        owner.execute(_WRITE, (rows,))


@contextmanager
def a_writer_under_way(database: TestDatabase) -> Iterator[Callable[[], None]]:
    """Somebody has written and not committed yet: no index of the table is done meanwhile."""
    with psycopg.connect(database.owner_url) as writer:
        writer.execute(_WRITE, (1,))
        yield writer.commit


@contextmanager
def migrators(database: TestDatabase, count: int) -> Iterator[list[Future[None]]]:
    with ThreadPoolExecutor(count) as threads:
        yield [threads.submit(migrate.upgrade, database.owner_url) for _ in range(count)]


def sessions(database: TestDatabase, condition: str) -> int:
    """How many other sessions of the database are as the condition says."""
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        found = admin.execute(
            "SELECT count(*) FROM pg_stat_activity"  # noqa: S608 - the tests' own words
            f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {condition}"
        ).fetchone()
    assert found is not None
    return int(found[0])


def an_index_is_being_built(database: TestDatabase) -> bool:
    return wait_until(
        lambda: sessions(database, "query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'") > 0,
        PATIENCE,
    )


def broken_off(database: TestDatabase) -> list[str]:
    """The indexes that are there, and are not whole."""
    with psycopg.connect(database.admin_url) as admin:
        return [
            str(name)
            for (name,) in admin.execute(
                "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"
            )
        ]


def is_done(database: TestDatabase) -> bool:
    state = migrate.state(database.app_url)
    indexes = {row[2] for row in described(database) if row[1] == "index"}
    return state.standing is Standing.AT_HEAD and INDEX in indexes and broken_off(database) == []


def test_who_writes_is_not_held_up_while_an_index_is_built(filled: TestDatabase) -> None:
    with a_writer_under_way(filled) as commit, migrators(filled, 1) as (migrator,):
        assert an_index_is_being_built(filled)
        write(filled, 1)
        commit()
        migrator.result()
    assert is_done(filled)


def test_a_migrator_that_waits_for_its_turn_does_not_hold_up_the_one_at_work(
    filled: TestDatabase,
) -> None:
    with a_writer_under_way(filled) as commit, migrators(filled, 2) as both:
        assert an_index_is_being_built(filled)
        waits = "(query LIKE '%advisory_lock%' OR query = 'COMMIT')"
        assert wait_until(lambda: sessions(filled, waits) > 0, PATIENCE)
        commit()
        for each in both:
            each.result()
    assert is_done(filled)


def test_a_migrator_killed_while_it_builds_an_index_is_followed_by_the_next(
    filled: TestDatabase,
) -> None:
    with a_writer_under_way(filled) as commit:
        killed = subprocess.Popen([sys.executable, "-c", _MIGRATE, filled.owner_url])
        assert an_index_is_being_built(filled)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        assert wait_until(lambda: sessions(filled, "query LIKE 'CREATE INDEX%'") == 0, PATIENCE)
        commit()
    assert broken_off(filled) == [INDEX]

    migrate.upgrade(filled.owner_url)

    assert is_done(filled)


def test_who_keeps_a_migration_waiting_is_said_and_what_to_do(
    filled: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_LIMITS", "-c lock_timeout=100ms")
    with (
        a_writer_under_way(filled),
        pytest.raises(
            MigrationFault, match=r"another session .* pg_stat_activity .* run this again"
        ),
    ):
        migrate.upgrade(filled.owner_url)

    monkeypatch.undo()
    migrate.upgrade(filled.owner_url)

    assert is_done(filled)


def test_so_it_is_for_a_script_of_many_statements(
    empty_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_to(empty_database, "0030")
    monkeypatch.setattr(migrate, "_LIMITS", "-c lock_timeout=100ms")
    with psycopg.connect(empty_database.owner_url) as other:
        other.execute("LOCK TABLE webhook_subscriptions IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(MigrationFault, match=r"another session .* pg_stat_activity"):
            migrate.upgrade(empty_database.owner_url)


def test_every_migration_may_be_broken_off_before_its_end_and_done_again(
    database: TestDatabase, empty_database: TestDatabase
) -> None:
    bring_to(empty_database, REVISIONS[0])
    with psycopg.connect(empty_database.owner_url, autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RAISE EXCEPTION ''broken off''; END'"
        )
        for revision in REVISIONS[1:]:
            owner.execute(
                "CREATE TRIGGER broken_off BEFORE UPDATE ON alembic_version"
                " EXECUTE FUNCTION break_off()"
            )
            with pytest.raises(DBAPIError, match="broken off"):
                bring_to(empty_database, revision)
            owner.execute("DROP TRIGGER broken_off ON alembic_version")
            bring_to(empty_database, revision)

    assert described(empty_database) == described(database)
    assert broken_off(empty_database) == []


def holds_up(text: str) -> list[str]:
    """Statements of a migration that would lock out those who write for as long as they run."""
    statements = re.split(r";\s*$|\"\"\"|\bop\.execute\(", text, flags=re.MULTILINE)
    new = set(re.findall(r"CREATE TABLE (\w+)", text))
    found = []
    for statement in statements:
        index = re.search(r"CREATE\s+(?:UNIQUE\s+)?INDEX\s+.*?\bON\s+(\S+)", statement, re.DOTALL)
        altered = re.search(r"ALTER TABLE (\S+)", statement)
        keys = re.search(r"ADD (CONSTRAINT \w+\s+)?(PRIMARY KEY|UNIQUE|EXCLUDE)", statement)
        checked = re.search(r"\bVALIDATE\b|ADD (CONSTRAINT \w+\s+)?(CHECK|FOREIGN KEY)", statement)
        if index and index[1] not in new | FEW_ROWS:
            found.append(index[0])
        later = re.search(r"\bNOT VALID\b", statement)  # what is there is not read
        if altered and altered[1] not in new | FEW_ROWS and (keys or (checked and not later)):
            found.append(statement.strip())
    return found


@pytest.mark.parametrize("revision", REVISIONS[1:])
def test_a_migration_reads_no_table_under_a_lock(revision: str) -> None:
    texts = [file.read_text("utf-8") for file in FOLDER.glob(f"{revision}_*.*")]
    assert [each for text in texts for each in holds_up(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        'op.execute("CREATE INDEX events_of ON events (stream)")',
        "CREATE TABLE other (id int);\nCREATE UNIQUE INDEX events_of\nON events (stream);",
        "EXECUTE format('CREATE INDEX of%1$s ON deadlines%1$s (stage)', beside)",
        "ALTER TABLE events ADD CONSTRAINT events_one UNIQUE (stream);",
        "ALTER TABLE events ADD CONSTRAINT known CHECK (true);",
        "ALTER TABLE events VALIDATE CONSTRAINT known;",
        "ALTER TABLE events ADD CONSTRAINT one UNIQUE (stream) NOT VALID;",
    ],
)
def test_one_that_did_would_be_noticed(text: str) -> None:
    assert len(holds_up(text)) == 1


def test_an_index_of_a_table_made_in_the_same_migration_holds_nobody_up() -> None:
    made = "CREATE TABLE new (id int);\nCREATE INDEX new_id ON new (id);"
    assert holds_up(made) == []
