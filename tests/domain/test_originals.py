"""The originals after an approval in principle: due by a day that waits for other documents."""

from datetime import timedelta

import pytest

from domain import events as e
from domain import papers as p
from domain import stages as s
from domain.deadlines import Deadline, DeadlinePassed
from domain.reminding import due
from tests.domain.histories import CANCELLED, DUE_ON, IN_PRINCIPLE, ORIGINALS_BY, requested
from tests.domain.test_deadlines import TOLD_WHEN, ahead, life, noon


def test_the_day_of_the_originals_waits_while_other_documents_are_asked_for() -> None:
    answered = p.RequestedDocumentsReceived(documents=(1,))
    for before in ((IN_PRINCIPLE, requested()), (requested(), IN_PRINCIPLE)):
        case = life(s.Selected, *before)
        assert case.row is not None
        assert (case.row.deadline, case.row.due_on) == (Deadline.DOCUMENTS, DUE_ON)
        for ends in (answered, CANCELLED):
            row = life(s.Selected, *before, ends).row
            assert row is not None
            assert (row.deadline, row.due_on) == (Deadline.ORIGINALS, ORIGINALS_BY)
            assert (row.opened, row.told) == (case.versions["case"] + 1, None)


def test_a_day_that_is_open_again_is_told_of_by_what_is_still_ahead() -> None:
    case = life(s.InPrinciple)
    assert ahead(case.looked_at(noon(ORIGINALS_BY - timedelta(days=14)))) == 14
    case.happens(requested(), CANCELLED, at=noon(ORIGINALS_BY - timedelta(days=10)))
    assert case.looked_at(noon(ORIGINALS_BY - timedelta(days=4))) is None
    assert ahead(case.looked_at(noon(ORIGINALS_BY - timedelta(days=3)))) == 3
    case.happens(requested(), at=noon(ORIGINALS_BY))
    over = case.looked_at(noon(ORIGINALS_BY + timedelta(days=1)))
    assert isinstance(over, DeadlinePassed)
    assert over.deadline is Deadline.DOCUMENTS
    case.happens(CANCELLED)
    late = case.looked_at(noon(ORIGINALS_BY + timedelta(days=1)))
    assert late == DeadlinePassed(
        deadline=Deadline.ORIGINALS, due_on=ORIGINALS_BY, opened=case.versions["case"]
    )


def test_that_the_day_of_the_originals_is_over_is_told_once() -> None:
    case = life(s.InPrinciple)
    over = case.looked_at(noon(ORIGINALS_BY + timedelta(days=1)))
    assert isinstance(over, DeadlinePassed)
    for days in (3, 5):
        case.happens(requested(), CANCELLED, at=noon(ORIGINALS_BY + timedelta(days=days)))
        assert case.looked_at(noon(ORIGINALS_BY + timedelta(days=days + 1))) is None


def test_that_it_is_over_is_told_once_whatever_was_asked_for_meanwhile() -> None:
    case, at = life(s.InPrinciple), noon(ORIGINALS_BY + timedelta(days=1))
    assert case.row is not None
    over = due(case.row, at, TOLD_WHEN)
    assert isinstance(over, DeadlinePassed)
    case.happens(requested(), at=at)
    case.happens(over, at=at, stream="work")
    case.happens(CANCELLED, at=at + timedelta(days=1))
    assert case.looked_at(at + timedelta(days=2)) is None


@pytest.mark.parametrize(
    "on", [e.OriginalsVerified(), e.ApplicationWithdrawn(personal=None)], ids=["seen", "withdrawn"]
)
def test_the_originals_are_due_no_more_once_the_case_goes_on(on: e.CaseEvent) -> None:
    for before in ((), (requested(),)):
        case = life(s.InPrinciple, *before, on, CANCELLED)
        assert case.row is not None
        assert (case.row.deadline, case.row.originals_by) == (None, None)
