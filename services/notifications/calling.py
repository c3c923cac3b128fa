"""Tells subscribed systems of events: planned with the letters, delivered by HTTP.

Law: a row is for one event and one subscription, and its message has the same id and the same
bytes at every attempt, so that whoever gets it twice can tell. One system that is slow, or takes
nothing, keeps no other waiting for longer than its turn.
"""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from domain.events import Event
from domain.record import Recorded
from services.notifications import cloud_events, signing
from services.notifications.delivery import FIRST_WAIT, claimed, put_off, settle, wait_after
from services.notifications.entries import Claim, Identity, Means, Plan
from services.notifications.posting import Poster
from services.notifications.replies import Reply, Verdict
from services.notifications.subscriptions import NoSubscription, Served, Subscription
from services.store.errors import EventOfLater, EventUnreadable
from services.tracing import handed_over
from services.wiring import Office

BATCH: Final = 20
TURN: Final = 20.0
PATIENCE: Final = 45.0
LARGEST: Final = 1024 * 1024
EFFECT: Final = "webhook"
WORKER: Final = "worker"
"""Who pauses a subscription that asked for nothing more."""

_log: Final = structlog.get_logger(__name__)


def told(
    recorded: Recorded[Event], listening: Sequence[Subscription], *, heard: bool
) -> Iterator[Plan]:
    """Yield the row of each subscription to tell of an event, of which applicants have `heard`."""
    named = cloud_events.told_of(recorded) if listening else None
    if named is None or recorded.position is None:
        return
    name, subject = named
    for subscription in listening:
        if subscription.wants(name, recorded.position, heard=heard):
            identity = Identity(event_id=recorded.event_id, effect=EFFECT, party=subscription.id)
            yield Plan(
                position=recorded.position,
                reference=subject,
                identity=identity,
                means=Means.WEBHOOK,
                message_id=f"msg_{identity.name()}",
                letter=None,
            )


def call(office: Office, *, batch: int = BATCH, patience: float = PATIENCE) -> int:
    """Every subscription was told what is due, or is asked again later; return how much it took.

    They take turns, and none begins one after `patience` seconds. Several may run at once.
    """
    poster = Poster(office.clock, inside=office.settings.webhooks.inside)
    until = time.monotonic() + patience
    taken, served = 0, True
    while served and time.monotonic() < until:
        served = False
        for subscription in _by_lot(office.subscriptions.ready()):
            if time.monotonic() > until:
                break
            claims = claimed(office, limit=batch, subscription=subscription.id)
            served = served or bool(claims)
            taken += _serve(office, poster, subscription.id, claims)
    return taken


def attempt(office: Office, subscription: Served, trial: UUID) -> Reply:
    """Return what a subscribed system makes of an event that says nothing and is in no ledger."""
    body = cloud_events.trial(
        str(trial), source=office.settings.public_url, prefix=office.settings.webhooks.prefix
    )
    message_id = f"msg_{trial.hex}"
    poster = Poster(office.clock, inside=office.settings.webhooks.inside)
    return _post(office, poster, subscription, message_id, body)


def _by_lot(ready: Sequence[Served]) -> Sequence[Served]:
    """Return them in another order each time, so that nobody always comes after the slow ones."""
    return random.sample(ready, len(ready))


def _serve(office: Office, poster: Poster, name: str, claims: Sequence[Claim]) -> int:
    """Send what was claimed while the turn lasts and it is taken; return how much was.

    The subscription is looked at before each message: one that is paused or removed meanwhile is
    sent nothing more, and none is signed with a secret that was ended.
    """
    turn_ends = time.monotonic() + TURN
    taken, unknown = 0, list[str]()
    with suppress(NoSubscription):  # it was removed while it was spoken to, and what waits with it
        for index, claim in enumerate(claims):
            found = office.subscriptions.ready(name)
            if not found or time.monotonic() > turn_ends:
                office.ledger.release(claims[index:])
                break
            (subscription,) = found
            try:
                reply = _send(office, poster, subscription, claim)
            except EventOfLater as fault:
                # Not given up, for others know it; and what is of other cases waits for nothing.
                office.ledger.leave(claim, FIRST_WAIT, "its event is of a later version")
                unknown.append(str(fault))
                continue
            if reply.verdict is Verdict.GONE:
                office.ledger.release(claims[index:])
                office.subscriptions.pause(name, WORKER, f"it answered {reply.reason}")
                _log.warning("webhook_paused", subscription=name, reason=reply.reason)
                break
            if reply.verdict is Verdict.UNREACHABLE:
                put_off(office.ledger, claim, reply)
                office.ledger.release(claims[index + 1 :])
                _let_rest(office, subscription, reply)
                break
            taken += settle(office.ledger, claim, reply)
            if subscription.failures:
                office.subscriptions.recovered(name)
    if unknown:
        told = {"subscription": name, "number": len(unknown), "reason": unknown[0]}
        _log.error("webhooks_wait_for_a_later_version", **told)
    return taken


def _let_rest(office: Office, subscription: Served, reply: Reply) -> None:
    wait = wait_after(subscription.failures + 1, random.random())  # noqa: S311 - it spreads load, guards nothing
    wait = max(wait, reply.wait or timedelta())
    office.subscriptions.rest(subscription.id, wait)
    _log.info(
        "webhook_rests",
        subscription=subscription.id,
        failures=subscription.failures + 1,
        seconds=round(wait.total_seconds()),
        reason=reply.reason,
    )


def _send(office: Office, poster: Poster, subscription: Served, claim: Claim) -> Reply:
    try:
        found = office.store.read_log(after=claim.position - 1, limit=1, personal=False)
    except EventOfLater:
        raise
    except EventUnreadable as fault:
        _log.error("webhook_event_unreadable", id=claim.id, reason=str(fault))
        return Reply(verdict=Verdict.REFUSED, reason="its event cannot be read")
    if not found or found[0].event_id != claim.identity.event_id:
        return Reply(verdict=Verdict.REFUSED, reason="its event is not in the log")
    body = cloud_events.written(
        found[0],
        source=office.settings.public_url,
        prefix=office.settings.webhooks.prefix,
    )
    if len(body) > LARGEST:
        return Reply(verdict=Verdict.REFUSED, reason=f"larger than {LARGEST} bytes")
    return handed_over(
        "webhook",
        found[0],
        {
            "qmas.notification": claim.id,
            "qmas.attempt": claim.attempts,
            "qmas.subscription": subscription.id,
        },
        lambda: _post(office, poster, subscription, claim.message_id, body),
    )


def _post(
    office: Office, poster: Poster, subscription: Served, message_id: str, body: bytes
) -> Reply:
    signed = signing.headers(message_id, office.clock(), body, subscription.secrets)
    headers = {
        "Content-Type": cloud_events.MEDIA_TYPE,
        "User-Agent": "qmas",
        "Connection": "close",
        **signed,
    }
    return poster.post(subscription.url, headers, body)
