"""Hands over what is due in the ledger, at least once, and once unless something dies in between.

Law: a row is claimed, looked at again, sent, and marked, in transactions of their own and none
while the mail server is spoken to. Whoever dies between sending and marking leaves a lease that
ends, and the message goes out again with the same Message-ID.
"""

import os
import random
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from domain.events import Event
from domain.processes import AT_ANY_HOUR, OUTSIDE
from domain.record import Recorded
from services import deadlines
from services.notifications.entries import Claim, Identity
from services.notifications.fence import REMEDY, FenceClosed, FenceTripped
from services.notifications.ledger import Ledger
from services.notifications.letters import NoMessage, as_message
from services.notifications.mail import MailServer
from services.notifications.marks import MarksAway
from services.notifications.replies import Reply, Verdict, refused_by_us
from services.notifications.resting import FIRST_REST, LONGEST_REST
from services.store.errors import StoreFault
from services.store.sealing import MasterKeyChanged, SealBroken
from services.tracing import handed_over, is_on
from services.wiring import Office

BATCH: Final = 50
LEASE: Final = timedelta(minutes=6)
# A message may take two conversations of up to `mail.CONVERSATION`, the first to be let in; so none
# is begun when less than that is left of the lease.
START_WITHIN: Final = 120.0
# Short, because what waits beside letters on the same worker has its turn in between.
PATIENCE: Final = 10.0

_SOON: Final = 0.1  # seconds; whoever speaks may have looked for the last time before our letter

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
MAX_ATTEMPTS: Final = 120  # waits of 30 s doubling to an hour: nearly five days, as mail does

_log: Final = structlog.get_logger(__name__)


def deliver_alone(office: Office) -> int:
    """As `deliver`, while no other process of this worker does so; or else 0, and soon.

    The worker's other processes are left for its other work, however slow the mail server is. More
    workers speak to it at once: the processes of one are those that have the same parent.
    """
    # Containers that share a host's name have process numbers of their own.
    numbered_in = Path("/proc/self/ns/pid").stat().st_ino
    worker = f"{socket.gethostname()} {numbered_in} {os.getppid()}"
    for pause in (0.0, _SOON):
        time.sleep(pause)
        with office.ledger.mail.alone(worker) as is_ours:
            if is_ours:
                return deliver(office)
    return 0


def deliver(office: Office, *, batch: int = BATCH, patience: float = PATIENCE) -> int:
    """What is due is sent, or put off, or given up; return how many messages were handed over.

    Begins no further batch after `patience` seconds, and none while the server rests.
    Several may run at once: each claims rows of its own.
    """
    sender = office.settings.mail_sender
    until = time.monotonic() + patience
    handed_over = 0
    with MailServer(office.settings.smtp, calls_itself=sender.rpartition("@")[2]) as server:
        while not (rest := office.ledger.mail.now()).lasts:
            claims = claimed(office, limit=batch)
            handed_over += _deliver(office, server, claims, rest.failures)
            # A batch that is not full is not the last: whoever was behind another may be due now.
            if not claims or time.monotonic() > until:
                break
    return handed_over


def claimed(office: Office, *, limit: int, subscription: str | None = None) -> tuple[Claim, ...]:
    """Return what is due and ours to send; nothing while the fence is closed, and that is told."""
    try:
        return office.ledger.claim(limit=limit, lease=LEASE, subscription=subscription)
    except FenceTripped as fault:
        _close(office, str(fault))
    except FenceClosed as fault:
        # Whoever closed it may have been killed before all was told.
        tell_of_time(office)
        if office.ledger.fence.seldom.tells("closed"):
            _log.warning("notifications_fence_is_closed", because=str(fault), remedy=REMEDY)
    except MarksAway as fault:
        _log.warning("notifications_wait", because=str(fault))
    return ()


def _close(office: Office, because: str) -> None:
    """Nothing goes out any more, and all that may have been told is in the log, and counts."""
    # At once: what others record while time is told of, which may take minutes, was told to nobody.
    office.store.sequence()
    office.ledger.fence.close(because, telling=True)
    _log.error("notifications_fence_closed", because=because, remedy=REMEDY)
    tell_of_time(office)


def tell_of_time(office: Office) -> None:
    """What time has brought is in the log, and counts as told, where a fence was closed for that.

    It may have been told before a restore, and would come once more. One process does so at a time;
    what it leaves when it is killed is done by whoever meets the closed fence next.
    """
    with office.ledger.mail.alone("telling of time") as is_ours:
        if is_ours and office.ledger.fence.is_telling():
            with suppress(deadlines.DeadlinesUntold):
                deadlines.fire(office)
            office.store.sequence()
            office.ledger.fence.told()


def wait_after(
    attempts: int, luck: float, *, first: timedelta = FIRST_WAIT, longest: timedelta = LONGEST_WAIT
) -> timedelta:
    """Return how long to wait after so many attempts; `luck`, from 0 to 1, spreads the herd."""
    doubled = first * (1 << min(attempts - 1, 20))
    return min(doubled, longest) * (0.5 + luck / 2)


