"""A clock that was ahead, and was set back: nothing rests for as long as that was."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from services import enquiries
from services.notifications import code_mail
from services.notifications.calling import call
from services.notifications.codes import AN_HOUR
from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.projections.catalogue import CASE_STATUS
from services.projections.runner import catch_up
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import MailServer, acknowledge, an_office, applicant
from tests.integration.receiving import Receiver
from tests.services.coming_in import JOHN_BORN, codes
from tests.services.visiting import later

_AHEAD = timedelta(days=2)
_BROWSER = "what only this browser knows"


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    inside = replace(told, webhooks=replace(told.webhooks, inside=True))
    with an_office(inside) as opened:
        yield opened


def _ask(
    office: Office, reference: str, *, client: str = "203.0.113.7", browser: str | None = None
) -> UUID:
    return enquiries.ask(office, reference, JOHN_BORN, client=client, browser=browser)


def _enters(office: Office, challenge: UUID, code: str, *, browser: str | None = None) -> bool:
    opened = enquiries.enter(office, challenge, code, client="203.0.113.7", browser=browser)
    return opened is not None


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


def test_a_code_that_was_asked_for_then_goes_to_nobody_and_a_new_one_does(
    office: Office, mail: MailServer
) -> None:
    reference = acknowledge(office, applicant(1))
    _ask(later(office, _AHEAD), reference)
    assert code_mail.send(office) == 0
    _ask(office, reference)
    assert code_mail.send(office) == len(mail.messages) == 1
    assert code_mail.send(later(office, _AHEAD)) == 0


def test_codes_that_went_out_then_open_nothing_and_keep_no_new_one_back(office: Office) -> None:
    reference = acknowledge(office, applicant(1))
    catch_up(office.store, office.models, CASE_STATUS.name)
    ahead = later(office, _AHEAD)
    for number in range(AN_HOUR):
        challenge = _ask(ahead, reference, client=f"203.0.113.{number}")
        (code,) = codes(ahead)
    assert not _enters(office, challenge, code)
    assert _enters(ahead, challenge, code)
    challenge = _ask(office, reference)
    (code,) = codes(office)
    assert _enters(office, challenge, code)


def test_what_a_code_opened_then_is_open_no_more(office: Office) -> None:
    reference = acknowledge(office, applicant(1))
    catch_up(office.store, office.models, CASE_STATUS.name)
    ahead = later(office, _AHEAD)
    challenge = _ask(ahead, reference, browser=_BROWSER)
    (code,) = codes(ahead)
    assert _enters(ahead, challenge, code, browser=_BROWSER)
    assert enquiries.opened(ahead, challenge, _BROWSER) == reference
    assert enquiries.opened(office, challenge, _BROWSER) is None


def test_what_was_asked_for_then_is_kept_no_longer_for_it(office: Office) -> None:
    _ask(later(office, _AHEAD), acknowledge(office, applicant(1)))
    assert enquiries.tidy(office) == 1


@pytest.mark.parametrize("behind", [timedelta(milliseconds=5), timedelta(minutes=2)])
def test_a_code_that_is_being_sent_is_left_to_who_sends_it_by_whatever_clock(
    office: Office, behind: timedelta
) -> None:
    _ask(office, acknowledge(office, applicant(1)))
    now = office.clock()
    assert office.codes.claim(now, code_mail.LEASE) is not None
    assert office.codes.claim(now, code_mail.LEASE) is None
    assert office.codes.claim(now - behind, code_mail.LEASE) is None
