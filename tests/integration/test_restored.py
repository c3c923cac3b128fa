"""A database on another machine: an exercise drawn again, and data restored without its schema."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import errors

from domain import commands as c
from domain import exercise_commands as q
from domain.gradings import DepartureCode, Direction, Grade
from domain.stages import Stage
from services import exercises
from services.cases import carry_out, case_at, history
from services.redrawing import redraw
from services.settings import Settings
from services.stack.postgres import ADMIN, APP, OWNER, PostgresServer
from services.store import migrate
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.integration.restoring import dump, new_database, restore, server_of_its_own
from tests.services.asking import SUPERVISOR, asked
from tests.services.exercising import PANEL, select
from tests.services.visiting import TO_POOL, file_case

READ_MODELS: Final = (
    "case_list, case_status, work, deadlines, exercises, exercise_pools, case_names"
)
RECORDED_AT_MIGRATION: Final = (
    "alembic_version, head, mail_server, notifications_checkpoint, notifications_fence"
)
"""Tables with a row that the migrations write and a dump of data has too."""


@pytest.fixture
def second_server() -> Iterator[PostgresServer]:
    """A cluster in another data folder, with an empty database."""
    with server_of_its_own() as start:
        server = start()
        new_database(server)
        yield server


@pytest.fixture
def held(office: Office) -> dict[str, str]:
    """Cases of an exercise with two places, held to its end, with a departure from rank."""
    cases = {name: file_case(office, name, *TO_POOL) for name in ("john", "emma", "jackie")}
    command = q.OpenExercise(exercise="first", title="First", places=2)
    exercises.open_exercise(office, command, asked(SUPERVISOR))
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR))
    graded = c.GradeCase(exercise="first", grade=Grade.OUTSTANDING)
    carry_out(office, cases["emma"], graded, asked(PANEL))
    depart = q.DepartFromRank(
        reference=cases["emma"],
        direction=Direction.PLACE,
        code=DepartureCode.NEEDS,
        reason="Nobody else has this trade",
    )
    exercises.depart_from_rank(office, "first", depart, asked(SUPERVISOR))
    select(office, "first")
    assert case_at(office, cases["emma"]).stage is Stage.SELECTED
    return cases


def replayed(url: str, home: Path) -> str:
    """What `qmas exercise replay` says of the exercise, with nothing but this database."""
    told = {name: said for name, said in os.environ.items() if not name.startswith("QMAS_")}
    done = subprocess.run(
        [Path(sys.executable).with_name("qmas"), "exercise", "replay", "first", "--list"],
        env=told | {"QMAS_DATABASE_URL": url, "QMAS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.usefixtures("held")
def test_an_exercise_is_drawn_again_on_another_machine_that_opens_no_case(
    office: Office, second_server: PostgresServer, tmp_path: Path, open_folder: Path
) -> None:
    settings = office.settings
    dump(str(settings.owner_database_url), tmp_path / "dump")
    restore(tmp_path / "dump", second_server.url(ADMIN, "copy"))
    with psycopg.connect(second_server.url(ADMIN, "copy")) as admin:
        admin.execute(f"TRUNCATE {READ_MODELS}, projection_checkpoints")
    url = second_server.url(APP, "copy")

    told = replayed(url, open_folder / "another")
    assert "identical" in told
    assert told == replayed(settings.database_url, settings.home)

    # The other machine made keys of its own, which open nothing that was sealed here.
    there = Settings.load({"QMAS_DATABASE_URL": url}, home=open_folder / "another")
    assert there.master_key != settings.master_key
    copied = open_office(there)
    try:
        again, first = redraw(copied, "first"), redraw(office, "first")
        assert again.differences == ()
        assert again == first
    finally:
        copied.close()


def test_data_restored_without_its_schema_is_guarded_again(
    office: Office, database: TestDatabase, second_server: PostgresServer, tmp_path: Path
) -> None:
    reference = file_case(office, "john")
    with psycopg.connect(database.admin_url) as admin:
        # One person decided this, before there was the rule that two do.
        admin.execute("ALTER TABLE events DISABLE TRIGGER events_looked_at")
        admin.execute(
            "INSERT INTO events (commit_id, ord, body) SELECT nextval('commit_ids'), 0,"
            " json_build_object('id', gen_random_uuid(), 'stream', 'case-OLD', 'version', 1,"
            " 'type', 'approved-in-principle', 'actor', 'officer-1', 'payload', json_object('{}'))"
        )
        admin.execute("ALTER TABLE events ENABLE ALWAYS TRIGGER events_looked_at")
    dump(database.admin_url, tmp_path / "dump")
    superuser, owner = second_server.url(ADMIN, "copy"), second_server.url(OWNER, "copy")
    migrate.upgrade(owner)
    with psycopg.connect(superuser) as admin:
        admin.execute(f"TRUNCATE {RECORDED_AT_MIGRATION}")
    data = ("--data-only", "--single-transaction")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        restore(tmp_path / "dump", superuser, *data)
    assert b"approved-in-principle follows a confirmation only" in refused.value.stderr

    restore(tmp_path / "dump", superuser, *data, "--disable-triggers")
    off = migrate.unguarded(second_server.url(APP, "copy"))
    assert {"events_append_only", "events_by_exercise", "events_looked_at"} <= set(off)
    migrate.upgrade(owner)
    assert migrate.unguarded(second_server.url(APP, "copy")) == ()
    with psycopg.connect(superuser) as admin:
        admin.execute("SET session_replication_role = replica")
        with pytest.raises(errors.RestrictViolation):
            admin.execute("DELETE FROM events")

    restored = replace(office.settings, database_url=second_server.url(APP, "copy"))
    copied = open_office(restored)
    try:
        assert history(copied, reference) == history(office, reference)
        copied.store.sequence()
        carry_out(copied, reference, c.AcknowledgeApplication(), asked())
        assert case_at(copied, reference).stage is Stage.ACKNOWLEDGED
    finally:
        copied.close()
