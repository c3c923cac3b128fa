"""Letters to a representative who speaks for the applicant no longer: they go to nobody."""

from datetime import timedelta

import psycopg
import pytest

from domain import commands as c
from domain.processes import Party
from services.cases import carry_out, submit
from services.notifications import readdressing, returns, undelivered
from services.notifications.entries import NO_LONGER, WITHHELD, Claim, Notification, State
from services.notifications.planning import plan
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import asked, on_paper
from tests.services.seeing import looking

MAY = c.AppointRepresentative(name="May Ng", organisation="Ng & Co", email="may@example.com")
LEE = c.AppointRepresentative(name="Lee Ho", organisation="Ho & Co", email="lee@example.com")
REMOVE = c.RemoveRepresentative()
_A_DAY = timedelta(days=1)


@pytest.fixture
def represented(office: Office) -> str:
    """A case that May represents, who has yet to be told of it and of its acknowledgement."""
    reference = submit(office, on_paper("john"), asked()).reference
    _record(office, reference, MAY, c.AcknowledgeApplication())
    return reference


def _record(office: Office, reference: str, *commands: c.CaseCommand) -> None:
    for each in commands:
        carry_out(office, reference, each, asked())
    plan(office)


def _claimed(office: Office) -> dict[str, Claim]:
    """Return what can be sent to a representative now, by effect."""
    claims = office.ledger.claim(limit=10, lease=timedelta(minutes=1))
    return {
        each.identity.effect: each for each in claims if each.identity.party == Party.REPRESENTATIVE
    }


def _for_may(office: Office) -> dict[str, Notification]:
    """Return what is in the ledger for May, by effect."""
    rows = office.ledger.rows(looking())
    found = [each for each in rows if each.party == Party.REPRESENTATIVE]
    return {each.effect: each for each in reversed(found) if each.position <= 3}


def _goes_to_nobody(office: Office) -> None:
    rows = _for_may(office)
    assert {(each.state, each.last_error) for each in rows.values()} == {
        (State.WITHHELD, NO_LONGER)
    }
    assert readdressing.retry(office, "admin", ids=[each.id for each in rows.values()]) == 0
    assert undelivered.waiting(office.ledger, looking()) == ()


def test_what_waits_and_what_was_given_up_goes_to_nobody(office: Office, represented: str) -> None:
    office.ledger.fail(_claimed(office)["representation-begun"], "recipient 550 5.1.1")
    office.ledger.postpone(_claimed(office)["acknowledgement"], _A_DAY, "message 451 4.3.0")
    assert len(undelivered.waiting(office.ledger, looking())) == 1
    _record(office, represented, REMOVE)
    _goes_to_nobody(office)
    _record(office, represented, LEE)
    claim = _claimed(office)["representation-begun"]
    letter = office.ledger.open_letter(claim)
    assert letter is not None
    assert letter.recipient == "lee@example.com"


def test_whoever_comes_in_their_place_waits_behind_nothing_of_theirs(
    office: Office, represented: str
) -> None:
    claim = _claimed(office)["representation-begun"]
    office.ledger.postpone(claim, _A_DAY, "message 451 4.3.0")
    _record(office, represented, LEE)
    _goes_to_nobody(office)
    assert _claimed(office).keys() == {"representation-begun"}


@pytest.mark.parametrize("refused", [True, False])
def test_what_is_being_sent_is_not_tried_again(
    office: Office, represented: str, *, refused: bool
) -> None:
    claim = _claimed(office)["representation-begun"]
    _record(office, represented, REMOVE)
    if refused:
        office.ledger.fail(claim, "recipient 550 5.1.1")
    else:
        office.ledger.postpone(claim, _A_DAY, "message 451 4.3.0")
    _goes_to_nobody(office)


def test_what_is_handed_over_all_the_same_was_sent(office: Office, represented: str) -> None:
    claim = _claimed(office)["representation-begun"]
    _record(office, represented, REMOVE)
    office.ledger.sent(claim)
    assert _for_may(office)["representation-begun"].state == State.SENT


def test_what_comes_back_afterwards_is_neither_printed_nor_sent_again(
    office: Office, represented: str
) -> None:
    while claims := _claimed(office).values():
        for claim in claims:
            office.ledger.sent(claim)
    _record(office, represented, REMOVE)
    for row in _for_may(office).values():
        returns.mark(office.ledger, row.id, returns.problem("550 5.1.1"), "admin")
    _goes_to_nobody(office)


def test_what_a_restore_withheld_goes_to_nobody(
    office: Office, represented: str, database: TestDatabase
) -> None:
    with psycopg.connect(database.app_url) as connection:
        connection.execute(
            "UPDATE notifications SET state = 'withheld', settled_at = now(), last_error = %s",
            (WITHHELD,),
        )
    _record(office, represented, REMOVE)
    _goes_to_nobody(office)


@pytest.mark.parametrize("batch", [1, 500])
def test_a_copy_planned_late_is_for_whoever_it_was_for(office: Office, batch: int) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    for each in (MAY, c.AcknowledgeApplication(), LEE):
        carry_out(office, reference, each, asked())
    plan(office, batch=batch)
    _goes_to_nobody(office)
    assert _claimed(office).keys() == {"representation-begun"}
