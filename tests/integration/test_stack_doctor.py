"""The doctor's findings and the commands of the stack, on a real installation."""

import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from services.cli.stack import doctor, down, status, up
from services.notifications.resting import LONGEST_REST
from services.settings import Settings
from services.stack import lifecycle, processes
from services.stack.doctor import examine
from services.stack.finding import Finding
from services.stack.places import settle
from services.stack.postgres import running_postgres
from services.tasks import WORKERS
from services.wiring import open_office


@pytest.fixture
def settings(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An embedded installation on ports of its own, taken down in the end."""
    for name in ("QMAS_MAIL_PORT", "QMAS_WEB_PORT"):
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            monkeypatch.setenv(name, str(asked.getsockname()[1]))
    settings = Settings.from_environment(open_folder / "home")
    yield settings
    lifecycle.down(settings)


def _found(settings: Settings) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine(settings)}


def test_a_stopped_installation_is_told_to_be_started(settings: Settings) -> None:
    found = _found(settings)
    for subject in ("postgres", "redis", *WORKERS, "web", "schema", "broker"):
        assert not found[subject].is_well
        assert "qmas up" in found[subject].remedy
    assert all(found[subject].is_well for subject in ("python", "clock", "folder", "disk"))


def test_running_servers_with_their_schema_are_well(settings: Settings) -> None:
    lifecycle.up(settings, processes=())
    found = _found(settings)
    well = (
        *("postgres", "redis", "schema", "guards", "broker", "notifications"),
        *("postgres program", "redis program"),
    )
    for subject in well:
        assert found[subject].is_well, found[subject]
    for name in WORKERS:
        assert not found[f"{name} answers"].is_well


def test_a_read_model_that_stands_still_is_told_with_what_to_do(settings: Settings) -> None:
    lifecycle.up(settings, processes=())
    assert _found(settings)["read models"].is_well
    assert settings.owner_database_url is not None
    with psycopg.connect(settings.owner_database_url) as connection:
        connection.execute(
            "INSERT INTO projection_generations VALUES ('exercises', 1, 'live');"
            "INSERT INTO projection_checkpoints (projection, version, position, stopped_position,"
            " stopped_at, stopped_event, stopped_reason) VALUES ('exercises', 2, 0, 1, now(),"
            " 'ExerciseOpened, exercise-2019-q4 version 1', 'KeyError')"
        )
    found = _found(settings)["exercises"]
    assert not found.is_well
    assert found.says == "stands still before position 1: KeyError"
    assert "qmas projections status" in found.remedy
    assert "qmas projections rebuild exercises" in found.remedy


def test_a_read_model_of_an_earlier_version_is_told_and_folded_again_by_up(
    settings: Settings,
) -> None:
    lifecycle.up(settings, processes=())
    assert settings.owner_database_url is not None
    with psycopg.connect(settings.owner_database_url) as connection:
        connection.execute(
            "INSERT INTO projection_generations VALUES ('case-status', 1, 'live');"
            "INSERT INTO projection_checkpoints (projection, version) VALUES ('case-status', 1)"
        )
    found = _found(settings)["case-status"]
    assert not found.is_well
    assert "was filled by version 1 of its fold" in found.says
    assert "qmas projections rebuild case-status" in found.remedy
    said: list[str] = []
    lifecycle.up(settings, processes=(), say=said.append)
    assert "case-status folded again" in said
    assert _found(settings)["read models"].is_well


def test_what_is_not_sent_is_told_and_is_no_fault_of_the_installation(
    settings: Settings,
) -> None:
    lifecycle.up(settings, processes=())
    office = open_office(settings)
    try:
        kept = office.subscriptions.add("https://example.com/kept", ["*"], "test")[0].id
        rests = office.subscriptions.add("https://example.com/rests", ["*"], "test")[0].id
        office.subscriptions.pause(kept, "test")
        office.subscriptions.rest(rests, timedelta(hours=1))
        office.ledger.mail.begin(LONGEST_REST)
    finally:
        office.close()
    _give_up_a_letter(settings)
    found = _found(settings)
    subjects = ("given up", "mail server", f"webhook {kept}", f"webhook {rests}")
    for subject in subjects:
        assert (found[subject].is_well, found[subject].warns) == (True, True), found[subject]
    assert found["given up"].says.endswith("after their last attempt: 1")
    assert "qmas notifications list --state failed" in found["given up"].remedy
    assert found["mail server"].says.startswith("away 1 times in a row, asked again at ")
    assert found[f"webhook {kept}"].says == "paused: by test"
    assert found[f"webhook {rests}"].says.startswith("took nothing 1 times in a row")
    shown = CliRunner().invoke(doctor, ["--home", str(settings.home)]).output
    assert f"warn  webhook {rests}: took nothing" in shown
    assert f"      → `qmas webhooks test {rests}`" in shown


def _give_up_a_letter(settings: Settings) -> None:
    """The ledger has a row, as an effect leaves it after its last attempt."""
    assert settings.owner_database_url is not None
    with psycopg.connect(settings.owner_database_url) as connection:
        connection.execute(
            "INSERT INTO notifications (event_id, effect, party, position, reference, means,"
            " message_id, state, settled_at, last_error) VALUES (gen_random_uuid(), 'told',"
            " 'applicant', 1, 'QM-00000-00000', 'email', '<a@b>', 'failed', now(), 'refused')"
        )


def test_a_missing_schema_is_told(settings: Settings) -> None:
    lifecycle.start_servers(settings)
    schema = _found(settings)["schema"]
    assert schema.says.startswith("missing (none of ")
    assert "qmas up" in schema.remedy


def test_a_schema_of_a_newer_version_is_told(settings: Settings) -> None:
    lifecycle.up(settings, processes=())
    assert settings.owner_database_url is not None
    with psycopg.connect(settings.owner_database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "upgrade this one" in _found(settings)["schema"].remedy


def test_a_server_that_died_is_told_and_comes_back_with_up(settings: Settings) -> None:
    lifecycle.up(settings, processes=())
    places = settle(settings.home)
    process = running_postgres(places)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: running_postgres(places) is None, 10)
    assert _found(settings)["postgres"].says == "not running"
    lifecycle.up(settings, processes=())
    assert _found(settings)["schema"].is_well


def test_a_port_held_by_another_program_is_told(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.web_port))
        other.listen()
        web = _found(settings)["web"]
    assert "taken by another" in web.says
    assert "QMAS_WEB_PORT" in web.remedy


def test_a_clock_behind_the_files_is_told(settings: Settings) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    found = {finding.subject: finding for finding in examine(settings, clock=lambda: past)}
    assert not found["clock"].is_well
    assert "NTP" in found["clock"].remedy


def test_the_commands_start_show_examine_and_stop(settings: Settings) -> None:
    home = ["--home", str(settings.home)]
    runner = CliRunner(catch_exceptions=False)
    started = runner.invoke(up, [*home, "--servers-only"])
    assert started.exit_code == 0
    assert "postgres ready in" in started.output
    assert "schema ready in" in started.output
    assert "schema migrated from nothing to " in started.output
    again = runner.invoke(up, [*home, "--servers-only"])
    assert "schema migrated" not in again.output
    shown = runner.invoke(status, home)
    assert str(settle(settings.home).postgres_sockets) in shown.output
    assert shown.output.count("running") == 2
    examined = runner.invoke(doctor, home)
    assert examined.exit_code == 1, "no worker runs"
    assert "ok    postgres: process" in examined.output
    for name in WORKERS:
        assert f"FAULT {name}: not running" in examined.output
    stopped = runner.invoke(down, home)
    said = ["stopping redis, postgres", "redis stopped", "postgres stopped"]
    assert stopped.output.splitlines() == said
