"""Quiet hours: what is due in them waits for the morning, however it came to be due."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

import pytest

from domain.days import HONG_KONG
from domain.events import ApplicationWithdrawn
from domain.hours import QuietHours
from domain.work_events import CaseTaken
from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    MailServer,
    acknowledge,
    an_office,
    applicant,
    expire_leases,
    new_reference,
    record,
    states,
    submitted,
    work,
)
from tests.services.seeing import looking

_LEASE = timedelta(minutes=1)
# The database has its own clock, and only what is later there is still to come.
_EVENING = datetime(2126, 3, 2, 21, 50, tzinfo=HONG_KONG)
_NIGHT = datetime(2126, 3, 2, 22, 5, tzinfo=HONG_KONG)
_MORNING = datetime(2126, 3, 3, 8, 0, tzinfo=HONG_KONG)


@dataclass(slots=True)
class _Clock:
    now: datetime = _EVENING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def office(told: Settings, clock: _Clock) -> Iterator[Office]:
    quiet = QuietHours(begins=time(22), ends=time(8))
    with an_office(replace(told, quiet_hours=quiet)) as opened:
        yield replace(opened, clock=clock)


def _put_off(office: Office) -> None:
    """A letter that was planned in the evening is to be tried again later."""
    acknowledge(office, applicant(1))
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=_LEASE)
    office.ledger.postpone(claim, timedelta(minutes=15), "message 451")


def test_a_letter_put_off_into_the_night_waits_for_the_morning_and_keeps_its_attempts(
    office: Office, clock: _Clock, mail: MailServer, database: TestDatabase
) -> None:
    _put_off(office)
    clock.now = _NIGHT
    expire_leases(database.owner_url)
    assert (deliver(office), len(mail.messages)) == (0, 0)
    (row,) = office.ledger.rows(looking())
    assert (row.state, row.attempts, row.next_attempt_at) == ("planned", 1, _MORNING)
    assert [each.outcome for each in office.ledger.attempts(row.id)] == ["message 451"]
    assert row.last_error == "quiet hours"
    clock.now = _MORNING
    expire_leases(database.owner_url)
    assert deliver(office) == 1


def test_what_is_held_a_second_time_keeps_nothing_urgent_waiting(
    office: Office, clock: _Clock, mail: MailServer, database: TestDatabase
) -> None:
    _put_off(office)
    (held,) = office.ledger.rows(looking())
    clock.now = _NIGHT
    expire_leases(database.owner_url)
    deliver(office)
    work(office, held.reference, 0, CaseTaken(officer="officer.chan"))
    record(office, held.reference, 2, ApplicationWithdrawn(personal=None))
    plan(office)
    assert deliver(office) == 2
    rows = {row.effect: str(row.state) for row in office.ledger.rows(looking())}
    assert rows == {
        "acknowledgement": "planned",
        "withdrawn": "sent",
        "withdrawal-for-officer": "sent",
    }


def test_whoever_has_all_tried_again_frees_nothing_that_quiet_hours_hold(
    office: Office, clock: _Clock, mail: MailServer, database: TestDatabase
) -> None:
    _put_off(office)
    clock.now = _NIGHT
    expire_leases(database.owner_url)
    acknowledge(office, applicant(2))
    plan(office)
    assert deliver(office) == 0
    assert office.ledger.retry("test") == 0
    (first, _) = reversed(office.ledger.rows(looking()))
    assert office.ledger.retry("test", reference=first.reference) == 0
    assert deliver(office) == 0


def test_what_had_failed_and_is_tried_again_with_all_waits_for_the_morning(
    office: Office, clock: _Clock, mail: MailServer
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=_LEASE)
    office.ledger.fail(claim, "message 554")
    clock.now = _NIGHT
    assert office.ledger.retry("test") == 1
    assert deliver(office) == 0
    assert office.ledger.rows(looking())[0].next_attempt_at == _MORNING


def test_a_letter_that_a_person_names_goes_out_at_any_hour_and_is_put_off_no_further(
    office: Office, clock: _Clock, mail: MailServer, database: TestDatabase
) -> None:
    clock.now = _NIGHT
    acknowledge(office, applicant(1))
    plan(office)
    (row,) = office.ledger.rows(looking())
    assert deliver(office) == 0
    assert office.ledger.retry("test", ids=[row.id]) == 1
    mail.to_message.append("451 4.7.1 later")
    assert deliver(office) == 0
    expire_leases(database.owner_url)
    assert deliver(office) == 1
    assert states(office.ledger.rows(looking())) == ["sent"]


def test_what_may_go_out_at_any_hour_does_so_when_it_was_put_off(
    office: Office, clock: _Clock, mail: MailServer, database: TestDatabase
) -> None:
    reference = new_reference()
    record(office, reference, 0, submitted(reference, applicant(1)))
    work(office, reference, 0, CaseTaken(officer="officer.chan"))
    record(office, reference, 1, ApplicationWithdrawn(personal=None))
    plan(office)
    for claim in office.ledger.claim(limit=5, lease=_LEASE):
        office.ledger.postpone(claim, timedelta(minutes=15), "message 451")
    clock.now = _NIGHT
    expire_leases(database.owner_url)
    assert deliver(office) == len(mail.messages) == 2