def _deliver(office: Office, server: MailServer, claims: Sequence[Claim], failures: int) -> int:
    """Send what was claimed while the server is there; return how many were taken.

    Nobody was there for `failures` times in a row before. Raises `MasterKeyChanged` in the end
    where others can open what we cannot.
    """
    ledger = office.ledger
    last_start = time.monotonic() + START_WITHIN
    taken, unopened = 0, None
    for index, claim in enumerate(claims):
        if time.monotonic() > last_start:
            ledger.release(claims[index:])
            break
        # It was planned in the day perhaps, and comes late: put off, freed or sent somewhere else.
        until = quiet_until(office, claim.identity)
        if until is not None and not claim.freed:
            ledger.hold(claim, until)
            continue
        # Others of the batch took their time, and whom it goes to may have changed meanwhile.
        found = ledger.renewed(claim)
        if found is None:
            continue
        try:
            reply = _send(office, server, found)
        except MasterKeyChanged as fault:
            ledger.leave(found, FIRST_WAIT, "its key is known to other workers")
            unopened = fault
            continue
        if reply is not None and reply.verdict is Verdict.UNREACHABLE:
            put_off(ledger, found, reply)
            # It rests before the others are let go, or somebody takes one and tries in vain.
            let_rest(ledger, failures + 1, reply)
            ledger.release(claims[index + 1 :])
            break
        if failures and reply is not None and not reply.of_ours:
            ledger.mail.end()
            failures = 0
        taken += settle(ledger, found, reply)
    if unopened is not None:
        raise unopened
    return taken


def quiet_until(office: Office, identity: Identity) -> datetime | None:
    """Return when the quiet hours are over that keep back a letter now, None where none do."""
    quiet, now = office.settings.quiet_hours, office.clock()
    if quiet is None or identity.effect in AT_ANY_HOUR or identity.party not in OUTSIDE:
        return None
    over = quiet.over_at(now)
    return over if over > now else None


def let_rest(ledger: Ledger, failures: int, reply: Reply) -> None:
    """The mail server is left alone for a while: nobody was there so many times in a row."""
    luck = random.random()  # noqa: S311 - it spreads load, guards nothing
    wait = wait_after(failures, luck, first=FIRST_REST, longest=LONGEST_REST)
    ledger.mail.begin(wait)
    seconds = round(wait.total_seconds())
    _log.warning("mail_server_rests", failures=failures, seconds=seconds, reason=reply.reason)


def _send(office: Office, server: MailServer, claim: Claim) -> Reply | None:
    """Return the server's reply; None when the person was erased and nothing is to be sent.

    What of one letter cannot be opened or written is refused by us, and keeps no other waiting.
    """
    # Not who was the sender when it was written: where that one is refused it is mended by a
    # setting, and what was written before has to go out too.
    sender = office.settings.mail_sender
    try:
        letter = office.ledger.open_letter(claim)
        if letter is None:
            return None
        message = as_message(
            letter, sender=sender, message_id=claim.message_id, written_at=claim.planned_at
        )
    except MasterKeyChanged:
        raise  # others can open it
    except SealBroken:
        return refused_by_us("the sealed letter does not open")
    except NoMessage as fault:
        return refused_by_us(str(fault))
    return handed_over(
        f"letter {claim.identity.effect}",
        _cause(office, claim) if is_on() else None,
        {"qmas.notification": claim.id, "qmas.attempt": claim.attempts},
        lambda: server.hand_over(message, sender=sender, recipient=letter.recipient),
    )


def _cause(office: Office, claim: Claim) -> Recorded[Event] | None:
    """Return the event that is told of, as far as it can be read: the letter goes out anyway."""
    with suppress(StoreFault):
        found = office.store.read_log(after=claim.position - 1, limit=1, personal=False)
        if found and found[0].event_id == claim.identity.event_id:
            return found[0]
    return None


def settle(ledger: Ledger, claim: Claim, reply: Reply | None) -> int:
    """Mark what became of a message; return 1 when it was handed over, else 0."""
    if reply is None:
        ledger.withhold(claim)
    elif reply.verdict is Verdict.TAKEN:
        ledger.sent(claim)
        return 1
    elif reply.verdict is Verdict.REFUSED:
        _give_up(ledger, claim, reply.reason)
    else:
        put_off(ledger, claim, reply)
    return 0


def put_off(ledger: Ledger, claim: Claim, reply: Reply) -> None:
    """A message is tried again later, or given up after its last attempt."""
    if claim.attempts >= MAX_ATTEMPTS:
        _give_up(ledger, claim, f"gave up after {claim.attempts} attempts: {reply.reason}")
        return
    wait = wait_after(claim.attempts, random.random())  # noqa: S311 - it spreads load, guards nothing
    wait = max(wait, reply.wait or timedelta())
    ledger.postpone(claim, wait, reply.reason)
    _log.info("notification_put_off", id=claim.id, attempts=claim.attempts, reason=reply.reason)


def _give_up(ledger: Ledger, claim: Claim, reason: str) -> None:
    ledger.fail(claim, reason)
    _log.warning("notification_failed", id=claim.id, attempts=claim.attempts, reason=reason)
