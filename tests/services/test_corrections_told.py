"""A correction is told once to each who was told the former value, by mail and by webhook."""

from collections import Counter
from dataclasses import replace

import pytest

from domain import commands as c
from domain import work_commands as w
from services.cases import carry_out
from services.notifications.planning import plan
from services.wiring import Office
from tests.services.asking import OFFICER, SUPERVISOR, asked, filed_by
from tests.services.exporting import exported
from tests.services.seeing import looking
from tests.services.test_data_access import ask, came_in
from tests.services.visiting import file_case

HOLDER = f"officer:{OFFICER.name}"


@pytest.fixture
def held(office: Office) -> str:
    """A case that an officer has, of somebody who is represented, which a system hears of."""
    office.subscriptions.add("https://hooks.example.org/in", ("application-corrected",), "test")
    reference = file_case(office, "john")
    appoint = c.AppointRepresentative(name="May Ng", organisation="", email="may@example.com")
    carry_out(office, reference, appoint, asked())
    ask(office, reference, w.TakeCase())
    return reference


def corrected(office: Office, reference: str) -> Counter[tuple[str, str]]:
    """Return what was planned because a supervisor corrected the name, however often it is."""
    plan(office)
    before = {each.id for each in office.ledger.rows(looking(), limit=200)}
    john = filed_by("john")
    renamed = replace(john, applicant=replace(john.applicant, family_name="Charter"))
    command = c.CorrectApplication(application=renamed, reason="It was misread")
    carry_out(office, reference, command, asked(SUPERVISOR, at=None))
    plan(office)
    plan(office)
    rows = office.ledger.rows(looking(), limit=200)
    added = [each for each in rows if each.id not in before]
    return Counter(
        (each.effect, "system" if each.means == "webhook" else each.party) for each in added
    )


def test_a_correction_reaches_each_once(office: Office, held: str) -> None:
    assert corrected(office, held) == {
        ("details-corrected", "applicant"): 1,
        ("details-corrected", "representative"): 1,
        ("correction-for-officer", HOLDER): 1,
        ("webhook", "system"): 1,
    }


def test_after_a_copy_of_all_data_the_office_is_told_to_send_it_after(
    office: Office, held: str
) -> None:
    ask(office, held, came_in(office))
    exported(office, held)
    told = corrected(office, held)
    assert told[("correction-of-copy", HOLDER)] == 1
    parties = {effect: set[str]() for effect, _ in told}
    for effect, party in told:
        parties[effect].add(party.partition(":")[0])
    assert parties["correction-of-copy"] == {"officer", "supervisor"}
    assert "correction-for-officer" not in parties
