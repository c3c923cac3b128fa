"""What changes while a letter that was claimed awaits its turn is heeded when that comes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain import commands as c
from domain.decisions import Matter
from services.cases import carry_out, submit
from services.notifications.delivery import deliver
from services.notifications.entries import ERASED, NO_LONGER, Notification, State
from services.notifications.planning import plan
from services.settings import Settings
from services.wiring import Office
from tests.integration.mailing import MailServer, acknowledge, an_office, applicant
from tests.services.asking import OFFICER, SECOND, asked, on_paper
from tests.services.erasing import erase
from tests.services.seeing import looking

NEW = "john@new.example"
MAY = c.AppointRepresentative(name="May Ng", organisation="Ng & Co", email="may@example.com")

Change = Callable[[Office, str], None]


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


@pytest.fixture
def behind(office: Office) -> str:
    """John's case: his acknowledgement, and word to May, are claimed behind another letter."""
    acknowledge(office, applicant(1))
    reference = submit(office, on_paper("john"), asked()).reference
    for command in (c.AcknowledgeApplication(), MAY):
        carry_out(office, reference, command, asked())
    plan(office)
    return reference


def _change(office: Office, reference: str) -> None:
    _change_unplanned(office, reference)
    plan(office)


def _change_unplanned(office: Office, reference: str) -> None:
    proposed = c.ProposeContactChange(email=NEW, evidence="Passport seen at the counter")
    carry_out(office, reference, proposed, asked(OFFICER))
    confirmed = c.ConfirmDecision(matter=Matter.CONTACT_CHANGE)
    carry_out(office, reference, confirmed, asked(SECOND))


def _dismiss(office: Office, reference: str) -> None:
    carry_out(office, reference, c.RemoveRepresentative(), asked())
    plan(office)


def _erase(office: Office, reference: str) -> None:
    erase(office.store, reference)


def _deliver(office: Office, mail: MailServer, reference: str, change: Change) -> None:
    """What is due is delivered, and `change` happens while the first of it is taken."""

    def once() -> None:
        mail.when_taken = lambda: None
        change(office, reference)

    mail.when_taken = once
    deliver(office)


def _row(office: Office, reference: str, effect: str, party: str) -> Notification:
    rows = office.ledger.rows(looking(), reference=reference)
    (found,) = (each for each in rows if (each.effect, each.party) == (effect, party))
    return found


def _recipients(office: Office, mail: MailServer, row: Notification) -> list[str]:
    taken = zip(mail.ids, mail.recipients, strict=True)
    return [to for message_id, to in taken if message_id == row.message_id]


def test_a_letter_goes_to_the_address_that_was_changed_after_it_was_claimed(
    office: Office, mail: MailServer, behind: str
) -> None:
    _deliver(office, mail, behind, _change)
    row = _row(office, behind, "acknowledgement", "applicant")
    assert _recipients(office, mail, row) == [NEW]
    assert row.state == State.SENT


def test_a_letter_waits_for_the_plan_of_a_change_that_came_after_it_was_claimed(
    office: Office, mail: MailServer, behind: str
) -> None:
    _deliver(office, mail, behind, _change_unplanned)
    row = _row(office, behind, "acknowledgement", "applicant")
    assert (row.state, row.attempts) == (State.PLANNED, 0)
    assert _recipients(office, mail, row) == []
    plan(office)
    deliver(office)
    assert _recipients(office, mail, row) == [NEW]


def test_who_was_dismissed_after_it_was_claimed_gets_no_letter(
    office: Office, mail: MailServer, behind: str
) -> None:
    _deliver(office, mail, behind, _dismiss)
    row = _row(office, behind, "representation-begun", "representative")
    assert (row.state, row.last_error) == (State.WITHHELD, NO_LONGER)
    assert _recipients(office, mail, row) == []


def test_who_was_erased_after_it_was_claimed_gets_no_letter(
    office: Office, mail: MailServer, behind: str
) -> None:
    _deliver(office, mail, behind, _erase)
    row = _row(office, behind, "acknowledgement", "applicant")
    assert (row.state, row.last_error) == (State.WITHHELD, ERASED)
    assert mail.recipients == ["applicant-1@example.com"]


def test_what_is_refused_at_an_address_that_was_changed_meanwhile_goes_to_the_new_one(
    office: Office, mail: MailServer, behind: str
) -> None:
    claims = office.ledger.claim(limit=10, lease=timedelta(minutes=1))
    (claim,) = (
        each for each in claims if (each.reference, each.identity.party) == (behind, "applicant")
    )
    _change(office, behind)
    office.ledger.fail(claim, "recipient 550 5.1.1")
    row = _row(office, behind, "acknowledgement", "applicant")
    assert (row.state, row.attempts, row.settled_at) == (State.PLANNED, 0, None)
    assert deliver(office) > 0
    assert _recipients(office, mail, row) == [NEW]


def test_what_was_handed_over_of_another_database_marks_nothing_of_the_same_number(
    office: Office, behind: str
) -> None:
    claims = office.ledger.claim(limit=10, lease=timedelta(minutes=1))
    for claim in claims:
        office.ledger.sent(replace(claim, message_id=f"<elsewhere-{claim.id}@qmas.test>"))
    rows = office.ledger.rows(looking())
    assert {row.state for row in rows if row.id in {each.id for each in claims}} == {State.SENDING}
    assert {each.outcome for row in rows for each in office.ledger.attempts(row.id)} == set()
