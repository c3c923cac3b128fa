"""Letters that were planned from another log: none is planned on, and none of a lost event sent."""

import psycopg
import pytest

from services.notifications.entries import PlannedFromAnotherLog
from services.notifications.planning import plan
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import acknowledge, applicant
from tests.services.losing import lose, set_back_an_hour


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
