"""Codes through a real SMTP server: at once, the same one if twice, and never after a restore."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from services import enquiries
from services.notifications.code_mail import LEASE, send
from services.notifications.codes import HOLDS
from services.notifications.fence import Choice
from services.projections.runner import catch_up
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    MailServer,
    acknowledge,
    an_office,
    applicant,
    expire_leases,
)
from tests.services.coming_in import JOHN_BORN
from tests.services.poisoned import with_a_broken_seal
from tests.services.seeing import looking
from tests.services.visiting import later


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def _ask(office: Office, reference: str) -> UUID:
    return enquiries.ask(office, reference, JOHN_BORN, client="203.0.113.7")


def _code_in(mail: MailServer) -> str:
    body = mail.messages[-1].get_body(("plain",))
    assert body is not None
    (code,) = (each.strip() for each in body.get_content().splitlines() if each.strip().isdigit())
    return str(code)


def _enters(office: Office, challenge: UUID, code: str) -> bool:
    return enquiries.enter(office, challenge, code, client="203.0.113.7") is not None


def test_a_code_reaches_the_mailbox_and_opens_the_status(office: Office, mail: MailServer) -> None:
    reference = acknowledge(office, applicant(1))
    catch_up(office.store, office.models, "case-status")
    challenge = _ask(office, reference)
    assert send(office) == 1
    assert mail.recipients == ["applicant-1@example.com"]
    assert mail.messages[0]["Subject"] == f"Your code for application {reference}"
    assert _enters(office, challenge, _code_in(mail))
    assert send(office) == 0
    assert office.ledger.rows(looking()) == ()


def test_who_has_no_usable_address_is_sent_nothing(office: Office, mail: MailServer) -> None:
    _ask(office, acknowledge(office, applicant(1, email="nobody")))
    assert send(office) == 0
    assert mail.messages == []


def test_a_case_that_cannot_be_read_keeps_no_other_code_from_going_out(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    broken = acknowledge(office, applicant(1))
    with_a_broken_seal(database.admin_url, f"case-{broken}", 1)
    challenge = _ask(office, broken)
    _ask(office, acknowledge(office, applicant(2)))
    assert send(office) == 1
    assert mail.recipients == ["applicant-2@example.com"]
    assert not _enters(office, challenge, "123456")
    assert send(later(office, timedelta(minutes=5))) == 0


def test_a_code_that_was_put_off_is_sent_later_and_is_the_same(
    office: Office, mail: MailServer
) -> None:
    reference = acknowledge(office, applicant(1))
    catch_up(office.store, office.models, "case-status")
    challenge = _ask(office, reference)
    mail.to_message.append(None)  # it was taken, and the line broke before the answer
    assert send(office) == 0
    assert send(later(office, timedelta(minutes=1))) == 1
    assert len(set(mail.ids)) == 1
    assert mail.messages[0].as_bytes() == mail.messages[1].as_bytes()
    assert _enters(office, challenge, _code_in(mail))


def test_a_code_that_the_server_refuses_is_given_up(office: Office, mail: MailServer) -> None:
    _ask(office, acknowledge(office, applicant(1)))
    mail.to_recipient.append("550 5.1.1 no such mailbox")
    assert send(office) == 0
    assert send(later(office, timedelta(minutes=5))) == 0
    assert mail.messages == []


def test_a_server_that_is_away_rests_for_codes_and_letters_alike(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    _ask(office, acknowledge(office, applicant(1)))
    mail.to_sender.append("530 5.7.0 log in first")
    assert send(office) == 0
    assert office.ledger.mail.now().lasts
    assert send(office) == 0
    expire_leases(database.owner_url)
    assert send(office) == 1
    assert office.ledger.mail.now().failures == 0


def test_a_code_that_nobody_could_use_any_more_is_not_sent(
    office: Office, mail: MailServer
) -> None:
    _ask(office, acknowledge(office, applicant(1)))
    assert send(later(office, HOLDS - timedelta(seconds=30))) == 0
    assert send(office) == 0
    assert mail.messages == []


def test_a_sender_that_dies_leaves_a_code_that_is_sent_once_more(
    office: Office, mail: MailServer
) -> None:
    _ask(office, acknowledge(office, applicant(1)))
    assert office.codes.claim(office.clock(), LEASE) is not None
    assert send(office) == 0
    assert send(later(office, LEASE)) == 1
    assert len(mail.messages) == 1


def test_what_was_asked_for_before_a_restore_is_never_sent(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    reference = acknowledge(office, applicant(1))
    _ask(office, reference)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("CREATE TABLE backup AS SELECT * FROM enquiry_codes")
    assert send(office) == 1
    with psycopg.connect(database.admin_url) as admin:
        # As a restore brings it back: the question, and how much was handed over by then.
        admin.execute("DELETE FROM enquiry_codes")
        admin.execute("INSERT INTO enquiry_codes SELECT * FROM backup")
        admin.execute("UPDATE notifications_fence SET handed = 0")
    assert send(office) == 0
    office.ledger.fence.close("restored")
    assert send(office) == 0
    office.store.sequence()
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("UPDATE notifications_checkpoint SET position = 1000")
    office.ledger.fence.confirm(Choice.SEND, "somebody")
    assert send(office) == 0
    assert len(mail.messages) == 1
    _ask(replace(office, clock=lambda: later(office, timedelta(seconds=5)).clock()), reference)
    assert send(later(office, timedelta(seconds=6))) == 1
