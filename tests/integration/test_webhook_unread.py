"""A webhook whose event cannot be read: by nobody, or by the version of this worker alone."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.notifications.calling import call
from services.notifications.planning import plan
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import acknowledge, an_office, applicant, expire_leases
from tests.integration.receiving import Receiver
from tests.services import poisoned
from tests.services.seeing import looking

_BOTH = ("application-submitted", "application-acknowledged")


@pytest.fixture
def told(told: Settings) -> Settings:
    return replace(told, webhooks=replace(told.webhooks, inside=True))


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def test_an_event_that_nobody_can_read_is_given_up_alone(
    office: Office, receiver: Receiver, database: TestDatabase
) -> None:
    office.subscriptions.add(receiver.url, _BOTH, "test")
    reference = acknowledge(office, applicant(1))
    plan(office)
    poisoned.with_a_channel_that_is_none(database.admin_url, f"case-{reference}", 1)
    assert call(office) == 1
    failed = [each.last_error for each in office.ledger.rows(looking()) if each.state == "failed"]
    assert failed == ["its event cannot be read"]


def test_an_event_of_a_later_version_waits_for_who_knows_it_and_holds_up_its_own_case_alone(
    office: Office, receiver: Receiver, database: TestDatabase
) -> None:
    office.subscriptions.add(receiver.url, _BOTH, "test")
    reference, other = acknowledge(office, applicant(1)), acknowledge(office, applicant(2))
    plan(office)
    poisoned.of_a_later_kind(database.admin_url, f"case-{reference}", 1)
    for _ in range(2):
        call(office)
        assert [json.loads(each.body)["subject"] for each in receiver.arrivals] == [other] * 2
        expire_leases(database.owner_url)
    first = office.ledger.rows(looking(), reference=reference)[-1]
    assert (first.state, first.attempts) == ("planned", 0)
    assert first.last_error == "its event is of a later version"
    poisoned.of_a_kind_that_is_known(database.admin_url, f"case-{reference}", 1)
    assert call(office) == 2
    told = [json.loads(each.body) for each in receiver.arrivals[2:]]
    assert [each["subject"] for each in told] == [reference] * 2
    assert str(told[0]["type"]).endswith("application-submitted")
