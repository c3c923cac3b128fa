"""Looks: who saw something of which case, to what end, and through which door.

Law: what gives a person something of a case asks for the look first, so that nothing can be shown
that is not on record. What the program reads for itself, to decide or to fold, is no look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.access import Action, Person, Role
from domain.errors import PurposeInvalid

LONGEST_STATED: Final = 200
"""How many characters why somebody looks may have."""

STATED_FOR: Final = timedelta(hours=1)
"""How long what was stated counts for further looks of the same person at the same case."""


class Purpose(StrEnum):
    """What a look is for."""

    CASEWORK = "casework"
    SUPERVISION = "supervision"
    SELECTION = "selection"
    AUDIT = "audit"
    DATA_ACCESS = "data-access"
    OWN_STATUS = "own-status"
    OPERATION = "operation"
    INTEGRATION = "integration"


class What(StrEnum):
    """What was looked at."""

    CASE = "case"
    HISTORY = "history"
    ASSESSMENTS = "assessments"
    LIST = "list"
    SEARCH = "search"
    LINKED = "linked"
    DOCUMENTS = "documents"
    DOCUMENT = "document"
    LETTERS = "letters"
    NOTIFICATIONS = "notifications"
    WORK = "work"
    RECENT = "recent"
    EXERCISE = "exercise"
    STATUS = "status"
    EXPORT = "export"
    PROOF = "proof"
    READS = "reads"
    ANSWER = "answer"


class Door(StrEnum):
    """Where whoever looks stands."""

    PAGE = "page"
    API = "api"
    CLI = "cli"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look of a person, as it is recorded with the cases that it shows.

    `stated` is why they look, in their own words, for a look at one case; empty without any.
    """

    person: Person
    purpose: Purpose
    what: What
    door: Door
    correlation_id: str
    stated: str = ""


_OF_ROLE: Final[Mapping[Role, Purpose]] = MappingProxyType(
    {
        Role.APPLICANT: Purpose.OWN_STATUS,
        Role.OFFICER: Purpose.CASEWORK,
        Role.SUPERVISOR: Purpose.SUPERVISION,
        Role.PANEL: Purpose.SELECTION,
        Role.AUDITOR: Purpose.AUDIT,
        Role.ADMINISTRATOR: Purpose.OPERATION,
        Role.SERVICE: Purpose.INTEGRATION,
    }
)
_OF_ACTION: Final[Mapping[Action, Purpose]] = MappingProxyType(
    {
        Action.RUN_EXERCISE: Purpose.SELECTION,
        Action.READ_EXERCISES: Purpose.SELECTION,
        Action.TRY_STEP: Purpose.SELECTION,
        Action.TRY_TERMS: Purpose.SELECTION,
        Action.SIMULATE_RULES: Purpose.SELECTION,
        Action.GRADE: Purpose.SELECTION,
        Action.EXPORT_DATA: Purpose.DATA_ACCESS,
    }
)
_STAFF: Final = frozenset({Role.OFFICER, Role.SUPERVISOR})


def purpose_of(role: Role, action: Action) -> Purpose:
    """Return what a look is for: of staff by what they do, of anybody else by who they are."""
    of_role = _OF_ROLE[role]
    return _OF_ACTION.get(action, of_role) if role in _STAFF else of_role


def look_of(  # noqa: PLR0913 - what is told of a look
    person: Person,
    action: Action,
    what: What,
    door: Door,
    correlation_id: str,
    *,
    stated: str = "",
) -> Look:
    """Return the look of a person who was let in to take `action`.

    Raises `PurposeInvalid` where what they state is too long for a record, or none.
    """
    said = " ".join(stated.split())
    if len(said) > LONGEST_STATED or not said.isprintable():
        raise PurposeInvalid(
            f"say why you look in at most {LONGEST_STATED} characters, which can be printed"
        )
    return Look(
        person=person,
        purpose=purpose_of(person.role, action),
        what=what,
        door=door,
        correlation_id=correlation_id,
        stated=said,
    )


def must_say_why(look: Look) -> bool:
    """Say whether this look at one person's case needs to be explained in words, and is not.

    Whoever audits has no case in hand that would say so for them.
    """
    return look.person.role is Role.AUDITOR and not look.stated
