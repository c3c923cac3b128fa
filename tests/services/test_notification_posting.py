"""Letters that mail could not deliver: on the list until they went out, by post or by mail."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from domain import commands as c
from domain.access import Person, Role
from domain.decisions import Matter
from domain.errors import AlreadyPosted, NoSuchLetter
from domain.particulars import ApplicationCorrected, Correction
from domain.work_commands import RecordPosting
from domain.work_events import CaseAssigned, LetterPosted
from services import work as services_work
from services.cases import carry_out
from services.counts import Count
from services.notifications import undelivered
from services.notifications.entries import State
from services.notifications.planning import plan
from services.notifications.readdressing import readdress
from services.requests import Request
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    acknowledge,
    an_office,
    applicant,
    record,
    work,
)
from tests.services.asking import OFFICER, SECOND, asked
from tests.services.erasing import erase
from tests.services.seeing import looking
from tests.services.test_projection_changes import await_one_who_waits


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def unreachable(office: Office, number: int = 1) -> str:
    """Return a case whose applicant's address takes no mail, with its letter planned."""
    reference = acknowledge(office, applicant(number, email="no address"))
    plan(office)
    return reference


def refused_by_the_server(office: Office) -> str:
    """Return a case whose letter the mail server refused for ever."""
    reference = acknowledge(office, applicant(1))
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    office.ledger.fail(claim, "recipient 550 5.1.1")
    return reference


def post(office: Office, reference: str, number: int) -> None:
    """Officer Chan records that a letter was sent by post."""
    asked = Request(
        person=Person(name="officer.chan", role=Role.OFFICER),
        command_id=uuid4(),
        correlation_id="test",
    )
    services_work.carry_out(office, reference, RecordPosting(letter=number), asked)


@pytest.mark.parametrize("failing", [unreachable, refused_by_the_server])
def test_a_letter_that_cannot_be_delivered_waits_with_all_that_it_says(
    office: Office, failing: Callable[[Office], str]
) -> None:
    reference = failing(office)
    (row,) = undelivered.waiting(office.ledger, looking())
    assert (row.reference, row.party, row.state) == (reference, "applicant", State.FAILED)
    found = undelivered.letter(office.ledger, looking(), row.id)
    assert found is not None
    assert "Dear John Carter," in found.letter.text
    assert undelivered.number_waiting(office.ledger) == Count(number=1)


def test_a_letter_that_was_posted_leaves_the_list_for_good(office: Office) -> None:
    reference = unreachable(office)
    (row,) = undelivered.waiting(office.ledger, looking())
    post(office, reference, row.id)
    with pytest.raises(AlreadyPosted):
        post(office, reference, row.id)
    plan(office)
    assert undelivered.waiting(office.ledger, looking()) == ()
    assert undelivered.letter(office.ledger, looking(), row.id) is None
    (settled,) = office.ledger.rows(looking(), reference=reference)
    assert settled.state is State.POSTED
    assert office.ledger.retry("test") == 0
    with pytest.raises(NoSuchLetter):
        post(office, reference, row.id)


def test_posting_is_followed_once_more_without_harm_when_the_log_is_read_again(
    office: Office, database: TestDatabase
) -> None:
    reference = unreachable(office)
    (row,) = undelivered.waiting(office.ledger, looking())
    post(office, reference, row.id)
    plan(office)
    before = office.ledger.rows(looking())
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE notifications_checkpoint SET position = 0")
    assert plan(office) == 0
    assert office.ledger.rows(looking()) == before


def test_what_went_out_by_mail_after_all_is_not_taken_for_posted(office: Office) -> None:
    reference = refused_by_the_server(office)
    (row,) = undelivered.waiting(office.ledger, looking())
    post(office, reference, row.id)
    office.ledger.retry("test", ids=[row.id])
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    office.ledger.sent(claim)
    plan(office)
    (settled,) = office.ledger.rows(looking(), reference=reference)
    assert settled.state is State.SENT


