"""What is known of a subscribed system besides its messages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from domain.events import CaseEvent, Channel
from domain.interruptions import CaseHeld
from domain.wire import WIRE
from domain.work_events import DuplicateRefused
from services.notifications.planning import plan
from services.notifications.subscriptions import EVERYTHING, Activity, NoSubscription
from services.stack.processes import wait_until
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.domain.histories import (
    ACKNOWLEDGED,
    APPLICATION_FEE,
    prerequisites,
    scored,
    submitted,
)
from tests.integration.mailing import acknowledge, applicant, new_reference, record, work
from tests.services.seeing import looking


def _subscribed(office: Office) -> str:
    made, _ = office.subscriptions.add("https://hooks.example/", ("application-acknowledged",), "a")
    return made.id


def test_what_waits_for_a_system_that_rests_or_is_paused_is_not_due(
    office: Office,
) -> None:
    name = _subscribed(office)
    acknowledge(office, applicant(1, email=""))  # no letter is planned beside it
    plan(office)
    assert office.ledger.standing().due == 1
    office.subscriptions.rest(name, timedelta(hours=1))
    assert (office.ledger.standing().due, office.ledger.standing().oldest_due) == (0, None)
    office.subscriptions.recovered(name)
    assert office.ledger.standing().due == 1
    office.subscriptions.pause(name, "test")
    assert office.ledger.standing().due == 0


def test_who_did_what_to_a_subscription_is_on_record_after_its_end_too(office: Office) -> None:
    name = _subscribed(office)
    office.subscriptions.pause(name, "emma")
    office.subscriptions.resume(name, "john")
    office.subscriptions.rotate(name, timedelta(hours=1), "jackie")
    office.subscriptions.remove(name, "emma")
    found = [(each.what, each.by) for each in office.subscriptions.changes(name)]
    assert found == [
        ("paused", "emma"),
        ("resumed", "john"),
        ("secret changed", "jackie"),
        ("removed", "emma"),
    ]
    assert office.subscriptions.known(name).state is Activity.REMOVED


def test_what_was_not_done_is_not_on_record(office: Office) -> None:
    name = _subscribed(office)
    office.subscriptions.remove(name, "emma")
    for act in (office.subscriptions.pause, office.subscriptions.resume):
        with pytest.raises(NoSubscription):
            act(name, "john")
    with pytest.raises(NoSubscription):
        office.subscriptions.remove(name, "john")
    assert [each.by for each in office.subscriptions.changes(name)] == ["emma"]


def test_a_secret_is_not_changed_of_what_is_removed_in_between(
    office: Office, database: TestDatabase
) -> None:
    name = _subscribed(office)
    with ThreadPoolExecutor(1) as other, psycopg.connect(database.owner_url) as holder:
        holder.execute(
            "UPDATE webhook_subscriptions SET state = 'removed', secret = NULL, wrapped = NULL"
        )
        changing = other.submit(office.subscriptions.rotate, name, timedelta(hours=1), "john")
        assert wait_until(lambda: _waits(database), seconds=30)
        holder.commit()
        with pytest.raises(NoSubscription):
            changing.result(30)
    assert office.subscriptions.changes(name) == ()


def _waits(database: TestDatabase) -> bool:
    """Say whether somebody waits for a row that another holds."""
    with psycopg.connect(database.admin_url) as looking:
        found = looking.execute(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        return found.fetchone() is not None


def test_who_had_a_letter_tried_again_stands_among_its_attempts(office: Office) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    office.ledger.fail(claim, "recipient 550 5.1.1")
    assert office.ledger.retry("cli.emma") == 1
    outcomes = [each.outcome for each in office.ledger.attempts(claim.id)]
    assert outcomes == ["recipient 550 5.1.1", "due again, by cli.emma"]


def _told(office: Office, *events: CaseEvent, to: tuple[str, ...] = (EVERYTHING,)) -> list[str]:
    """Return of which events of a new case a system is told that subscribed to some."""
    made, _ = office.subscriptions.add("https://hooks.example/", to, "a")
    record(office, new_reference(), 0, *events)
    plan(office)
    told = {
        each.position for each in office.ledger.rows(looking(), limit=1000) if each.party == made.id
    }
    log = office.store.read_log(after=0, limit=1000, personal=False)
    return [WIRE[type(each.event)].name for each in log if each.position in told]


def test_a_system_that_names_nothing_is_told_what_its_applicant_is_told(office: Office) -> None:
    before = (submitted(), ACKNOWLEDGED, prerequisites())
    for scores in ((scored(),), (scored(), scored(180)), (scored(79), scored())):
        told = _told(office, *before, *scores)
        assert told == ["application-acknowledged", "application-scored"]
    assert _told(office, *before, scored(79)) == ["application-acknowledged"]
    assert _told(office, submitted(fee=APPLICATION_FEE)) == ["application-submitted"]


def test_no_system_is_told_of_what_stands_beside_the_case_though_its_applicant_is(
    office: Office,
) -> None:
    made, _ = office.subscriptions.add("https://hooks.example/", (EVERYTHING,), "a")
    reference = acknowledge(office, applicant(1))
    work(office, reference, 0, DuplicateRefused(channel=Channel.ONLINE))
    plan(office)
    assert {(row.effect, row.party) for row in office.ledger.rows(looking())} == {
        ("acknowledgement", "applicant"),
        ("webhook", made.id),
        ("duplicate-refused", "applicant"),
    }


def test_the_rest_is_told_by_name_beside_everything_or_alone(office: Office) -> None:
    case = (submitted(), CaseHeld(personal=None), ACKNOWLEDGED)
    told, held = "application-acknowledged", "case-held"
    assert _told(office, *case) == [told]
    assert _told(office, *case, to=(held,)) == [held]
    assert _told(office, *case, to=(EVERYTHING, held)) == [held, told]
    assert _told(office, submitted(), to=("application-submitted",)) == ["application-submitted"]
