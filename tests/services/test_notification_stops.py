"""What cannot be planned stops the plan, aloud and right before it; all before it is kept."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from domain.events import ApplicationAcknowledged
from services.notifications.planning import PlanningStopped, plan
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    acknowledge,
    an_office,
    applicant,
    new_reference,
    record,
    states,
)
from tests.services import poisoned
from tests.services.seeing import looking

Poison = tuple[Callable[[str, str, int], None], int]


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def test_an_event_that_cannot_be_planned_stops_the_plan_aloud_right_before_it(
    office: Office,
) -> None:
    acknowledge(office, applicant(1))
    record(office, new_reference(), 0, ApplicationAcknowledged())
    acknowledge(office, applicant(2))
    for _ in range(2):
        with pytest.raises(PlanningStopped, match=r"event 3 \(case-QM-.* version 1, App"):
            plan(office)
        assert office.ledger.standing().position == 2
        assert states(office.ledger.rows(looking())) == ["planned"]


@pytest.mark.parametrize("batch", [1, 3, 500])
@pytest.mark.parametrize(
    ("poison", "says"),
    [
        ((poisoned.of_a_later_kind, 1), r"event 7 \({}@1\) .*later-\S* is unknown"),
        ((poisoned.of_a_later_kind, 2), r"event 7 \({}, version 1, App\w*\) .*event {}@2 cannot"),
        (
            (poisoned.with_a_broken_seal, 1),
            r"event 7 \({}, version 1, App\w*\) .*event {}@1 cannot",
        ),
    ],
)
def test_an_event_that_cannot_be_read_stops_the_plan_right_before_what_needs_it(
    office: Office, database: TestDatabase, poison: Poison, says: str, batch: int
) -> None:
    references = [acknowledge(office, applicant(number)) for number in range(6)]
    stream, (spoil, version) = f"case-{references[3]}", poison
    spoil(database.admin_url, stream, version)
    for _ in range(2):
        with pytest.raises(PlanningStopped, match=says.format(stream, stream)):
            plan(office, batch=batch)
        assert office.ledger.standing().position == 6
        assert {row.reference for row in office.ledger.rows(looking())} == set(references[:3])


def test_planning_goes_on_by_itself_once_the_event_can_be_read(
    office: Office, database: TestDatabase
) -> None:
    references = [acknowledge(office, applicant(number)) for number in range(4)]
    poisoned.of_a_later_kind(database.admin_url, f"case-{references[1]}", 2)
    with pytest.raises(PlanningStopped, match="goes on from there by itself"):
        plan(office)
    poisoned.of_a_kind_that_is_known(database.admin_url, f"case-{references[1]}", 2)
    assert plan(office) == 3
    assert {row.reference for row in office.ledger.rows(looking())} == set(references)


def test_a_gap_in_the_log_is_never_planned_over(office: Office, database: TestDatabase) -> None:
    for number in range(3):
        acknowledge(office, applicant(number))
    office.store.sequence()
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("ALTER TABLE log DISABLE TRIGGER log_append_only")
        admin.execute("DELETE FROM log WHERE position = 4")
    for _ in range(2):
        with pytest.raises(PlanningStopped, match=r"event 4 \(missing\) .*restore it"):
            plan(office)
        assert office.ledger.standing().position == 3
        assert states(office.ledger.rows(looking())) == ["planned"]
