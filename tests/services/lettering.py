"""What the tests of letters share: an occasion of any event, and the message as it is read."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import get_args

from domain.application import Applicant, Correspondence
from domain.case import evolve, load
from domain.data_access import Access
from domain.events import ApplicationAcknowledged, CaseEvent, Event
from domain.happenings import Happening
from domain.processes import Party
from services.notifications.letters import Addressee, Letter, Occasion, as_message, compose
from tests.domain.histories import JOHN, submitted

SENT = datetime(2019, 9, 3, 2, 0, tzinfo=UTC)
_FILED = datetime(2019, 9, 1, 17, 30, tzinfo=UTC)


def a_person(language: str = "en", **changes: str) -> Applicant:
    """Return John, who reads a language."""
    return replace(JOHN.applicant, correspondence_language=Correspondence(language), **changes)


def happened(event: Event, *before: CaseEvent) -> Happening:
    """Return the happening of an event of a case with this history, or else a new one."""
    state = load(before or (submitted(),))
    after = evolve(state, event) if isinstance(event, get_args(CaseEvent)) else state
    return Happening(
        event=event,
        actor="officer-1",
        before=state,
        after=after,
        holder=None,
        access=Access(),
    )


def occasion(happening: Happening, applicant: Applicant) -> Occasion:
    """Return what a letter about a happening is about."""
    return Occasion(
        happening=happening,
        reference="QM-4K7RT-9XWPR",
        submitted_at=_FILED,
        applicant=applicant,
        public_url="https://qmas.example",
    )


def letter(
    effect: str = "acknowledgement",
    happening: Happening | None = None,
    language: str = "en",
    *,
    party: Party = Party.APPLICANT,
    copied: bool = False,
    **changes: str,
) -> Letter:
    """Return the letter of an effect to a party."""
    person = a_person(language, **changes)
    about = occasion(happening or happened(ApplicationAcknowledged()), person)
    name = f"{person.given_names} {person.family_name}"
    if language != "en" and person.name_in_chinese:
        name = person.name_in_chinese
    to = Addressee(party=party, name=name, email=person.email, copied=copied)
    return compose(effect, about, to, "no-reply@q.test")


def received(sent: Letter) -> EmailMessage:
    """Return the message as its reader has it, after its bytes have travelled."""
    message = as_message(sent, sender="no-reply@q.test", message_id="<one@q.test>", written_at=SENT)
    return message_from_bytes(message.as_bytes(), _class=EmailMessage, policy=default)
