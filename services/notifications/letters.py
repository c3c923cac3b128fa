"""What an effect says: templates in three languages, the letter made of one, its e-mail message.

Law: a letter is composed once, kept as composed, and makes the same message every time, so that a
message that is sent again can be told to be the same one by its Message-ID and by its bytes.

A template is named `EFFECT.LANGUAGE.txt`: header lines `From:` (the sender's name) and `Subject:`,
an empty line, and the text. `$name`, `$reference`, `$submitted_on` and `$status_url` are filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final

from domain.application import Applicant, Correspondence
from domain.days import hong_kong_date, written_out

# Every relay takes 7-bit content, so the bytes sent do not depend on what the server offers.
_POLICY: Final = SMTP.clone(cte_type="7bit")


class UnusableAddress(ValueError):
    """The text is not an e-mail address that a message can be sent to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message as composed, complete but for its date and id; kept sealed."""

    recipient: str
    sender: str
    sender_name: str
    subject: str
    language: Correspondence
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a letter is about: the case, when it was submitted, and where its status is shown."""

    reference: str
    submitted_at: datetime
    status_url: str


def compose(effect: str, occasion: Occasion, applicant: Applicant, sender: str) -> Letter:
    """Return the letter of `effect` in the applicant's language of correspondence.

    Raises `UnusableAddress` when nothing can be sent to the applicant's e-mail address.
    """
    language = applicant.correspondence_language
    headers, text = _template(effect, language)
    filled = {
        "name": _name(applicant),
        "reference": occasion.reference,
        "submitted_on": _written(hong_kong_date(occasion.submitted_at), language),
        "status_url": occasion.status_url,
    }
    return Letter(
        recipient=_usable(applicant.email),
        sender=sender,
        sender_name=headers["From"],
        subject=Template(headers["Subject"]).substitute(filled),
        language=language,
        text=Template(text).substitute(filled),
    )


def as_message(letter: Letter, *, message_id: str, written_at: datetime) -> EmailMessage:
    """Return the e-mail that `letter` is, dated `written_at`, with `message_id` as its identity."""
    message = EmailMessage(policy=_POLICY)
    message["Date"] = written_at
    message["Message-ID"] = message_id
    message["From"] = Address(display_name=letter.sender_name, addr_spec=letter.sender)
    message["To"] = Address(addr_spec=letter.recipient)
    message["Subject"] = letter.subject
    # Holiday replies and other machines are asked not to answer (RFC 3834, and Exchange's way).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text)
    message["Content-Language"] = letter.language  # after the text, which clears such headers
    return message


@cache
def _template(effect: str, language: Correspondence) -> tuple[Mapping[str, str], str]:
    """Return the header lines and the text of one template."""
    path = files("services.notifications") / "templates" / f"{effect}.{language}.txt"
    head, _, text = path.read_text(encoding="utf-8").partition("\n\n")
    lines = (line.partition(":") for line in head.splitlines())
    return {name: value.strip() for name, _, value in lines}, text


def _name(applicant: Applicant) -> str:
    """Return the name that a letter greets: the Chinese one, where it has one, in Chinese."""
    in_chinese = applicant.correspondence_language is not Correspondence.ENGLISH
    if in_chinese and applicant.name_in_chinese:
        return applicant.name_in_chinese
    return f"{applicant.given_names} {applicant.family_name}".strip()


def _written(day: date, language: Correspondence) -> str:
    if language is Correspondence.ENGLISH:
        return written_out(day)
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def _usable(email: str) -> str:
    """Return the address in its plain form, refusing what could smuggle in a second one."""
    try:
        address = Address(addr_spec=email.strip())
    except (MessageError, ValueError, IndexError, AttributeError):
        # The parser stumbles over some texts, such as a@[b: those are no addresses either. Without
        # its cause, which repeats the address to whoever logs it.
        raise UnusableAddress("no message can be sent to this e-mail address") from None
    if not address.username or not address.domain:
        raise UnusableAddress("an e-mail address needs a name, an @ and a domain")
    return address.addr_spec
