"""Letters that were planned from another log: none is planned on, and none of a lost event sent."""

from datetime import timedelta
from typing import Final

import psycopg
import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from services.notifications.another_log import LOST, OF_LOST, look_further
from services.notifications.delivery import claimed
from services.notifications.entries import WITHHELD, PlannedFromAnotherLog
from services.notifications.fence import REMEDY, Choice, FenceOpen, FenceTripped
from services.notifications.planning import plan
from services.notifications.tables import checkpoint, notifications
from services.stack.sending import sending
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import acknowledge, applicant
from tests.services.losing import lose, set_back_an_hour
from tests.services.seeing import looking

_KNOWN: Final = select(checkpoint.c.known_id).scalar_subquery()


def test_a_plan_is_of_another_log_also_where_the_instants_are_the_same(
    office: Office, database: TestDatabase
) -> None:
    acknowledge(office, applicant(1))
    office.store.sequence()
    set_back_an_hour(database.owner_url)
    acknowledge(office, applicant(2))
    plan(office)
    lose(database.owner_url, 2)
    for number in (3, 4):
        acknowledge(office, applicant(number))
        office.store.sequence()
    assert office.ledger.standing().of_another_log
    with pytest.raises(PlannedFromAnotherLog):
        plan(office)


def test_a_plan_that_is_written_again_where_it_is_does_not_become_ours(
    office: Office, database: TestDatabase
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    lose(database.owner_url, 0)
    acknowledge(office, applicant(2))
    office.store.sequence()
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE notifications_checkpoint SET position = position")
    assert office.ledger.standing().of_another_log


def _planned(office: Office) -> str:
    """A case is on record, and a letter about it planned; return whose."""
    reference = acknowledge(office, applicant(1))
    plan(office)
    return reference


def _lost(office: Office, database: TestDatabase) -> tuple[str, str]:
    """A letter is planned of a case that both logs have, one of a case that was lost.

    Return whose they are.
    """
    kept = _planned(office)
    lost = acknowledge(office, applicant(2))
    plan(office)
    lose(database.owner_url, 2)
    return kept, lost


def _states(office: Office) -> list[tuple[str, str, str | None]]:
    rows = reversed(office.ledger.rows(looking(), limit=200))
    return [(row.reference, str(row.state), row.last_error) for row in rows]


def _claimed(office: Office) -> list[str]:
    found = []
    while claims := office.ledger.claim(limit=10, lease=timedelta(minutes=1)):
        found += [each.reference for each in claims]
        for each in claims:
            office.ledger.sent(each)
    return found


def test_no_letter_is_handed_over_that_another_log_called_for(
    office: Office, database: TestDatabase
) -> None:
    _lost(office, database)
    with pytest.raises(FenceTripped, match="planned from another log"):
        office.ledger.claim(limit=10, lease=timedelta(minutes=1))
    assert claimed(office, limit=10) == ()
    assert office.ledger.fence.is_closed()


def test_whoever_withholds_has_only_what_is_recorded_from_then_on_told(
    office: Office, database: TestDatabase
) -> None:
    kept, lost = _lost(office, database)
    untold = acknowledge(office, applicant(3))
    assert claimed(office, limit=10) == ()
    assert office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root") == 2
    later = acknowledge(office, applicant(4))
    assert plan(office) == 1
    assert _claimed(office) == [later]
    assert _states(office) == [
        (kept, "withheld", WITHHELD),
        (lost, "withheld", LOST),
        (later, "sent", None),
    ]
    assert untold not in {reference for reference, _, _ in _states(office)}


def test_whoever_sends_has_all_told_that_this_log_holds(
    office: Office, database: TestDatabase
) -> None:
    kept, lost = _lost(office, database)
    since = [acknowledge(office, applicant(number)) for number in (3, 4, 5)]
    assert claimed(office, limit=10) == ()
    assert office.ledger.fence.confirm(Choice.SEND, "cli.root") == 1
    assert plan(office) == 3
    assert _claimed(office) == [kept, *since]
    assert (lost, "withheld", LOST) in _states(office)
    assert not [each for each in sending(office.settings) if each.subject == "planning"]


def test_where_both_tell_of_nothing_only_what_comes_is_told(
    office: Office, database: TestDatabase
) -> None:
    _planned(office)
    lose(database.owner_url, 0)
    acknowledge(office, applicant(2))
    assert claimed(office, limit=10) == ()
    office.ledger.fence.confirm(Choice.SEND, "cli.root")
    assert plan(office) == 0
    later = acknowledge(office, applicant(3))
    assert (plan(office), _claimed(office)) == (1, [later])


def test_a_choice_is_possible_where_no_worker_closed_the_fence(
    office: Office, database: TestDatabase
) -> None:
    _lost(office, database)
    office.store.sequence()
    state = office.ledger.fence.state()
    assert (state.closed_at, state.of_another_log) == (None, True)
    assert "planned from another log" in str(state.fault)
    assert office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root") == 2
    assert office.ledger.fence.state().fault is None
    with pytest.raises(FenceOpen):
        office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root")


def _taken_for_ours(office: Office, database: TestDatabase) -> None:
    """A plan is taken for one of this log, as a migration did once this had grown as far as it."""
    position = office.ledger.standing().position
    office.store.sequence()
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE notifications_checkpoint SET position = 0")
        owner.execute("UPDATE notifications_checkpoint SET position = %s", (position,))


def _plan_a_hundred(office: Office) -> None:
    for number in range(4, 104):
        acknowledge(office, applicant(number))
    assert plan(office) >= 100


def test_a_plan_that_was_taken_for_ours_is_known_by_its_letters(
    office: Office, database: TestDatabase
) -> None:
    _lost(office, database)
    acknowledge(office, applicant(3))
    _taken_for_ours(office, database)
    standing = office.ledger.standing()
    assert (standing.of_another_log, standing.of_lost_events) == (False, True)
    (found,) = (each for each in sending(office.settings) if each.subject == "planning")
    assert (found.is_well, found.says, found.remedy) == (False, OF_LOST, REMEDY)
    with pytest.raises(FenceTripped, match="planned from another log"):
        office.ledger.claim(limit=10, lease=timedelta(minutes=1))
    assert office.ledger.fence.confirm(Choice.SEND, "cli.root") == 1
    assert not office.ledger.standing().of_lost_events
    assert plan(office) == 1


def test_what_a_plan_that_was_taken_for_ours_passed_over_is_told(
    office: Office, database: TestDatabase
) -> None:
    kept, lost = _lost(office, database)
    passed_over = acknowledge(office, applicant(3))
    _taken_for_ours(office, database)
    later = acknowledge(office, applicant(4))
    assert plan(office) == 1
    assert office.ledger.fence.confirm(Choice.SEND, "cli.root") == 2
    assert plan(office) == 1
    assert _claimed(office) == [kept, later, passed_over]
    assert (lost, "withheld", LOST) in _states(office)


def test_however_much_is_planned_before_the_choice_no_lost_letter_is_sent(
    office: Office, database: TestDatabase
) -> None:
    _, lost = _lost(office, database)
    acknowledge(office, applicant(3))
    _taken_for_ours(office, database)
    assert claimed(office, limit=10) == ()
    _plan_a_hundred(office)
    assert office.ledger.standing().of_lost_events
    assert office.ledger.fence.state().of_another_log
    office.ledger.fence.confirm(Choice.SEND, "cli.root")
    assert (lost, "withheld", LOST) in _states(office)
    assert not office.ledger.standing().of_lost_events


def test_a_lost_letter_behind_a_hundred_newer_ones_is_told_of_and_not_sent(
    office: Office, database: TestDatabase
) -> None:
    _lost(office, database)
    acknowledge(office, applicant(3))
    _taken_for_ours(office, database)
    _plan_a_hundred(office)
    (found,) = (each for each in sending(office.settings) if each.subject == "planning")
    assert (found.is_well, found.says, found.remedy) == (False, OF_LOST, REMEDY)
    with pytest.raises(FenceTripped, match="planned from another log"):
        office.ledger.claim(limit=10, lease=timedelta(minutes=1))


def test_nor_is_it_sent_where_the_fence_was_closed_for_another_reason(
    office: Office, database: TestDatabase
) -> None:
    _, lost = _lost(office, database)
    acknowledge(office, applicant(3))
    _taken_for_ours(office, database)
    office.ledger.fence.close("what was restored is older")
    _plan_a_hundred(office)
    assert office.ledger.fence.state().of_another_log
    office.ledger.fence.confirm(Choice.SEND, "cli.root")
    assert (lost, "withheld", LOST) in _states(office)


def test_what_is_of_this_log_is_looked_at_once_and_what_was_lost_until_a_person_chose(
    office: Office, database: TestDatabase
) -> None:
    for number in range(1, 5):
        acknowledge(office, applicant(number))
    plan(office)
    lose(database.owner_url, 6)
    _taken_for_ours(office, database)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE notifications_checkpoint SET known_id = 0")
    assert [_known_after(office, steps) for steps in (1, 1, 3)] == [2, 3, 3]
    office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root")
    assert _known_after(office, 1) == 4


def _known_after(office: Office, steps: int) -> int:
    """Return how many rows are known after so many steps more of two rows each."""
    with office.ledger.engine.begin() as connection:
        for _ in range(steps):
            look_further(connection, at_once=2)
        known = select(func.count()).where(notifications.c.id <= _KNOWN)
        return connection.execute(known).scalar_one()


def test_it_is_told_once_a_minute_that_nothing_is_sent(
    office: Office, database: TestDatabase
) -> None:
    _lost(office, database)
    assert claimed(office, limit=10) == ()
    with capture_logs() as logs:
        for _ in range(3):
            assert claimed(office, limit=10) == ()
    assert [each["event"] for each in logs] == ["notifications_fence_is_closed"]


def test_a_lost_letter_that_could_not_be_delivered_is_neither_printed_nor_tried_again(
    office: Office, database: TestDatabase
) -> None:
    kept = _planned(office)
    lost = acknowledge(office, applicant(2))
    plan(office)
    for claim in office.ledger.claim(limit=10, lease=timedelta(minutes=1)):
        office.ledger.fail(claim, "recipient 550 5.1.1")
    lose(database.owner_url, 2)
    assert office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root") == 1
    refused = (kept, "failed", "recipient 550 5.1.1")
    assert _states(office) == [refused, (lost, "withheld", LOST)]
    assert office.ledger.retry("cli.root") == 1
    assert _claimed(office) == [kept]


def test_a_subscription_hears_of_what_follows_the_choice(
    office: Office, database: TestDatabase
) -> None:
    _planned(office)
    acknowledge(office, applicant(2))
    plan(office)
    made, _ = office.subscriptions.add("https://example.com/hook", ["*"], "somebody")
    lose(database.owner_url, 2)
    assert made.since == 4
    assert claimed(office, limit=10) == ()
    office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root")
    later = acknowledge(office, applicant(3))
    plan(office)
    heard = [row.reference for row in office.ledger.rows(looking()) if row.means == "webhook"]
    assert heard == [later]


def test_a_subscription_hears_of_nothing_that_its_log_had_before_it_was_made(
    office: Office, database: TestDatabase
) -> None:
    _planned(office)
    acknowledge(office, applicant(2))
    plan(office)
    of_the_other, _ = office.subscriptions.add("https://example.com/hook", ["*"], "somebody")
    lose(database.owner_url, 2)
    since = [acknowledge(office, applicant(number)) for number in (3, 4)]
    office.store.sequence()
    of_this, _ = office.subscriptions.add("https://example.com/another", ["*"], "somebody")
    office.ledger.fence.confirm(Choice.SEND, "cli.root")
    later = acknowledge(office, applicant(5))
    plan(office)
    heard: dict[str, set[str]] = {of_the_other.id: set(), of_this.id: set()}
    for row in office.ledger.rows(looking()):
        if row.means == "webhook":
            heard[row.party].add(row.reference)
    assert heard == {of_the_other.id: {*since, later}, of_this.id: {later}}
