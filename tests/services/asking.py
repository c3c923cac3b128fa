"""Who asks, and for what, in tests of the shell."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from domain.access import Person, Role
from domain.application import Application
from domain.commands import CaseCommand, ConfirmDecision, Proposal, SubmitApplication
from domain.deciding.seconding import MATTER_OF
from domain.decisions import Matter
from domain.events import Channel
from domain.looks import Door
from services.privacy.kept import preview_digest
from services.requests import Request
from services.wiring import Office

MAY_2019 = datetime(2019, 5, 1, 2, 0, tzinfo=UTC)
OFFICER = Person(name="officer.chan", role=Role.OFFICER)
SUPERVISOR = Person(name="supervisor.wong", role=Role.SUPERVISOR)
AUDITOR = Person(name="auditor.ho", role=Role.AUDITOR)
SECOND = Person(name="supervisor.lee", role=Role.SUPERVISOR)
APPLICANT = Person(name="applicant", role=Role.APPLICANT)

_PEOPLE = Path(__file__).parents[1] / "data" / "people"


@cache
def filed_by(name: str) -> Application:
    """Return what John, Emma or Jackie files."""
    return msgspec.json.decode((_PEOPLE / f"{name}.json").read_bytes(), type=Application)


def on_paper(name: str) -> SubmitApplication:
    """Return the command that files the application of John, Emma or Jackie."""
    return SubmitApplication(application=filed_by(name), channel=Channel.PAPER)


def together(proposal: Proposal) -> tuple[CaseCommand, CaseCommand]:
    """Return a proposal and its confirmation, which `asked_for` has a second person give."""
    return proposal, ConfirmDecision(matter=MATTER_OF[type(proposal)])


def seen(office: Office, reference: str, command: CaseCommand) -> CaseCommand:
    """Return a command as whoever looked gives it: an erasure is confirmed by its preview."""
    match command:
        case ConfirmDecision(matter=Matter.ERASURE):
            return replace(command, preview=preview_digest(office, reference))
        case _:
            return command


def asked_for(
    command: CaseCommand, person: Person = OFFICER, *, at: datetime | None = MAY_2019
) -> Request:
    """Return the request for a command: of this person, but for a confirmation of another."""
    return asked(SECOND if isinstance(command, ConfirmDecision) else person, at=at)


def asked(
    person: Person = OFFICER,
    *,
    at: datetime | None = MAY_2019,
    expected: int | None = None,
    command_id: UUID | None = None,
) -> Request:
    """Return a request, under a new id unless one is given."""
    number = command_id or uuid4()
    return Request(
        person=person,
        command_id=number,
        correlation_id=str(number),
        effective_at=at,
        expected=expected,
        door=Door.CLI,
    )
