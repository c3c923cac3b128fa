"""Sends codes to those who may come in: at once, to the address at which they are reached now.

Law: whether a code goes to anybody is found out here and nowhere else, after the asker was
answered. Where another application was filed in the place of one, its code goes where that one
says. A code is in clear in the message alone; what is kept of it is a keyed hash.
"""

import base64
import hashlib
import hmac
import random
import time
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final

import structlog

from services.notifications.codes import HOLDS, Claim
from services.notifications.delivery import let_rest, wait_after
from services.notifications.fence import FenceClosed
from services.notifications.letters import Letter, NoMessage, as_message, compose_code
from services.notifications.mail import MailServer
from services.notifications.marks import MarksAway
from services.notifications.readdressing import filed_of, reached
from services.notifications.replies import Reply, Verdict
from services.store import EventOfLater, EventUnreadable, MasterKeyChanged, SealBroken
from services.wiring import Office

PATIENCE: Final = 10.0
LEASE: Final = timedelta(minutes=3)
"""Longer than two conversations of up to `mail.CONVERSATION`, the first to be let in."""

FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=2)
_TO_READ_IT: Final = timedelta(minutes=1)
_ID_BYTES: Final = 20

_log: Final = structlog.get_logger(__name__)


def send(office: Office, *, patience: float = PATIENCE) -> int:
    """What was asked for is sent or dropped; return how many codes were handed over.

    Begins no further one after `patience` seconds, and none while the mail server rests or the
    fence is closed. Raises `EventOfLater` or `MasterKeyChanged` in the end where others can read a
    case that we cannot; its code waits for them.
    """
    sender = office.settings.mail_sender
    until = time.monotonic() + patience
    sent, unread = 0, None
    with MailServer(office.settings.smtp, calls_itself=sender.rpartition("@")[2]) as server:
        while not (rest := office.ledger.mail.now()).lasts and time.monotonic() < until:
            claim = _claimed(office)
            if claim is None:
                break
            try:
                letter = _readable(office, claim)
            except (EventOfLater, MasterKeyChanged) as fault:
                office.codes.leave(claim, office.clock() + FIRST_WAIT)
                unread = fault
                continue
            message = _written(letter, claim, sender) if letter else None
            if letter is None or message is None:
                office.codes.drop(claim)
                continue
            reply = server.hand_over(message, sender=sender, recipient=letter.recipient)
            sent += _settle(office, claim, reply, rest.failures)
    if unread is not None:
        raise unread
    return sent


def letter_for(office: Office, claim: Claim) -> Letter | None:
    """Return the message with a code, which opens from now on; None where nobody is to have it."""
    now = office.clock()
    if claim.expires_at - now < _TO_READ_IT or _composed(office, claim) is None:
        return None
    # Written once more: while this was allowed, the address may have been changed.
    return _composed(office, claim) if office.codes.allow(claim, now) else None


def _readable(office: Office, claim: Claim) -> Letter | None:
    """As `letter_for`; None too where nobody can read the case, so that other codes go out."""
    try:
        return letter_for(office, claim)
    except (EventOfLater, MasterKeyChanged):
        raise  # others can read the case
    except (EventUnreadable, SealBroken) as fault:
        _log.warning("code_not_sent", reference=claim.reference, reason=str(fault))
        return None


def _written(letter: Letter, claim: Claim, sender: str) -> EmailMessage | None:
    """Return the e-mail with a code; None where it makes none, so that other codes go out."""
    try:
        return as_message(
            letter, sender=sender, message_id=_message_id(claim, sender), written_at=claim.asked_at
        )
    except NoMessage as fault:
        _log.warning("code_not_sent", reference=claim.reference, reason=str(fault))
        return None


def _claimed(office: Office) -> Claim | None:
    try:
        return office.codes.claim(office.clock(), LEASE)
    except (FenceClosed, MarksAway) as fault:
        # Whoever delivers letters closes the fence, and tells of it.
        _log.info("codes_wait", because=str(fault))
        return None


def _composed(office: Office, claim: Claim) -> Letter | None:
    """Return the message to the address as it is now; None where nobody may have the code."""
    unsent = claim.unsent
    if unsent is None:
        return None
    filed = filed_of(office, claim.reference)
    applicant = reached(office, filed)
    if filed is None or filed.application is None or applicant is None:
        return None
    letter = compose_code(
        applicant,
        reference=claim.reference,
        code=unsent.code,
        minutes=int(HOLDS.total_seconds() // 60),
        sender=office.settings.mail_sender,
    )
    born = filed.application.applicant.date_of_birth
    same = hmac.compare_digest(born.isoformat(), unsent.born.isoformat())
    return letter if same and letter.recipient else None


def _settle(office: Office, claim: Claim, reply: Reply, failures: int) -> int:
    """Mark what became of a code; return 1 when it was handed over, else 0."""
    if failures and reply.verdict is not Verdict.UNREACHABLE:
        office.ledger.mail.end()
    match reply.verdict:
        case Verdict.TAKEN:
            office.codes.sent(claim)
            return 1
        case Verdict.UNREACHABLE:
            let_rest(office.ledger, failures + 1, reply)
            office.codes.put_off(claim, office.clock())
        case Verdict.PUT_OFF:
            office.codes.put_off(claim, _again(office.clock(), claim.attempts))
        case _:
            office.codes.drop(claim)
            _log.warning("code_not_sent", reason=reply.reason)
    return 0


def _again(now: datetime, attempts: int) -> datetime:
    luck = random.random()  # noqa: S311 - it spreads load, guards nothing
    return now + wait_after(attempts, luck, first=FIRST_WAIT, longest=LONGEST_WAIT)


def _message_id(claim: Claim, sender: str) -> str:
    """Return the Message-ID, the same however often it is sent; it does not tell the challenge."""
    digest = hashlib.sha256(b"enquiry code " + claim.id.bytes).digest()[:_ID_BYTES]
    name = base64.b32encode(digest).decode("ascii").rstrip("=").lower()
    return f"<{name}@{sender.rpartition('@')[2]}>"
