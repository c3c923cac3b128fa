"""After a restore of an older backup nothing is sent until a person has said what becomes of it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

import psycopg
import pytest
from click.testing import CliRunner

from domain.errors import Reportable
from services import deadlines
from services.cli.notifications import notifications
from services.notifications.delivery import deliver
from services.notifications.fence import Choice, FenceClosed, FenceOpen, NotYetPlanned
from services.notifications.planning import plan
from services.pokes import redis_of
from services.settings import Settings
from services.stack.sending import sending
from services.store import migrate
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.domain.histories import DUE_ON, requested
from tests.integration.mailing import (
    MailServer,
    acknowledge,
    an_office,
    applicant,
    record,
    states,
)
from tests.integration.restoring import dump, restore
from tests.integration.test_restored import RECORDED_AT_MIGRATION
from tests.services.seeing import looking

_NOWHERE: Final = "redis://127.0.0.1:9/0"
_LEASE: Final = timedelta(minutes=1)
DAY_AFTER: Final = datetime.combine(DUE_ON + timedelta(days=1), time(4), UTC)


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


@pytest.fixture
def backup(office: Office, database: TestDatabase, tmp_path: Path) -> Path:
    """A backup taken when one letter was sent, one planned, and one acknowledged case unplanned."""
    acknowledge(office, applicant(1))
    assert (plan(office), deliver(office)) == (1, 1)
    acknowledge(office, applicant(2))
    assert plan(office) == 1
    acknowledge(office, applicant(3))
    dump(database.admin_url, tmp_path / "dump")
    return tmp_path / "dump"


@pytest.fixture
def restored(
    office: Office, backup: Path, told: Settings, empty_database: TestDatabase, mail: MailServer
) -> Iterator[Office]:
    """An office on that backup, restored into another database after everything had been sent."""
    assert (plan(office), deliver(office)) == (1, 2)
    assert len(mail.messages) == 3
    restore(backup, empty_database.admin_url)
    with an_office(replace(told, database_url=empty_database.app_url)) as opened:
        yield opened


def _qmas(
    office: Office, *words: str, ends: int = 0, raises: type[Reportable] | None = None
) -> str:
    told = office.settings.child_environ() | {
        "QMAS_DATABASE_URL": office.settings.database_url,
        "QMAS_BROKER_URL": office.settings.broker_url,
    }
    result = CliRunner(env=told).invoke(notifications, words, catch_exceptions=raises is not None)
    if raises is not None:
        assert isinstance(result.exception, raises)
        return str(result.exception)
    assert result.exit_code == ends
    return result.output


def test_nothing_goes_out_of_a_restored_database_until_a_person_confirms(
    restored: Office, mail: MailServer
) -> None:
    for _ in range(2):
        plan(restored)
        assert deliver(restored) == 0
    assert states(restored.ledger.rows(looking())) == ["sent", "planned", "planned"]
    assert len(mail.messages) == 3
    state = restored.ledger.fence.state()
    assert (state.closed_position, state.waiting.number) == (restored.store.head(), 2)
    with pytest.raises(FenceClosed, match="copy"):
        restored.ledger.claim(limit=1, lease=_LEASE)


def _is_told_before_a_worker_looked(office: Office, because: str) -> None:
    """Whatever asks says why nothing will be sent, and neither closes the fence nor opens it."""
    assert f"qmas: {because}: nothing is sent; have workers run" in _qmas(office, "status", ends=1)
    shown = _qmas(office, "fence")
    assert shown.startswith(f"open, but {because}: nothing is sent\n  it counted 1 batch, and ")
    assert "have workers run (`qmas up`), then ask again" in shown
    refused = _qmas(office, "fence", "--confirm", "withhold", raises=FenceOpen)
    assert f"the fence is open, but {because}: nothing is sent; have workers run" in refused
    (found,) = (each for each in sending(office.settings) if each.subject == "notifications")
    assert (found.is_well, found.says) == (False, f"{because}: nothing is sent")
    state = office.ledger.fence.state()
    assert (state.closed_at, state.handed, state.confirmed_at) == (None, 1, None)


def test_a_restore_is_told_before_a_worker_looked(restored: Office, mail: MailServer) -> None:
    because = "this database is a copy of the one that sent notifications"
    _is_told_before_a_worker_looked(restored, because)
    assert deliver(restored) == 0
    assert restored.ledger.fence.state().closed_because == because
    assert len(mail.messages) == 3


def test_a_restore_in_its_own_place_is_told_before_a_worker_looked(
    office: Office, backup: Path, database: TestDatabase
) -> None:
    assert (plan(office), deliver(office)) == (1, 2)
    office.close()
    restore(backup, database.admin_url, "--clean", "--if-exists")
    because = "this database is older than the last notifications that it sent"
    _is_told_before_a_worker_looked(office, because)
    assert deliver(office) == 0
    assert office.ledger.fence.state().closed_because == because


def test_what_is_withheld_never_goes_out_and_what_is_recorded_later_does(
    restored: Office, mail: MailServer
) -> None:
    deliver(restored)
    plan(restored)
    acknowledge(restored, applicant(4))
    assert restored.ledger.fence.confirm(Choice.WITHHOLD, "cli.root") == 2
    assert (plan(restored), deliver(restored)) == (1, 1)
    assert states(restored.ledger.rows(looking())) == ["sent", "withheld", "withheld", "sent"]
    assert mail.recipients[3:] == ["applicant-4@example.com"]
    assert restored.ledger.retry("test") == 0, "all that failed or waits is none of these"
    one = restored.ledger.rows(looking())[1].id
    assert restored.ledger.retry("test", ids=[one]) == 1
    assert deliver(restored) == 1


def test_what_is_sent_again_goes_out_under_the_same_ids(restored: Office, mail: MailServer) -> None:
    deliver(restored)
    plan(restored)
    assert restored.ledger.fence.confirm(Choice.SEND, "cli.root") == 2
    assert deliver(restored) == 2
    assert mail.ids[3:] == mail.ids[1:3]


def test_what_time_had_brought_before_a_restore_is_told_of_again_and_withheld_too(
    office: Office, told: Settings, database: TestDatabase, tmp_path: Path, mail: MailServer
) -> None:
    office = replace(office, clock=lambda: DAY_AFTER)
    record(office, acknowledge(office, applicant(1)), 2, requested())
    assert (plan(office), deliver(office)) == (2, 2)
    dump(database.admin_url, tmp_path / "dump")
    assert (deadlines.fire(office), plan(office), deliver(office)) == (1, 1, 1)
    office.close()
    restore(tmp_path / "dump", database.admin_url, "--clean", "--if-exists")
    assert deliver(office) == 0
    deadlines.fire(office)
    assert plan(office) == 1
    assert office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root") == 1
    assert (deliver(office), len(mail.messages)) == (0, 3)


@pytest.mark.parametrize("choice", Choice)
def test_what_is_recorded_while_time_is_told_of_goes_out_either_way(
    office: Office,
    database: TestDatabase,
    tmp_path: Path,
    mail: MailServer,
    choice: Choice,
) -> None:
    office = replace(office, clock=lambda: DAY_AFTER)
    record(office, acknowledge(office, applicant(1)), 2, requested())
    assert (plan(office), deliver(office)) == (2, 2)
    dump(database.admin_url, tmp_path / "dump")
    assert (deadlines.fire(office), plan(office), deliver(office)) == (1, 1, 1)
    office.close()
    restore(tmp_path / "dump", database.admin_url, "--clean", "--if-exists")

    def amid_it() -> datetime:
        acknowledge(office, applicant(2))
        return DAY_AFTER

    assert deliver(replace(office, clock=amid_it)) == 0
    with pytest.raises(NotYetPlanned):
        office.ledger.fence.confirm(choice, "cli.root")
    assert plan(office) == 2
    assert office.ledger.fence.state().waiting.number == 1
    assert office.ledger.fence.confirm(choice, "cli.root") == 1
    deliver(office)
    again = ["applicant-1@example.com"] if choice is Choice.SEND else []
    assert sorted(mail.recipients[3:]) == [*again, "applicant-2@example.com"]


class _Killed(BaseException):
    """A worker ends where it stands, as at its time limit."""


@pytest.mark.parametrize("choice", Choice)
def test_who_is_killed_while_time_is_told_of_leaves_what_is_recorded_later_alone(
    office: Office,
    database: TestDatabase,
    tmp_path: Path,
    mail: MailServer,
    choice: Choice,
) -> None:
    office = replace(office, clock=lambda: DAY_AFTER)
    record(office, acknowledge(office, applicant(1)), 2, requested())
    assert (plan(office), deliver(office)) == (2, 2)
    dump(database.admin_url, tmp_path / "dump")
    assert (deadlines.fire(office), plan(office), deliver(office)) == (1, 1, 1)
    office.close()
    restore(tmp_path / "dump", database.admin_url, "--clean", "--if-exists")

    def amid_it() -> datetime:
        raise _Killed

    with pytest.raises(_Killed):
        deliver(replace(office, clock=amid_it))
    acknowledge(office, applicant(2))
    plan(office)
    with pytest.raises(NotYetPlanned, match="still told of"):
        office.ledger.fence.confirm(choice, "cli.root")
    closed_at = office.ledger.fence.state().closed_at
    assert closed_at is not None
    assert closed_at <= datetime.now(UTC) + timedelta(minutes=1)
    assert deliver(office) == 0
    plan(office)
    assert office.ledger.fence.state().waiting.number == 1
    assert office.ledger.fence.confirm(choice, "cli.root") == 1
    deliver(office)
    again = ["applicant-1@example.com"] if choice is Choice.SEND else []
    assert sorted(mail.recipients[3:]) == [*again, "applicant-2@example.com"]


def test_nobody_confirms_before_what_was_restored_is_planned(restored: Office) -> None:
    deliver(restored)
    with pytest.raises(NotYetPlanned, match="up to position 4 of 6"):
        restored.ledger.fence.confirm(Choice.WITHHOLD, "cli.root")
    plan(restored)
    assert restored.ledger.fence.confirm(Choice.WITHHOLD, "cli.root") == 2


def test_nobody_confirms_a_fence_that_is_open(office: Office) -> None:
    with pytest.raises(FenceOpen):
        office.ledger.fence.confirm(Choice.SEND, "cli.root")


def test_the_command_line_says_what_to_do_and_does_it(restored: Office, mail: MailServer) -> None:
    deliver(restored)
    assert "nothing is sent: this database is a copy" in _qmas(restored, "status", ends=1)
    shown = _qmas(restored, "fence")
    assert "2 notifications" not in shown, "one of them is not planned yet"
    assert "--confirm withhold" in shown
    done = _qmas(restored, "fence", "--confirm", "withhold")
    assert done.startswith("2 withheld\nopen: what is due is sent\nlast opened 20")
    assert "fence" not in _qmas(restored, "status")
    assert (deliver(restored), len(mail.messages)) == (0, 3)


def test_a_backup_restored_in_its_own_place_is_known_by_what_is_remembered(
    office: Office, backup: Path, database: TestDatabase, mail: MailServer
) -> None:
    assert (plan(office), deliver(office)) == (1, 2)
    office.close()
    restore(backup, database.admin_url, "--clean", "--if-exists")
    assert (plan(office), deliver(office)) == (1, 0)
    assert len(mail.messages) == 3
    assert "older than" in str(office.ledger.fence.state().closed_because)


def test_a_backup_is_known_whenever_it_is_restored(
    office: Office, backup: Path, database: TestDatabase, mail: MailServer
) -> None:
    assert (plan(office), deliver(office)) == (1, 2)
    for _ in range(2):
        office.close()
        restore(backup, database.admin_url, "--clean", "--if-exists")
        assert (plan(office), deliver(office)) == (1, 0)
        office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root")
        acknowledge(office, applicant(4))
        assert (plan(office), deliver(office)) == (1, 1)
    assert len(mail.messages) == 5


def test_data_restored_without_its_schema_closes_the_fence(
    office: Office, backup: Path, told: Settings, empty_database: TestDatabase, mail: MailServer
) -> None:
    migrate.upgrade(empty_database.owner_url)
    with psycopg.connect(empty_database.admin_url) as admin:
        admin.execute(f"TRUNCATE {RECORDED_AT_MIGRATION}")
    restore(backup, empty_database.admin_url, "--data-only", "--disable-triggers")
    with an_office(replace(told, database_url=empty_database.app_url)) as copy:
        assert (plan(copy), deliver(copy)) == (1, 0)
        assert copy.ledger.fence.state().waiting.number == 2
    assert len(mail.messages) == 1


def _forget_in_redis(told: Settings) -> None:
    redis = redis_of(told.broker_url)
    assert redis is not None
    for key in redis.scan_iter("qmas:handed-over:*"):
        redis.delete(key)
    redis.close()


def _forget_in_folder(told: Settings) -> None:
    shutil.rmtree(told.fence_folder)


@pytest.mark.parametrize("forget", [_forget_in_redis, _forget_in_folder])
def test_one_place_that_forgot_is_enough_to_go_on(
    office: Office, told: Settings, forget: object
) -> None:
    acknowledge(office, applicant(1))
    assert (plan(office), deliver(office)) == (1, 1)
    assert callable(forget)
    forget(told)
    for number in (2, 3):
        acknowledge(office, applicant(number))
        assert (plan(office), deliver(office)) == (1, 1)


def test_an_installation_that_forgot_everything_stops_and_says_so(
    office: Office, told: Settings, mail: MailServer
) -> None:
    acknowledge(office, applicant(1))
    assert (plan(office), deliver(office)) == (1, 1)
    _forget_in_redis(told)
    _forget_in_folder(told)
    because = "what this database last sent is remembered nowhere, so it may be an old one"
    _is_told_before_a_worker_looked(office, because)
    acknowledge(office, applicant(2))
    assert (plan(office), deliver(office)) == (1, 0)
    assert "remembered nowhere" in str(office.ledger.fence.state().closed_because)
    assert office.ledger.fence.confirm(Choice.SEND, "cli.root") == 1
    assert deliver(office) == 1
    assert len(mail.messages) == 2


def test_where_no_place_can_be_asked_delivery_waits_and_closes_nothing(
    office: Office, told: Settings, mail: MailServer
) -> None:
    acknowledge(office, applicant(1))
    assert (plan(office), deliver(office)) == (1, 1)
    acknowledge(office, applicant(2))
    plan(office)
    blocked = told.home.with_name("not-a-folder")
    blocked.touch()
    with an_office(replace(told, broker_url=_NOWHERE, fence_folder=blocked)) as cut_off:
        assert "can be remembered nowhere now" in str(cut_off.ledger.fence.state().fault)
        assert deliver(cut_off) == 0
    assert office.ledger.fence.state().closed_at is None
    assert states(office.ledger.rows(looking())) == ["sent", "planned"]
    assert deliver(office) == 1
    assert len(mail.messages) == 2


def test_a_claim_that_cannot_be_remembered_is_given_back(
    office: Office, told: Settings, mail: MailServer
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    with an_office(replace(told, broker_url=_NOWHERE)) as in_folder:
        assert in_folder.ledger.fence.passed()
        (mark,) = told.fence_folder.iterdir()
        mark.chmod(0o400)
        mark.write_text("?")
        assert deliver(in_folder) == 0
    assert (office.ledger.rows(looking())[0].state, office.ledger.rows(looking())[0].attempts) == (
        "planned",
        0,
    )
    assert mail.messages == []


def test_a_mark_only_rises(office: Office, told: Settings) -> None:
    marks, ledger = office.ledger.fence.marks, office.ledger.fence.passed()
    for count in (3, 2, 10):
        assert marks.raise_to(ledger, count)
    _forget_in_redis(told)
    assert marks.remembered(ledger).highest == 10
    assert marks.raise_to(ledger, 4)
    _forget_in_folder(told)
    assert marks.remembered(ledger).highest == 4
