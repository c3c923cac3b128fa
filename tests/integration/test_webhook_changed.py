"""A subscription that is changed while it is being served: what was said of it holds at once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.notifications import signing
from services.notifications.calling import call
from services.notifications.planning import plan
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import acknowledge, an_office, applicant
from tests.integration.receiving import Answer, Receiver, a_receiver
from tests.services.seeing import looking

_BOTH = ("application-submitted", "application-acknowledged")


@pytest.fixture
def told(told: Settings) -> Settings:
    return replace(told, webhooks=replace(told.webhooks, inside=True))


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def _subscribed(office: Office, receiver: Receiver) -> tuple[str, str]:
    """Return the name of a new subscription, and its secret as its receiver has it."""
    made, secret = office.subscriptions.add(receiver.url, _BOTH, "test")
    return made.id, signing.written(secret)


def _planned(office: Office) -> None:
    """Each system is to be told of two cases, the first of which is one of two events."""
    for number in range(2):
        acknowledge(office, applicant(number))
    plan(office)


def _once_told(receiver: Receiver, act: Callable[[], object]) -> None:
    """It does something on its first request, before it answers."""
    receiver.when_taken = lambda: act() if len(receiver.arrivals) == 1 else None


def test_a_secret_that_is_changed_at_once_signs_the_next_message(
    office: Office, receiver: Receiver
) -> None:
    name, former = _subscribed(office, receiver)
    made: list[str] = []

    def rotate() -> None:
        secret = office.subscriptions.rotate(name, timedelta(), "test", at_once=True)
        made.append(signing.written(secret))

    _once_told(receiver, rotate)
    _planned(office)
    assert call(office) == 4
    first, second = receiver.arrivals[:2]
    Webhook(former).verify(first.body, dict(first.headers))
    Webhook(made[0]).verify(second.body, dict(second.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(former).verify(second.body, dict(second.headers))


def test_one_that_is_paused_gets_nothing_more_until_it_is_resumed(
    office: Office, receiver: Receiver
) -> None:
    name, _ = _subscribed(office, receiver)
    _once_told(receiver, lambda: office.subscriptions.pause(name, "test"))
    _planned(office)
    assert (call(office), len(receiver.arrivals)) == (1, 1)
    waiting = [row for row in office.ledger.rows(looking()) if row.state == "planned"]
    assert [row.attempts for row in waiting if row.means == "webhook"] == [0, 0, 0]
    office.subscriptions.resume(name, "test")
    assert call(office) == 3


@pytest.mark.parametrize("status", [204, 410, 503])
def test_one_that_is_removed_keeps_no_other_from_being_told(
    office: Office, receiver: Receiver, database: TestDatabase, status: int
) -> None:
    name, _ = _subscribed(office, receiver)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE webhook_subscriptions SET failures = 1")
    _once_told(receiver, lambda: office.subscriptions.remove(name, "test"))
    receiver.answers.append(Answer(status=status))
    with a_receiver() as another:
        _subscribed(office, another)
        _planned(office)
        assert call(office) == 4 + (status == 204)
        assert (len(receiver.arrivals), len(another.arrivals)) == (1, 4)


def test_what_was_put_off_is_sent_as_soon_as_it_is_resumed(
    office: Office, receiver: Receiver
) -> None:
    name, _ = _subscribed(office, receiver)
    receiver.answers.append(Answer(status=500))
    acknowledge(office, applicant(1))
    plan(office)
    assert call(office) == 0
    office.subscriptions.pause(name, "test")
    office.subscriptions.resume(name, "test")
    assert call(office) == 2
