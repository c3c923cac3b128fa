"""A legal hold keeps a person's data from every door, and the database holds it too."""

import pytest

from domain import commands as c
from domain import legal_holds as h
from domain.errors import Forbidden, KeptByLaw
from services.cases import carry_out
from services.privacy.preview import preview
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import AUDITOR, OFFICER, SECOND, SUPERVISOR, asked
from tests.services.by_hand import ROLES, Stream, connected
from tests.services.seeing import looking
from tests.services.visiting import act, file_case, signed_in

PLACE = h.PlaceLegalHold(authority=h.Authority.OMBUDSMAN, reason="Complaint 12")
LIFT = h.LiftLegalHold(hold=1, reason="Answered")
PROPOSED = {"type": "decision-proposed", "matter": "erasure", "proposed_by": "a", "by": "a"}
CONFIRMED = {"type": "decision-confirmed", "matter": "erasure", "confirmed_by": "b", "by": "b"}
ERASED = {"type": "erasure-decided", "by": "b"}
PLACED = {"type": "legal-hold-placed", "hold": 1, "placed_by": "a", "by": "a"}
LIFTED = {"type": "legal-hold-lifted", "hold": 1, "lifted_by": "b", "by": "b"}


@pytest.fixture
def withdrawn(office: Office) -> str:
    reference = file_case(office)
    carry_out(office, reference, c.WithdrawApplication(), asked())
    return reference


def test_a_hold_is_placed_and_lifted_on_the_pages_and_keeps_an_erasure_away(
    office: Office, withdrawn: str
) -> None:
    officer, supervisor = signed_in(office, OFFICER.name), signed_in(office, SUPERVISOR.name)
    act(officer, withdrawn, "place-legal-hold", authority="ombudsman", reason="Complaint 12")
    (reason,) = preview(office, looking(), withdrawn).refused
    assert reason.startswith("legal hold 1 (ombudsman) stands")
    page = officer.get(f"/staff/cases/{withdrawn}")
    assert f"/staff/cases/{withdrawn}/propose-erasure" not in page.actions
    with pytest.raises(KeptByLaw):
        carry_out(office, withdrawn, c.ProposeErasure(), asked(SECOND, at=None))
    act(supervisor, withdrawn, "lift-legal-hold", hold="1", reason="Answered")
    assert preview(office, looking(), withdrawn).refused == ()
    carry_out(office, withdrawn, c.ProposeErasure(), asked(at=None))


def test_an_officer_lifts_none_and_an_auditor_places_none(office: Office, withdrawn: str) -> None:
    with pytest.raises(Forbidden):
        carry_out(office, withdrawn, PLACE, asked(AUDITOR))
    carry_out(office, withdrawn, PLACE, asked(SUPERVISOR))
    with pytest.raises(Forbidden):
        carry_out(office, withdrawn, LIFT, asked(OFFICER))
    carry_out(office, withdrawn, LIFT, asked(SECOND))


@pytest.mark.parametrize("role", ROLES)
def test_the_database_takes_no_erasure_while_a_hold_stands(
    database: TestDatabase, role: str
) -> None:
    with connected(database, role) as connection:
        stream = Stream(connection)
        stream.write(PROPOSED)
        stream.write(PLACED)
        stream.refuses("events_kept_by_law", CONFIRMED, ERASED)
        stream.write(LIFTED)
        stream.write(CONFIRMED, ERASED)


@pytest.mark.parametrize("role", ROLES)
def test_the_database_takes_no_lifting_by_who_placed_it(database: TestDatabase, role: str) -> None:
    with connected(database, role) as connection:
        stream = Stream(connection)
        stream.refuses("events_hold_lifted_by_another", LIFTED)
        stream.write(PLACED)
        stream.refuses("events_hold_lifted_by_another", {**LIFTED, "by": "a"})
        stream.refuses("events_hold_lifted_by_another", {**LIFTED, "lifted_by": "a"})
        stream.write(LIFTED)
