"""The letter that an effect makes for one of its parties, and the e-mail message that it is.

Law: a letter is composed once, kept as composed, and makes the same message every time, so that a
message that is sent again can be told to be the same one by its Message-ID and by its bytes. Only
whom it comes from is a setting, and who is set when it goes out: a sender that was wrong is mended.
Whoever is of the office is told what happened by a reference and a link, and nothing personal.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from domain.application import Applicant, Correspondence
from domain.days import hong_kong_date
from domain.errors import Reportable
from domain.happenings import Happening
from domain.particulars import ContactChanged, Representative
from domain.processes import OUTSIDE, Effect, Party
from services.mailboxes import usable
from services.notifications.facts import day, facts_of, wait
from services.notifications.wording import (
    FRAME,
    Block,
    Facts,
    as_page,
    as_text,
    filled,
    filled_blocks,
    words_of,
)

# Every relay takes 7-bit content, so the bytes sent do not depend on what the server offers.
_POLICY: Final = SMTP.clone(cte_type="7bit")
_OWN: Final = "frame-own"
_COPY: Final = "frame-copy"
_REPRESENTATIVE: Final = "frame-representative"
_STAFF: Final = "frame-staff"
_FORMER: Final = "frame-former"
_CODE: Final = "enquiry-code"


class NoMessage(Reportable):
    """What is kept of a letter is none, or makes no e-mail; says so without anything personal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message as composed, complete but for its date and id; kept sealed.

    `sender` is who was set when it was composed.
    `recipient` is empty where nothing can be sent to the address, and the letter has to be printed.
    `page` is the same as HTML, empty where the message has plain text alone.
    """

    recipient: str
    sender: str
    sender_name: str
    subject: str
    language: Correspondence
    text: str
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who a letter goes to: a party by name and address; `copied` where it is the applicant's."""

    party: Party
    name: str
    email: str
    copied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a letter is about: what happened, and the case and its applicant as they are now.

    `public_url` is where the pages are, without a slash at its end. `months` are the whole months
    that the wait will probably still take, at least and at most, None where nothing can be told.
    """

    happening: Happening
    reference: str
    submitted_at: datetime
    applicant: Applicant
    public_url: str
    months: tuple[int, int] | None = None


def addressed(
    effect: Effect, party: Party, applicant: Applicant, representative: Representative | None
) -> Addressee:
    """Return a party outside the office by name and address; a representative has to be there."""
    if party is Party.APPLICANT:
        return Addressee(party=party, name=_name(applicant), email=applicant.email)
    if representative is None:
        raise ValueError(f"nobody is known to be the {party}")
    copied = Party.APPLICANT in effect.to
    return Addressee(
        party=party, name=representative.name, email=representative.email, copied=copied
    )


def at_former_address(event: ContactChanged, applicant: Applicant) -> Addressee:
    """Return whoever reads the mailbox that an applicant had before, by the applicant's name."""
    former = event.personal.former if event.personal else ""
    return Addressee(party=Party.FORMER_ADDRESS, name=_name(applicant), email=former)


def compose(effect: str, occasion: Occasion, to: Addressee, sender: str) -> Letter:
    """Return the letter of `effect`, in the applicant's language or, within the office, English."""
    outside = to.party in OUTSIDE
    applicant = occasion.applicant
    language = applicant.correspondence_language if outside else Correspondence.ENGLISH
    frame, words = words_of(_frame_of(to), language), words_of(effect, language)
    facts: Facts = {
        "reference": occasion.reference,
        "status_url": f"{occasion.public_url}/",
        "case_url": f"{occasion.public_url}/staff/cases/{occasion.reference}",
    }
    if outside:
        facts = {
            **facts,
            "name": _name(applicant),
            "recipient": to.name,
            "wait": wait(occasion.months, language),
            "submitted_on": day(hong_kong_date(occasion.submitted_at), language),
            **facts_of(occasion.happening, language),
        }
    blocks = filled_blocks(_around(frame.blocks, words.blocks), facts)
    subject = filled(words.subject, facts)
    return Letter(
        recipient=usable(to.email),
        sender=sender,
        sender_name=words_of(FRAME, language).named["sender" if outside else "office"],
        subject=subject,
        language=language,
        text=as_text(blocks),
        page=as_page(subject, language, blocks),
    )


def compose_code(
    applicant: Applicant, *, reference: str, code: str, minutes: int, sender: str
) -> Letter:
    """Return the message with a code by which an applicant comes in, in their language."""
    language = applicant.correspondence_language
    words = words_of(_CODE, language)
    facts: Facts = {
        "reference": reference,
        "recipient": _name(applicant),
        "code": code,
        "minutes": str(minutes),
    }
    blocks = filled_blocks(words.blocks, facts)
    subject = filled(words.subject, facts)
    return Letter(
        recipient=usable(applicant.email),
        sender=sender,
        sender_name=words_of(FRAME, language).named["sender"],
        subject=subject,
        language=language,
        text=as_text(blocks),
        page=as_page(subject, language, blocks),
    )


def subject_of(effect: str, happening: Happening, reference: str, language: Correspondence) -> str:
    """Return the first line that somebody outside the office reads of a letter."""
    facts = {"reference": reference, **facts_of(happening, language)}
    return filled(words_of(effect, language).subject, facts)


def as_message(
    letter: Letter, *, sender: str, message_id: str, written_at: datetime
) -> EmailMessage:
    """Return the e-mail that `letter` is, dated `written_at`, with `message_id` as its identity.

    Raises `NoMessage` where a header of it cannot be written.
    """
    try:
        message = _as_message(letter, sender, message_id, written_at)
        message.as_bytes()  # some of what cannot be written is found no sooner
    except (MessageError, ValueError, LookupError, AttributeError):
        pass  # the library stumbles in more ways than it says
    else:
        return message
    # Raised out here, so that no traceback shows the fault itself, which may quote the person.
    raise NoMessage("it makes no message")


def _as_message(letter: Letter, sender: str, message_id: str, written_at: datetime) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["Date"] = written_at
    message["Message-ID"] = message_id
    message["From"] = Address(display_name=letter.sender_name, addr_spec=sender)
    message["To"] = Address(addr_spec=letter.recipient)
    message["Subject"] = letter.subject
    # Holiday replies and other machines are asked not to answer (RFC 3834, and Exchange's way).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text)
    if letter.page:
        message.add_alternative(letter.page, subtype="html")
        # Made of what is the same every time, where the library would draw one by lot.
        message.set_boundary(hashlib.sha256(message_id.encode()).hexdigest()[:40])
    message["Content-Language"] = letter.language  # after the text, which clears such headers
    return message


def _frame_of(to: Addressee) -> str:
    if to.party not in OUTSIDE:
        return _STAFF
    if to.party is Party.FORMER_ADDRESS:
        return _FORMER
    if to.party is Party.APPLICANT:
        return _OWN
    return _COPY if to.copied else _REPRESENTATIVE


def _around(frame: tuple[Block, ...], inner: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return the blocks of a frame with those of a letter where it says so."""
    at = next(number for number, block in enumerate(frame) if block.lines == ("...",))
    return (*frame[:at], *inner, *frame[at + 1 :])


def _name(applicant: Applicant) -> str:
    """Return the name that a letter greets: the Chinese one, where it has one, in Chinese."""
    in_chinese = applicant.correspondence_language is not Correspondence.ENGLISH
    if in_chinese and applicant.name_in_chinese:
        return applicant.name_in_chinese
    return f"{applicant.given_names} {applicant.family_name}".strip()
