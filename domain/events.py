"""Every fact that can be recorded, and its permanent wire name.

A field named `personal` holds all that concerns the person; the store seals it under the case's
own key and it reads as None once the person has been erased. Everything else is the decision's
skeleton and stays readable for ever: rule ids, points, marks, instants, actors, outcomes.

Law of change: a new field has a default; anything else is a new version, an upcast in
`upcasts.py` and a golden file of the old shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.application import Application, Route
from domain.exercise_events import ExerciseEvent, ExerciseOpened, SelectionMade, ShortlistDrawn
from domain.moves import CaseMovedToRuleset
from domain.overrides import (
    OverrideApplied,
    OverrideConfirmed,
    OverrideDeclined,
    OverrideProposed,
)
from domain.papers import (
    DocumentChecked,
    DocumentReceived,
    DocumentsRequested,
    DocumentVerified,
    PaperEvent,
    RequestedDocumentsReceived,
)
from domain.record import Wire
from domain.rules.reasons import Reason
from domain.rules.types import Assessment
from domain.work_events import (
    CaseAssigned,
    CaseHandedOver,
    CaseReleased,
    CaseReturned,
    CaseTaken,
    NoteAdded,
    NoteSuperseded,
    WorkEvent,
)


class Channel(StrEnum):
    """How an application reached the office."""

    PAPER = "paper"
    ONLINE = "online"


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
    due on it, None where the regime had none.
    """

    reference: str
    route: Route
    channel: Channel
    submitted_at: datetime
    application_fee_hkd: int | None
    personal: Application | None


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
    decided by then, each otherwise than its own test; a later score of the case says again which
    still stand. `computed_total` is what the tests alone gave, None without overrides.
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
    """The shortlisted case was allotted no place and is in the pool of the next exercise."""

    exercise: str
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedInPrinciple:
    """Approval follows if the originals bear out what was claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalsVerified:
    """The originals were seen and bear out what was claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationApproved:
    """The application was approved with a pattern of stays, in years, the first one at entry."""

    stay_years: tuple[int, ...]
    visa_fee_hkd: int
    pay_by: date


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

    Those of prerequisites are as in the ruleset; a total below the pass mark is `MARK_RULE`.
    """

    reason_class: RefusalClass
    rules: tuple[str, ...]
    personal: RefusalReasons | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalReason:
    """What the applicant said on withdrawing."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationWithdrawn:
    """The applicant withdrew before a decision; `personal` is None where they gave no reason."""

    personal: WithdrawalReason | None


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
)


Event = CaseEvent | ExerciseEvent | WorkEvent

WIRE: Final[Mapping[type[Event], Wire]] = MappingProxyType(
    {
        ApplicationSubmitted: Wire(name="application-submitted"),
        ApplicationFeePaid: Wire(name="application-fee-paid"),
        ApplicationAcknowledged: Wire(name="application-acknowledged"),
        PrerequisitesAssessed: Wire(name="prerequisites-assessed", version=2),
        ApplicationScored: Wire(name="application-scored", version=2),
        CaseMovedToRuleset: Wire(name="case-moved-to-ruleset"),
        OverrideProposed: Wire(name="override-proposed"),
        OverrideConfirmed: Wire(name="override-confirmed"),
        OverrideDeclined: Wire(name="override-declined"),
        DocumentReceived: Wire(name="document-received"),
        DocumentChecked: Wire(name="document-checked"),
        DocumentVerified: Wire(name="document-verified"),
        DocumentsRequested: Wire(name="documents-requested"),
        RequestedDocumentsReceived: Wire(name="requested-documents-received"),
        CaseShortlisted: Wire(name="case-shortlisted"),
        CaseSelected: Wire(name="case-selected"),
        CaseNotSelected: Wire(name="case-not-selected"),
        ApprovedInPrinciple: Wire(name="approved-in-principle"),
        OriginalsVerified: Wire(name="originals-verified"),
        ApplicationApproved: Wire(name="application-approved"),
        VisaFeePaid: Wire(name="visa-fee-paid"),
        VisaIssued: Wire(name="visa-issued"),
        VisaActivated: Wire(name="visa-activated"),
        ApplicationRefused: Wire(name="application-refused"),
        ApplicationWithdrawn: Wire(name="application-withdrawn"),
        ExerciseOpened: Wire(name="exercise-opened"),
        ShortlistDrawn: Wire(name="shortlist-drawn"),
        SelectionMade: Wire(name="selection-made"),
        CaseAssigned: Wire(name="case-assigned"),
        CaseTaken: Wire(name="case-taken"),
        CaseReleased: Wire(name="case-released"),
        CaseHandedOver: Wire(name="case-handed-over"),
        CaseReturned: Wire(name="case-returned"),
        NoteAdded: Wire(name="note-added"),
        NoteSuperseded: Wire(name="note-superseded"),
    }
)
