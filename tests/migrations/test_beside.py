"""Migrations alter every generation of a read model, and none that somebody is at work on."""

import psycopg
import pytest

from services.projections.catalogue import PROJECTIONS
from services.projections.rebuilding import _LOCKS
from services.store import MigrationFault, migrate
from services.store.migrate import Standing
from tests.conftest import TestDatabase
from tests.migrations.schema import bring_to, described
from tests.migrations.test_online import an_index_is_being_built, migrators

BEFORE = "0024"
"""The migrations from here on alter what stands beside a live read model too."""
BEFORE_DEADLINES = "0029"
"""The next migration builds indexes on the deadlines, and nothing else."""

_TRY = f"SELECT pg_try_advisory_lock({_LOCKS}, hashtext(%s))"
_TAKE = f"SELECT pg_advisory_lock({_LOCKS}, hashtext(%s))"


def tables() -> list[str]:
    return [table.name for each in PROJECTIONS.values() for table in each.tables]


def columns(database: TestDatabase, table: str) -> list[tuple[str, ...]]:
    return [row[2:] for row in described(database) if row[:2] == (table, "column")]


def indexes(database: TestDatabase) -> set[tuple[str, str]]:
    return {(row[0], row[2]) for row in described(database) if row[1] == "index"}


def test_what_stands_beside_has_all_that_the_live_one_was_given(
    empty_database: TestDatabase,
) -> None:
    bring_to(empty_database, BEFORE)
    with psycopg.connect(empty_database.owner_url) as owner:
        for name in PROJECTIONS:
            owner.execute(
                "INSERT INTO projection_generations (projection, generation, state)"
                " VALUES (%s, 2, 'ready')",
                (name,),
            )
        for table in tables():
            owner.execute(f"CREATE TABLE {table}__2 (LIKE {table} INCLUDING ALL)")
    before = indexes(empty_database)
    bring_to(empty_database, "head")
    added = {each for each in indexes(empty_database) - before if each[0] in tables()}
    assert added
    assert {(f"{table}__2", f"{index}__2") for table, index in added} <= indexes(empty_database)
    for table in tables():
        assert columns(empty_database, f"{table}__2") == columns(empty_database, table)


def test_whoever_fills_a_read_model_anew_is_told_to_be_in_the_way(
    empty_database: TestDatabase,
) -> None:
    bring_to(empty_database, BEFORE_DEADLINES)
    with psycopg.connect(
        empty_database.owner_url, autocommit=True, application_name="qmas-rebuilding"
    ) as rebuilding:
        assert rebuilding.execute(_TRY, ("deadlines",)).fetchone() == (True,)
        who = rf"session {rebuilding.info.backend_pid} \(qmas-rebuilding, since .*run this again"
        with pytest.raises(MigrationFault, match=who):
            migrate.upgrade(empty_database.owner_url)
        rebuilding.execute("SELECT pg_advisory_unlock_all()")
    migrate.upgrade(empty_database.owner_url)
    assert migrate.state(empty_database.app_url).standing is Standing.AT_HEAD


def test_nobody_fills_a_read_model_anew_while_a_migration_alters_it(
    empty_database: TestDatabase,
) -> None:
    bring_to(empty_database, BEFORE_DEADLINES)
    with psycopg.connect(empty_database.owner_url, autocommit=True) as rebuilding:
        with migrators(empty_database, 1) as (migrator,):
            with psycopg.connect(empty_database.owner_url) as writer:
                writer.execute("LOCK TABLE deadlines IN ROW EXCLUSIVE MODE")
                assert an_index_is_being_built(empty_database)
                assert rebuilding.execute(_TRY, ("deadlines",)).fetchone() == (False,)
            migrator.result()
        # The server lets go of what the migrator held a moment after it has gone.
        rebuilding.execute("SET lock_timeout = '10s'")
        rebuilding.execute(_TAKE, ("deadlines",))
