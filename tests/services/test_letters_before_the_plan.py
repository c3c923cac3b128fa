"""What waits is for somebody else since an event that the plan has yet to come to: it waits on."""

from datetime import timedelta

import pytest

from domain import commands as c
from domain.decisions import Matter
from domain.processes import Party
from services.cases import submit
from services.notifications.planning import plan
from services.wiring import Office
from tests.services.asking import OFFICER, SECOND, asked, filed_by, on_paper
from tests.services.exercising import carry_out

OLD, NEW = filed_by("john").applicant.email, "john@new.example"
MAY = c.AppointRepresentative(name="May Ng", organisation="Ng & Co", email="may@example.com")
LEE = c.AppointRepresentative(name="Lee Ho", organisation="Ho & Co", email="lee@example.com")
PROPOSE = c.ProposeContactChange(email=NEW, evidence="Passport seen at the counter")
CONFIRM = c.ConfirmDecision(matter=Matter.CONTACT_CHANGE)


@pytest.fixture
def reference(office: Office) -> str:
    """A case that May represents; nothing was sent yet of what is planned."""
    found = submit(office, on_paper("john"), asked()).reference
    carry_out(office, found, MAY, asked())
    plan(office)
    return found


@pytest.fixture(params=[True, False], ids=["numbered", "not numbered"])
def is_numbered(request: pytest.FixtureRequest) -> bool:
    """Whether what happens has its place in the log before anything is sent."""
    return bool(request.param)


def _happens(office: Office, reference: str, *commands: c.CaseCommand, is_numbered: bool) -> None:
    for command in commands:
        carry_out(office, reference, command, asked(SECOND if command is CONFIRM else OFFICER))
    if is_numbered:
        office.store.sequence()


def _sent(office: Office) -> set[tuple[str, str]]:
    """Return whom letters go to now, as which party; each recipient's first frees the next."""
    found = set()
    while claims := office.ledger.claim(limit=50, lease=timedelta(minutes=1)):
        for claim in claims:
            letter = office.ledger.open_letter(claim)
            assert letter is not None
            found.add((claim.identity.party, letter.recipient))
            office.ledger.sent(claim)
    return found


@pytest.mark.parametrize("command", [c.RemoveRepresentative(), LEE])
def test_nothing_goes_to_a_representative_of_before(
    office: Office, reference: str, command: c.CaseCommand, *, is_numbered: bool
) -> None:
    _happens(office, reference, command, is_numbered=is_numbered)
    assert _sent(office) == {(Party.APPLICANT, OLD)}
    plan(office)
    sent = _sent(office)
    assert {to for party, to in sent if party == Party.REPRESENTATIVE} == (
        {LEE.email} if command is LEE else set()
    )
    # That they represent the applicant no longer is told to them.
    assert {party for party, to in sent if to == MAY.email} <= {Party.FORMER_REPRESENTATIVE}


def test_nothing_goes_to_an_address_of_before(
    office: Office, reference: str, *, is_numbered: bool
) -> None:
    _happens(office, reference, PROPOSE, CONFIRM, is_numbered=is_numbered)
    assert _sent(office) == {(Party.REPRESENTATIVE, MAY.email)}
    plan(office)
    assert (Party.APPLICANT, NEW) in (sent := _sent(office))
    assert (Party.APPLICANT, OLD) not in sent


def test_letters_of_other_cases_go_out_meanwhile(
    office: Office, reference: str, *, is_numbered: bool
) -> None:
    other = submit(office, on_paper("emma"), asked()).reference
    carry_out(office, other, c.AcknowledgeApplication(), asked())
    plan(office)
    _happens(office, reference, PROPOSE, CONFIRM, is_numbered=is_numbered)
    claimed = office.ledger.claim(limit=50, lease=timedelta(minutes=1))
    assert {(each.reference, each.identity.party) for each in claimed} == {
        (reference, Party.REPRESENTATIVE),
        (other, Party.APPLICANT),
    }
