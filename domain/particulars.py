"""The facts about the people of a case: corrections, dependants, representatives, erasure.

They are events of a case like those in `events.py`, which gives them their wire names; what is
said there of personal data and of change holds here too.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.application import Application, CountryCode, EmailAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the application says from now on, and why it was corrected."""

    application: Application
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCorrected:
    """What was filed was corrected; `fields` are the paths of what differs.

    `assessed_anew` says that an assessment that stood rests on it, so that the case is assessed
    again from the start; `assessment_stale` that one rests on it which places depend on, so that
    a supervisor says first whether it stands. What was filed at first stays in the event that
    filed it.
    """

    fields: tuple[str, ...]
    assessed_anew: bool
    assessment_stale: bool = False
    personal: Correction | None


class Relation(StrEnum):
    """How a dependant is related to the applicant."""

    SPOUSE = "spouse"
    CHILD = "child"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependant:
    """Who comes along; `married` is asked of a child only."""

    family_name: str
    given_names: str
    date_of_birth: date
    nationality: CountryCode
    married: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DependantAdded:
    """A dependant comes along; `dependant` counts those of the case from 1."""

    dependant: int
    relation: Relation
    personal: Dependant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DependantRemoved:
    """The dependant does not come along any more."""

    dependant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Representative:
    """Who speaks for the applicant, and how they are reached."""

    name: str
    organisation: str
    email: EmailAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class RepresentativeAppointed:
    """The applicant is represented; an earlier representative is no longer one."""

    personal: Representative | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepresentativeRemoved:
    """The applicant speaks for themselves again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """The address from now on, the one until now, and what showed that the applicant asked."""

    email: EmailAddress
    former: EmailAddress
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged:
    """The applicant is written to at another e-mail address, and comes in by it."""

    personal: NewContact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedBefore:
    """That the person had been erased already, and a restore of the database undid it."""

    proposed_by: str
    confirmed_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureDecided:
    """What was held on the person is erased: the key of the case is destroyed with this event.

    `again` says who had decided it, where it was done anew because a restore brought it back.
    """

    again: ErasedBefore | None = None


ParticularEvent = (
    ApplicationCorrected
    | DependantAdded
    | DependantRemoved
    | RepresentativeAppointed
    | RepresentativeRemoved
    | ContactChanged
    | ErasureDecided
)
