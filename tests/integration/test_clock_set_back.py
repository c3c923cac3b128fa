"""A clock that was ahead, and was set back: nothing rests for as long as that was."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from services import enquiries
from services.notifications import code_mail
from services.notifications.calling import call
from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import MailServer, acknowledge, an_office, applicant
from tests.integration.receiving import Receiver
from tests.services.coming_in import JOHN_BORN
from tests.services.visiting import later

_AHEAD = timedelta(days=2)


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    inside = replace(told, webhooks=replace(told.webhooks, inside=True))
    with an_office(inside) as opened:
        yield opened


def test_a_mail_server_that_rested_then_is_asked_at_once(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE mail_server SET failures = 1, rests_until = now() + %s", (_AHEAD,))
    rest = office.ledger.mail.now()
    assert (rest.lasts, rest.until) == (False, None)
    assert deliver(office) == len(mail.messages) == 1
    assert office.ledger.mail.now().failures == 0


def test_a_subscribed_system_that_rested_then_is_asked_at_once(
    office: Office, receiver: Receiver, database: TestDatabase
) -> None:
    office.subscriptions.add(receiver.url, ("application-acknowledged",), "test")
    acknowledge(office, applicant(1))
    plan(office)
    with psycopg.connect(database.owner_url) as owner:
        ahead = "UPDATE webhook_subscriptions SET failures = 1, rests_until = now() + %s"
        owner.execute(ahead, (_AHEAD,))
    due = office.ledger.standing().due
    assert call(office) == len(receiver.arrivals) == 1
    assert due == office.ledger.standing().due + 1


def test_a_code_that_was_asked_for_then_goes_out_at_once(office: Office, mail: MailServer) -> None:
    reference = acknowledge(office, applicant(1))
    enquiries.ask(later(office, _AHEAD), reference, JOHN_BORN, client="203.0.113.7")
    assert code_mail.send(office) == len(mail.messages) == 1


def test_a_code_that_is_being_sent_is_left_to_who_sends_it(office: Office) -> None:
    reference = acknowledge(office, applicant(1))
    enquiries.ask(office, reference, JOHN_BORN, client="203.0.113.7")
    assert office.codes.claim(office.clock(), code_mail.LEASE) is not None
    assert office.codes.claim(office.clock(), code_mail.LEASE) is None
