"""Subscribed systems are told of events: signed, in order, at least once, told apart by an id."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import Webhook, WebhookVerificationError

from domain.events import ApplicationAcknowledged
from services.notifications import calling, posting, signing
from services.notifications.calling import call
from services.notifications.planning import plan
from services.notifications.subscriptions import Activity, NoSubscription
from services.settings import Settings
from services.stack.redis import RedisServer
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    acknowledge,
    an_office,
    applicant,
    expire_leases,
    record,
    settings,
)
from tests.integration.receiving import Answer, Arrival, Receiver, a_receiver
from tests.services.erasing import erase
from tests.services.seeing import looking

BOTH = ("application-submitted", "application-acknowledged")
_PERSONAL = ("Carter", "John", "example.com", "1988-04-12")


@pytest.fixture
def told(database: TestDatabase, redis_server: RedisServer, tmp_path: Path) -> Settings:
    made = settings(
        database.app_url, redis_server.broker_url, tmp_path / "home", mail="smtp://127.0.0.1:9"
    )
    return replace(made, webhooks=replace(made.webhooks, inside=True, prefix="org.example"))


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def _subscribed(office: Office, receiver: Receiver, *events: str) -> tuple[str, str]:
    """Return the name of a new subscription, and its secret as its receiver has it.

    Without events it is for both that `acknowledge` records.
    """
    made, secret = office.subscriptions.add(receiver.url, events or BOTH, "test")
    return made.id, signing.written(secret)


def _states(office: Office) -> list[str]:
    """Return the states of the webhooks in the ledger, oldest first."""
    rows = office.ledger.rows(looking(), limit=1000)
    return [str(row.state) for row in reversed(rows) if row.means == "webhook"]


def _again(database: TestDatabase) -> None:
    """Whatever waits has waited long enough."""
    expire_leases(database.owner_url)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE webhook_subscriptions SET rests_until = NULL")


def _event(arrival: Arrival) -> dict[str, object]:
    """Return the attributes and data of a message, as the standard's own library reads them."""
    event = from_http_event(HTTPMessage(headers=dict(arrival.headers), body=arrival.body))
    return {**event.get_attributes(), "data": event.get_data()}


def test_a_subscribed_system_is_told_what_stands_in_clear_and_can_verify_it(
    office: Office, receiver: Receiver
) -> None:
    _, secret = _subscribed(office, receiver)
    reference = acknowledge(office, applicant(1))
    plan(office)
    assert call(office) == 2
    first, second = receiver.arrivals
    submitted = _event(first)
    assert Webhook(secret).verify(first.body, dict(first.headers)) == json.loads(first.body)
    assert (submitted["type"], submitted["subject"], submitted["source"]) == (
        "org.example.application-submitted",
        reference,
        "https://qmas.test",
    )
    records = office.store.read_log(after=0, limit=10)
    assert [_event(each)["id"] for each in receiver.arrivals] == [each.event_id for each in records]
    assert submitted["time"] == records[0].recorded_at
    data = submitted["data"]
    assert isinstance(data, dict)
    assert data["reference"] == reference
    assert "personal" not in data
    assert not [word for word in _PERSONAL if word in first.body.decode()]
    assert str(_event(second)["sequence"]) > str(submitted["sequence"])
    assert first.path == "/hook?from=qmas"
    assert _states(office) == ["sent", "sent"]
    assert (plan(office), call(office)) == (0, 0)


def test_a_message_that_was_altered_or_is_of_another_sender_does_not_verify(
    office: Office, receiver: Receiver
) -> None:
    _, secret = _subscribed(office, receiver)
    acknowledge(office, applicant(1))
    plan(office)
    call(office)
    arrival = receiver.arrivals[0]
    another = signing.written(signing.new_secret())
    for body, known in ((arrival.body + b" ", secret), (arrival.body, another)):
        with pytest.raises(WebhookVerificationError):
            Webhook(known).verify(body, dict(arrival.headers))


