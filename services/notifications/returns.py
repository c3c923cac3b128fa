"""Letters that the mail server took and that came back: reports say which, and by what number.

Law: nothing of a report is kept but its number, because it repeats the address. It is mail from
anywhere: whatever it holds, it either says that a letter failed, or something else, or nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, func, select, update

from domain.errors import Reportable
from domain.processes import Party
from services.notifications.entries import NO_LONGER, RETURNED, Means, State
from services.notifications.ledger import Ledger
from services.notifications.statements import OPEN, tried
from services.notifications.tables import notifications

LARGEST: Final = 1024 * 1024
"""How many bytes of a report are read: what it says stands at its beginning."""

_ROW: Final = notifications.c
_MESSAGE_ID: Final = re.compile(r"<[^<>\s@]+@[^<>\s@]+>")
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b", re.ASCII)
_STATUSES: Final = "message/delivery-status"


class NoReport(Reportable):
    """What was read is no report of a delivery, or does not say of which message."""


class NoSuchLetter(Reportable):
    """There is no letter of that number or Message-ID."""


class NotSentYet(Reportable):
    """The letter is being sent, or waits for it, so that it may arrive yet."""


class Reason(StrEnum):
    """Why a letter came back, where a person says so: in no words of their own.

    Those would stay in clear beside the case, also once its person is erased.
    """

    UNKNOWN = "mailbox-unknown"
    FULL = "mailbox-full"
    REFUSED = "refused"
    OTHER = "other"


class Became(StrEnum):
    """What came of saying that a letter is back."""

    FAILED = "is given up"
    AS_BEFORE = "was given up already, and stays as it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Of which message a report is and, if that was given up, by what number; or by none, `""`."""

    message_id: str
    failed: str | None


def read(data: bytes) -> Report:
    """Return what a delivery status notification says (RFC 3464); raises `NoReport`."""
    try:
        for part in message_from_bytes(data).walk():
            parts = _parts(part)
            statuses = [each for each in parts if each.get_content_type() == _STATUSES]
            if statuses:
                return Report(message_id=_original(parts), failed=_failed(statuses))
    except RecursionError:
        raise NoReport("this holds mail within mail without an end, and no report") from None
    raise NoReport("this is no report of a delivery (RFC 3464), so no letter is marked")


def mark(ledger: Ledger, letter: int | str, problem: str, by: str) -> tuple[int, Became]:
    """The letter of a number or Message-ID counts as given up; return its number, and what it was.

    Nobody is to print one to a representative who speaks for the applicant no longer: it goes to
    nobody. Raises `NoSuchLetter`, and `NotSentYet` where it may arrive yet.
    """
    known = _ROW.id == letter if isinstance(letter, int) else _ROW.message_id == letter
    is_it = known & (_ROW.means == Means.EMAIL)
    ended = _has_ended()
    given_up = {
        "state": case((ended, State.WITHHELD), else_=State.FAILED),
        "settled_at": func.now(),
        "last_error": case((ended, NO_LONGER), else_=problem),
    }
    changed = update(notifications).where(is_it, _ROW.state == State.SENT).values(**given_up)
    with ledger.engine.begin() as connection:
        was_sent = connection.execute(tried(changed, f"{problem}, by {by}")).rowcount
        row = connection.execute(select(_ROW.id, _ROW.state).where(is_it)).one_or_none()
    if row is None:
        raise NoSuchLetter(f"there is no letter {letter}: `qmas notifications list` shows all")
    if row.state in OPEN:
        raise NotSentYet(f"letter {row.id} is not sent yet, or is being sent again: say it then")
    return row.id, Became.FAILED if was_sent else Became.AS_BEFORE


def problem(what: str = "") -> str:
    """Return what is on record of a letter that came back: by a number, or by a `Reason`."""
    return f"{RETURNED} {what}".strip()


def _has_ended() -> ColumnElement[bool]:
    """Say that a letter is to a representative who was told since that they are it no longer."""
    later = notifications.alias("later")
    told = exists().where(
        later.c.reference == _ROW.reference,
        later.c.party == Party.FORMER_REPRESENTATIVE,
        later.c.position > _ROW.position,
    )
    return and_(_ROW.party == Party.REPRESENTATIVE, told)


def _parts(part: Message) -> Sequence[Message]:
    inner: Any = part.get_payload()
    return inner if part.is_multipart() else ()


def _original(parts: Sequence[Message]) -> str:
    """Return the Message-ID of what is returned, whole or by its headers alone."""
    for part in parts:
        match part.get_content_type():
            case "message/rfc822":
                (message, *_) = _parts(part) or (Message(),)
            case "text/rfc822-headers":
                message = message_from_bytes(_decoded(part))
            case _:
                continue
        if found := _MESSAGE_ID.search(str(message.get("Message-ID", ""))):
            return found[0]
    raise NoReport("the report does not say of which message it is, so no letter is marked")


def _decoded(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _failed(statuses: Sequence[Message]) -> str | None:
    """Return the number of whom it could not be delivered to, None where that may be done yet.

    One that was tried for too long was given up as well, by a number that begins with 4: what
    counts is what was done.
    """
    for recipient in (each for status in statuses for each in _parts(status)):
        if str(recipient.get("Action", "")).strip().lower() == "failed":
            number = _STATUS.search(str(recipient.get("Status", "")))
            return number[0] if number else ""
    return None
