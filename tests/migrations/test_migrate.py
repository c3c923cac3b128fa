import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

import migrations
from services.store import MigrationFault, StoreUnreachable, migrate
from services.store.migrate import Standing
from services.store.tables import METADATA
from tests.conftest import TestDatabase
from tests.migrations.schema import described, set_revision

FOLDER = Path(migrations.__file__).parent


def test_an_empty_database_is_brought_to_the_head(empty_database: TestDatabase) -> None:
    before = migrate.state(empty_database.app_url)

    migrate.upgrade(empty_database.owner_url)
    after = migrate.state(empty_database.app_url)

    assert (before.current, before.standing) == (None, Standing.MISSING)
    assert (after.current, after.standing) == (after.head, Standing.AT_HEAD)


def test_migrating_again_changes_nothing(database: TestDatabase) -> None:
    before = described(database)

    migrate.upgrade(database.owner_url)

    assert described(database) == before
    assert migrate.state(database.owner_url).standing is Standing.AT_HEAD


def test_of_two_migrators_one_waits_for_the_other(empty_database: TestDatabase) -> None:
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(migrate.upgrade, [empty_database.owner_url] * 3))

    assert migrate.state(empty_database.app_url).standing is Standing.AT_HEAD


def test_a_migrator_does_not_wait_for_ever(
    empty_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_TURN_SECONDS", 0.2)
    with psycopg.connect(empty_database.owner_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (migrate._ADVISORY_LOCK,))

        with pytest.raises(MigrationFault, match=r"another migrator .* let it finish"):
            migrate.upgrade(empty_database.owner_url)

    assert migrate.state(empty_database.app_url).standing is Standing.MISSING


def test_a_database_behind_and_one_ahead_are_told_apart(database: TestDatabase) -> None:
    set_revision(database, "0001")
    assert migrate.state(database.app_url).standing is Standing.BEHIND

    set_revision(database, "9999")
    assert migrate.state(database.app_url).standing is Standing.AHEAD
    with pytest.raises(MigrationFault, match="newer version: upgrade qmas"):
        migrate.upgrade(database.owner_url)


def test_the_application_cannot_migrate(empty_database: TestDatabase) -> None:
    with pytest.raises(MigrationFault, match="permission denied"):
        migrate.upgrade(empty_database.app_url)


def test_a_server_that_is_away_is_named() -> None:
    with pytest.raises(StoreUnreachable):
        migrate.state("postgresql://nobody@/none?host=/nowhere")
    with pytest.raises(MigrationFault):
        migrate.upgrade("postgresql://nobody@/none?host=/nowhere")


def test_the_head_is_written_down_so_that_two_new_migrations_collide() -> None:
    revisions = sorted(file.name[:4] for file in (FOLDER / "versions").glob("[0-9]*.py"))

    assert (FOLDER / ".current-head").read_text().split() == revisions[-1:]
    assert len(set(revisions)) == len(revisions)


@pytest.mark.parametrize("file", sorted((FOLDER / "versions").glob("*.py")), ids=lambda f: f.stem)
def test_a_migration_only_goes_forward(file: Path) -> None:
    assert not re.search(r"def downgrade", file.read_text())


def test_the_migrated_store_is_the_declared_one(
    database: TestDatabase, empty_database: TestDatabase
) -> None:
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(empty_database.owner_url)
    )
    made = """SELECT pg_get_functiondef(oid) FROM pg_proc
        WHERE proname IN ('commit_is_fit', 'event_is_fit', 'is_plainly_asked')"""
    with (
        psycopg.connect(database.app_url) as from_here,
        psycopg.connect(empty_database.owner_url) as to_there,
    ):
        for (function,) in from_here.execute(made).fetchall():
            to_there.execute(function)
    METADATA.create_all(engine)
    engine.dispose()
    declared = described(empty_database)
    tables = set(METADATA.tables)

    migrated = [row for row in described(database) if row[0] in tables]

    assert migrated == declared
    assert len(declared) > 50