def test_a_changed_secret_is_valid_beside_the_former_one_for_a_while(
    office: Office, receiver: Receiver, database: TestDatabase
) -> None:
    name, former = _subscribed(office, receiver, "application-acknowledged")
    present = signing.written(office.subscriptions.rotate(name, timedelta(hours=1), "test"))
    acknowledge(office, applicant(1))
    plan(office)
    call(office)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE webhook_subscriptions SET former_until = now()")
    acknowledge(office, applicant(2))
    plan(office)
    call(office)
    during, after = receiver.arrivals
    for secret in (former, present):
        Webhook(secret).verify(during.body, dict(during.headers))
    Webhook(present).verify(after.body, dict(after.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(former).verify(after.body, dict(after.headers))


def test_only_the_events_that_were_asked_for_are_told(office: Office, receiver: Receiver) -> None:
    _subscribed(office, receiver, "application-acknowledged")
    acknowledge(office, applicant(1))
    plan(office)
    assert call(office) == 1
    assert _event(receiver.arrivals[0])["type"] == "org.example.application-acknowledged"


def test_a_subscription_is_for_what_is_recorded_later_whoever_reads_the_log_again(
    office: Office, receiver: Receiver, database: TestDatabase
) -> None:
    acknowledge(office, applicant(1))
    office.store.sequence()
    _subscribed(office, receiver)
    acknowledge(office, applicant(2))
    plan(office)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE notifications_checkpoint SET position = 0")
    plan(office)
    assert call(office) == 2
    assert len(receiver.arrivals) == 2


def test_a_receiver_that_is_down_for_a_while_gets_all_in_the_order_of_each_case(
    office: Office, database: TestDatabase
) -> None:
    with a_receiver() as receiver:
        _subscribed(office, receiver)
        port = receiver.port
    references = [acknowledge(office, applicant(number)) for number in range(3)]
    plan(office)
    assert call(office) == 0
    (resting,) = office.subscriptions.all()
    assert resting.failures == 1
    assert call(office) == 0, "it rests"
    rows = office.ledger.rows(looking())
    (tried,) = [row for row in rows if office.ledger.attempts(row.id)]
    assert tried.last_error == "connection ConnectionRefusedError 111"
    record(office, references[0], 2, ApplicationAcknowledged())
    plan(office)
    with a_receiver(port=port) as back:
        _again(database)
        assert call(office) == 7
        told = [(_event(each)["subject"], _event(each)["sequence"]) for each in back.arrivals]
        assert len(set(back.ids)) == 7
    for reference in references:
        of_case = [sequence for subject, sequence in told if subject == reference]
        assert of_case == sorted(of_case, key=str)
    assert office.subscriptions.all()[0].failures == 0


@pytest.mark.parametrize("answer", [Answer(status=500), Answer(status=408), Answer()])
def test_a_message_put_off_comes_again_in_the_same_bytes_under_the_same_id(
    office: Office, receiver: Receiver, database: TestDatabase, answer: Answer
) -> None:
    _, secret = _subscribed(office, receiver, "application-acknowledged")
    acknowledge(office, applicant(1))
    plan(office)
    receiver.answers.append(answer)
    assert call(office) == 0
    _again(database)
    assert call(office) == 1
    first, second = receiver.arrivals
    assert (first.id, first.body) == (second.id, second.body)
    Webhook(secret).verify(second.body, dict(second.headers))


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asks_for_time_is_left_alone_so_long(
    office: Office, receiver: Receiver, status: int
) -> None:
    _subscribed(office, receiver)
    acknowledge(office, applicant(1))
    acknowledge(office, applicant(2))
    plan(office)
    receiver.answers.append(Answer(status=status, headers={"Retry-After": "7200"}))
    assert call(office) == 0
    assert len(receiver.arrivals) == 1
    (resting,) = office.subscriptions.all()
    assert resting.rests_until is not None
    assert resting.rests_until - office.clock() > timedelta(minutes=115)


@pytest.mark.parametrize("status", [400, 404, 301, 307])
def test_a_refused_message_is_dead_at_once_and_goes_when_a_person_retries_it(
    office: Office, receiver: Receiver, status: int
) -> None:
    _subscribed(office, receiver, "application-acknowledged")
    acknowledge(office, applicant(1))
    plan(office)
    receiver.answers.append(Answer(status=status, headers={"Location": "http://127.0.0.1:9/"}))
    assert call(office) == 0
    (row,) = [each for each in office.ledger.rows(looking()) if each.means == "webhook"]
    assert (row.state, row.last_error) == ("failed", f"http {status}")
    assert call(office) == 0
    assert office.ledger.retry("test", ids=[row.id]) == 1
    assert call(office) == 1
    assert receiver.ids == [row.message_id] * 2


def test_a_receiver_that_is_gone_is_paused_and_what_waits_goes_when_it_is_resumed(
    office: Office, receiver: Receiver
) -> None:
    name, _ = _subscribed(office, receiver)
    acknowledge(office, applicant(1))
    plan(office)
    receiver.answers.append(Answer(status=410))
    assert call(office) == 0
    paused = office.subscriptions.one(name)
    assert (paused.state, paused.paused_because) == (Activity.PAUSED, "it answered http 410")
    acknowledge(office, applicant(2))
    plan(office)
    assert call(office) == 0
    office.subscriptions.resume(name, "test")
    assert call(office) == 4


def test_one_system_that_takes_nothing_keeps_no_other_waiting(
    office: Office, receiver: Receiver
) -> None:
    with a_receiver() as gone:
        _subscribed(office, gone)
    _subscribed(office, receiver)
    acknowledge(office, applicant(1))
    plan(office)
    assert call(office) == 2
    assert sorted(_states(office)) == ["planned", "planned", "sent", "sent"]


def test_nobody_begins_a_turn_once_patience_is_over(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        _subscribed(office, receiver)
    acknowledge(office, applicant(1))
    plan(office)
    monkeypatch.setattr(posting, "SECONDS", 2.0)
    receiver.answers.extend([Answer(status=204, drip=True)] * 3)
    assert call(office, patience=1.0) == 0
    assert len(receiver.arrivals) <= 1


def test_a_removed_system_is_told_nothing_more_and_its_secret_is_gone(
    office: Office, receiver: Receiver, database: TestDatabase
) -> None:
    name, _ = _subscribed(office, receiver)
    acknowledge(office, applicant(1))
    plan(office)
    receiver.answers.append(Answer(status=400))
    assert (call(office), _states(office)) == (1, ["failed", "sent"])
    acknowledge(office, applicant(3))
    plan(office)
    assert office.subscriptions.remove(name, "test") == 3
    assert office.ledger.retry("test") == 0
    acknowledge(office, applicant(2))
    plan(office)
    assert call(office) == 0
    assert _states(office) == ["withheld", "sent", "withheld", "withheld"]
    with pytest.raises(NoSubscription):
        office.subscriptions.resume(name, "test")
    with psycopg.connect(database.owner_url) as owner:
        found = owner.execute("SELECT secret, former, wrapped FROM webhook_subscriptions")
        assert found.fetchall() == [(None, None, None)]


def test_what_failed_for_a_removed_system_is_not_retried(
    office: Office, receiver: Receiver
) -> None:
    name, _ = _subscribed(office, receiver, "application-acknowledged")
    acknowledge(office, applicant(1))
    plan(office)
    receiver.answers.append(Answer(status=404))
    call(office)
    office.subscriptions.remove(name, "test")
    (row,) = [each for each in office.ledger.rows(looking()) if each.means == "webhook"]
    assert (office.ledger.retry("test", ids=[row.id]), call(office)) == (0, 0)


def test_one_secret_that_does_not_open_keeps_no_other_system_waiting(
    office: Office, receiver: Receiver, database: TestDatabase
) -> None:
    name, _ = _subscribed(office, receiver)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE webhook_subscriptions SET secret = 'AAAA' WHERE id = %s", (name,))
    _subscribed(office, receiver, "application-acknowledged")
    acknowledge(office, applicant(1))
    plan(office)
    assert call(office) == 1


def test_an_erased_person_is_still_told_of_in_clear(office: Office, receiver: Receiver) -> None:
    _subscribed(office, receiver)
    reference = acknowledge(office, applicant(1))
    plan(office)
    erase(office.store, reference)
    plan(office)
    taken = call(office)
    assert taken == len(receiver.arrivals) >= 2
    assert {_event(each)["subject"] for each in receiver.arrivals} == {reference}


def test_no_secret_is_kept_in_clear(
    office: Office, receiver: Receiver, database: TestDatabase
) -> None:
    _, secret = _subscribed(office, receiver)
    with psycopg.connect(database.owner_url) as owner:
        (kept,) = owner.execute(
            "SELECT row_to_json(s)::text FROM webhook_subscriptions s"
        ).fetchall()
    assert secret.removeprefix("whsec_") not in kept[0]
    assert secret not in repr(office.subscriptions.all())


def test_what_is_too_large_to_tell_is_given_up_and_said(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    _subscribed(office, receiver, "application-acknowledged")
    acknowledge(office, applicant(1))
    plan(office)
    monkeypatch.setattr(calling, "LARGEST", 10)
    assert call(office) == 0
    (row,) = [each for each in office.ledger.rows(looking()) if each.means == "webhook"]
    assert (row.state, row.last_error) == ("failed", "larger than 10 bytes")


def test_webhooks_stand_behind_the_fence_too(office: Office, receiver: Receiver) -> None:
    _subscribed(office, receiver)
    acknowledge(office, applicant(1))
    plan(office)
    office.ledger.fence.passed()
    office.ledger.fence.close("a test of it")
    assert call(office) == 0
    assert receiver.arrivals == []
