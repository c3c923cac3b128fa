"""Every fact that can be recorded; `wire.py` has its permanent name.

A field named `personal` holds all that concerns the person; the store seals it under the case's
own key and it reads as None once the person has been erased. Everything else is the decision's
skeleton and stays readable for ever: rule ids, points, marks, instants, actors, outcomes.

Law of change: a new field has a default; anything else is a new version, an upcast in
`upcasts.py` and a golden file of the old shape.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from domain.application import Application, Channel, Route
from domain.decisions import (
    DecisionEvent,
)
from domain.exercise_events import ExerciseEvent
from domain.gradings import CaseGraded, CaseTakenOutOfRank
from domain.interruptions import (
    InterruptionEvent,
)
from domain.legal_holds import LegalHoldEvent
from domain.moves import CaseMovedToRuleset
from domain.overrides import (
    OverrideApplied,
    OverrideConfirmed,
    OverrideDeclined,
    OverrideProposed,
)
from domain.papers import PaperEvent
from domain.particulars import ParticularEvent
from domain.reconsidering import ReconsiderationEvent
from domain.residence import ResidenceEvent
from domain.rules.reasons import Reason
from domain.rules.terms import AfterNoPlace
from domain.rules.types import Assessment
from domain.standing import StandingEvent
from domain.work_events import (
    WorkEvent,
)


class RefusalClass(StrEnum):
    """The three reason classes of a refusal letter."""

    PREREQUISITES = "R1"
    POINTS = "R2"
    SELECTION = "R3"


MARK_RULE: Final = "pass-mark"
"""What stands for the pass mark among the rules of a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSubmitted:
    """An application reached the office; it counts as submitted at `submitted_at`.

    That instant chooses the ruleset and breaks ties. `application_fee_hkd` is the fee that was
    due on it for all `persons`, the applicant and the family that comes along, None where the
    regime had none. `refiles` is the reference of the case that it takes the place of.
    """

    reference: str
    route: Route
    channel: Channel
    submitted_at: datetime
    application_fee_hkd: int | None
    personal: Application | None
    persons: int = 1
    refiles: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFeePaid:
    """The application fee, in whole Hong Kong dollars, was paid."""

    amount_hkd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationAcknowledged:
    """The applicant was told that the application arrived, with its reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisiteResult:
    """Whether one prerequisite was met; `id` as in the ruleset.

    `edition` names the dated list that was read, None where none was.
    """

    id: str
    met: bool
    edition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisitesAssessed:
    """The prerequisites were assessed under a ruleset, identified by id and digest."""

    ruleset: str
    digest: str
    reference_date: date
    results: tuple[PrerequisiteResult, ...]
    personal: Assessment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePoints:
    """The points that one rule of a factor gave; `edition` as in `PrerequisiteResult`."""

    rule: str
    points: int
    edition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorPoints:
    """The points of one factor, the most that it can give, and the rules that gave them.

    `computed` is what the tests alone gave, None where no officer decided otherwise.
    """

    factor: str
    points: int
    max: int
    awards: tuple[RulePoints, ...] = ()
    computed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """Whether one criterion was met; `id` as in the ruleset, `edition` as in prerequisites."""

    id: str
    met: bool
    edition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationScored:
    """The application was scored; `total` and `pass_mark` are points.

    Under a test of criteria there are `criteria` instead of factors, `total` is how many were met
    and `pass_mark` how many had to be. `overrides` are all the rules whose points officers had
    decided by then; a later score of the case says again which still stand. `computed_total` is
    what the tests alone gave, None where no override makes a difference to a rule. `stratum` is the
    sector that the case counts to in an exercise, None where it has none.
    """

    ruleset: str
    digest: str
    reference_date: date
    factors: tuple[FactorPoints, ...]
    total: int
    pass_mark: int
    criteria: tuple[CriterionResult, ...] = ()
    personal: Assessment | None
    overrides: tuple[OverrideApplied, ...] = ()
    computed_total: int | None = None
    stratum: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseShortlisted:
    """The case goes before the committee in an exercise; `rank` is None for achievement cases."""

    exercise: str
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSelected:
    """The case was allotted a place of the exercise's quota."""

    exercise: str
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNotSelected:
    """The shortlisted case was allotted no place; `then` says what becomes of it."""

    exercise: str
    rank: int | None
    then: AfterNoPlace = AfterNoPlace.ROLLS_OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedInPrinciple:
    """Approval follows if the originals bear out what was claimed.

    They are to be shown by `originals_by`, that day included; None where none need be seen, or no
    day was set.
    """

    originals_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalsVerified:
    """The originals were seen and bear out what was claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationApproved:
    """The application was approved with a pattern of stays, in years, the first one at entry.

    The fee is for all `persons`, the applicant and the dependants on record.
    """

    stay_years: tuple[int, ...]
    visa_fee_hkd: int
    pay_by: date
    persons: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class VisaFeePaid:
    """The fee for issuing the visa, in whole Hong Kong dollars, was paid."""

    amount_hkd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VisaConditions:
    """What the holder of a visa may do, and for how many years from activation."""

    stay_years: int
    may_work: bool
    may_study: bool
    may_establish_business: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VisaIssued:
    """The visa was issued; it lapses unless activated by `activate_by`, that day included."""

    conditions: VisaConditions
    activate_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class VisaActivated:
    """The holder entered on `entered_on` and may stay until `stay_until`, both included."""

    entered_on: date
    stay_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalReasons:
    """Why an application was refused, so that the applicant can act on it.

    `reasons` are what the assessment found, to be said in any language; `texts` are the office's
    own words. Refusals that were recorded before there were `reasons` have all of it in `texts`.
    """

    texts: tuple[str, ...]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRefused:
    """The application was refused; `rules` are the ids of the rules that were not met.

    Those of prerequisites are as in the ruleset; a total below the pass mark is `MARK_RULE`. It can
    be asked to be looked at again until `reconsider_by`, that day included; None where it cannot,
    and in refusals that were recorded before they said so.
    """

    reason_class: RefusalClass
    rules: tuple[str, ...]
    personal: RefusalReasons | None
    reconsider_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalReason:
    """What the applicant said on withdrawing."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationWithdrawn:
    """The applicant withdrew before a decision; `personal` is None where they gave no reason.

    `refiled_as` is the reference of the case that was filed in its place, None without one.
    """

    personal: WithdrawalReason | None
    refiled_as: str | None = None


CaseEvent = (
    ApplicationSubmitted
    | ApplicationFeePaid
    | ApplicationAcknowledged
    | PrerequisitesAssessed
    | ApplicationScored
    | CaseMovedToRuleset
    | OverrideProposed
    | OverrideConfirmed
    | OverrideDeclined
    | PaperEvent
    | CaseShortlisted
    | CaseGraded
    | CaseTakenOutOfRank
    | CaseSelected
    | CaseNotSelected
    | ApprovedInPrinciple
    | OriginalsVerified
    | ApplicationApproved
    | VisaFeePaid
    | VisaIssued
    | VisaActivated
    | ApplicationRefused
    | ApplicationWithdrawn
    | DecisionEvent
    | InterruptionEvent
    | LegalHoldEvent
    | ParticularEvent
    | ReconsiderationEvent
    | ResidenceEvent
    | StandingEvent
)


Event = CaseEvent | ExerciseEvent | WorkEvent