def test_what_was_posted_is_not_mailed_too_though_the_address_was_changed_before(
    office: Office,
) -> None:
    reference = refused_by_the_server(office)
    (row,) = undelivered.waiting(office.ledger, looking())
    proposed = c.ProposeContactChange(email="john@new.example", evidence="Seen at the counter")
    carry_out(office, reference, proposed, asked(OFFICER, at=None))
    confirmed = c.ConfirmDecision(matter=Matter.CONTACT_CHANGE)
    carry_out(office, reference, confirmed, asked(SECOND, at=None))
    post(office, reference, row.id)
    plan(office)
    claims = office.ledger.claim(limit=10, lease=timedelta(minutes=1))
    assert row.id not in {each.id for each in claims}
    assert office.ledger.rows(looking(), number=row.id)[0].state is State.POSTED
    assert undelivered.waiting(office.ledger, looking()) == ()


def test_what_was_posted_while_a_worker_had_it_is_not_mailed_too(
    office: Office,
) -> None:
    reference = refused_by_the_server(office)
    (row,) = undelivered.waiting(office.ledger, looking())
    post(office, reference, row.id)
    office.ledger.retry("test", ids=[row.id])
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    plan(office)
    assert office.ledger.renewed(claim) is None
    assert office.ledger.rows(looking(), number=row.id)[0].state is State.POSTED


def test_the_plan_and_whoever_puts_an_earlier_letter_off_do_not_wait_for_each_other(
    office: Office, database: TestDatabase
) -> None:
    reference = acknowledge(office, applicant(1))
    mended = Correction(application=applicant(1), reason="Mistyped")
    corrected = ApplicationCorrected(fields=(), assessed_anew=False, personal=mended)
    record(office, reference, 2, corrected)
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    later, first = office.ledger.rows(looking(), reference=reference)
    assert (claim.id, later.party) == (first.id, "applicant")
    correction = office.store.read_stream(f"case-{reference}")[-1]
    sent_by_post = LetterPosted(
        event_id=correction.event_id, effect=later.effect, party=later.party
    )
    with ThreadPoolExecutor(1) as threads:
        with office.ledger.engine.begin() as planning:
            undelivered.posted(planning, reference, sent_by_post)
            putting_off = threads.submit(
                office.ledger.postpone, claim, timedelta(minutes=1), "451 later"
            )
            await_one_who_waits(database.admin_url)
            readdress(planning, office.ledger.keys, reference, "john@new.example")
        putting_off.result()
    later, first = office.ledger.rows(looking(), reference=reference)
    assert (later.state, first.state) == (State.POSTED, State.PLANNED)
    assert first.last_error == "451 later"


def test_a_letter_of_another_case_cannot_be_posted_from_this_one(office: Office) -> None:
    unreachable(office)
    other = unreachable(office, 2)
    (_, first) = undelivered.waiting(office.ledger, looking())
    with pytest.raises(NoSuchLetter):
        post(office, other, first.id)


def test_mail_to_the_office_and_letters_to_the_erased_are_nothing_to_print(office: Office) -> None:
    reference = unreachable(office)
    work(office, reference, 0, CaseAssigned(officer="officer.chan", before=None))
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    office.ledger.fail(claim, "recipient 550 5.1.1")
    assert [row.party for row in undelivered.waiting(office.ledger, looking())] == ["applicant"]
    erase(office.store, reference)
    assert undelivered.waiting(office.ledger, looking()) == ()


def test_the_list_can_be_read_page_by_page(office: Office) -> None:
    for number in range(3):
        unreachable(office, number)
    first = undelivered.waiting(office.ledger, looking(), limit=2)
    rest = undelivered.waiting(office.ledger, looking(), before=first[-1].id)
    assert len(first) == 2
    assert len(rest) == 1
    assert first[0].id > first[1].id > rest[0].id


def test_a_corrected_address_gets_what_comes_later_and_the_old_letter_still_waits(
    office: Office,
) -> None:
    reference = unreachable(office)
    mended = Correction(application=applicant(1), reason="Mistyped")
    corrected = ApplicationCorrected(fields=(), assessed_anew=False, personal=mended)
    record(office, reference, 2, corrected)
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    letter = office.ledger.open_letter(claim)
    assert letter is not None
    assert letter.recipient == "applicant-1@example.com"
    assert [row.effect for row in undelivered.waiting(office.ledger, looking())] == [
        "acknowledgement"
    ]
