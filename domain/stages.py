"""The stages of a case, each with only what is true at that stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, get_args

from domain.decisions import DecisionProposed
from domain.events import RefusalClass
from domain.filed import Filed
from domain.gradings import Grade
from domain.interruptions import LapseCause
from domain.overrides import OverrideApplied, OverrideProposed
from domain.residence import Settlement
from domain.rules.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Nothing has been filed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeAwaited:
    """Filed; the application fee has not been paid."""

    filed: Filed
    due_hkd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """Filed, and paid for where the regime asks it."""

    filed: Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """The applicant knows that it arrived."""

    filed: Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisitesMet:
    """Every prerequisite is met; not scored yet."""

    filed: Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisitesUnmet:
    """At least one prerequisite is not met: `unmet` holds their ids.

    `reasons` say why; there are none once the person was erased.
    """

    filed: Filed
    unmet: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What the points were counted by.

    `computed_total` is what the tests alone gave, None where no override departs from its test.
    """

    ruleset: str
    digest: str
    reference_date: date
    overrides: tuple[OverrideApplied, ...] = ()
    computed_total: int | None = None
    stratum: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BelowMark:
    """Scored below the pass mark; by criteria, `points` are those met.

    `proposals` are the overrides that await a second officer, one a rule at most.
    """

    filed: Filed
    points: int
    pass_mark: int
    by_criteria: bool = False
    score: Score
    proposals: tuple[OverrideProposed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InPool:
    """Scored at or above the pass mark and waiting for an exercise; `proposals` as below it.

    Of a case assessed by criteria `points` are those met; no exercise ranks it. `score` is None
    only where a history leads here without one.
    """

    filed: Filed
    points: int
    by_criteria: bool = False
    score: Score | None
    proposals: tuple[OverrideProposed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlisted:
    """Before the committee; proposals of points have lapsed. `grade` is the panel's latest."""

    filed: Filed
    points: int
    by_criteria: bool = False
    exercise: str
    score: Score | None
    grade: Grade | None = None
    graded_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSelected:
    """Allotted no place where nobody rolls over; a refusal is to be decided."""

    filed: Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Allotted a place of the quota."""

    filed: Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class InPrinciple:
    """Approved, subject to the originals; they are due by `originals_by` where that is a day."""

    filed: Filed
    originals_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The originals bear out what was claimed."""

    filed: Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Approved; the fee for the visa is due by `pay_by`, that day included."""

    filed: Filed
    stay_years: tuple[int, ...]
    due_hkd: int
    pay_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class VisaPaid:
    """The fee for the visa has been paid."""

    filed: Filed
    stay_years: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """The visa is issued and lapses unless activated by `activate_by`.

    `stay_years` is the stay that it gives, `stays_left` are the periods after it, in years.
    """

    filed: Filed
    stay_years: int
    activate_by: date
    stays_left: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """The holder entered on `entered_on` and may stay until `stay_until`.

    `stays_left` are the periods that an extension may still give, in years. `entered_on` is None
    only where a history leads here without an entry.
    """

    filed: Filed
    stay_until: date
    entered_on: date | None = None
    stays_left: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extending:
    """The holder asked for the next period of stay; the rest as while it was active."""

    filed: Filed
    stay_until: date
    entered_on: date | None
    stays_left: tuple[int, ...]
    settlement: Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The holder has reached the right of abode."""

    filed: Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """The visa is void, with all that followed from it."""

    filed: Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed:
    """Something was not done in time, and no further action is taken."""

    filed: Filed
    cause: LapseCause


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderReconsideration:
    """Refused, for reasons of one class; the refusal is looked at again."""

    filed: Filed
    reason_class: RefusalClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Refused, for reasons of one class."""

    filed: Filed
    reason_class: RefusalClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """Withdrawn by the applicant before a decision."""

    filed: Filed


Undecided = (
    FeeAwaited
    | Submitted
    | Acknowledged
    | PrerequisitesMet
    | PrerequisitesUnmet
    | BelowMark
    | InPool
    | Shortlisted
    | NotSelected
    | Selected
    | InPrinciple
    | Verified
)
Granted = Approved | VisaPaid | Issued | Active | Extending | Settled
"""Approved, until the end of what the approval led to."""

Ended = Refused | Withdrawn | Lapsed | Voided
"""Where the office has nothing more to do, unless it is asked to look again."""

CaseState = Draft | Undecided | Granted | UnderReconsideration | Ended

Movable = Acknowledged | PrerequisitesMet | PrerequisitesUnmet | BelowMark | InPool
"""Undecided and not before the committee: where a case may be moved to another ruleset."""


class Stage(StrEnum):
    """The stage of a case, as stored in read models and shown to people."""

    DRAFT = "draft"
    FEE_AWAITED = "fee-awaited"
    SUBMITTED = "submitted"
    ACKNOWLEDGED = "acknowledged"
    PREREQUISITES_MET = "prerequisites-met"
    PREREQUISITES_UNMET = "prerequisites-unmet"
    BELOW_MARK = "below-mark"
    IN_POOL = "in-pool"
    SHORTLISTED = "shortlisted"
    NOT_SELECTED = "not-selected"
    SELECTED = "selected"
    IN_PRINCIPLE = "approved-in-principle"
    VERIFIED = "originals-verified"
    APPROVED = "approved"
    VISA_PAID = "visa-fee-paid"
    ISSUED = "visa-issued"
    ACTIVE = "visa-activated"
    EXTENDING = "extension-sought"
    SETTLED = "right-of-abode"
    REFUSED = "refused"
    UNDER_RECONSIDERATION = "under-reconsideration"
    WITHDRAWN = "withdrawn"
    LAPSED = "no-further-action"
    VOIDED = "visa-voided"


STAGES: Final[Mapping[type[CaseState], Stage]] = MappingProxyType(
    {
        Draft: Stage.DRAFT,
        FeeAwaited: Stage.FEE_AWAITED,
        Submitted: Stage.SUBMITTED,
        Acknowledged: Stage.ACKNOWLEDGED,
        PrerequisitesMet: Stage.PREREQUISITES_MET,
        PrerequisitesUnmet: Stage.PREREQUISITES_UNMET,
        BelowMark: Stage.BELOW_MARK,
        InPool: Stage.IN_POOL,
        Shortlisted: Stage.SHORTLISTED,
        NotSelected: Stage.NOT_SELECTED,
        Selected: Stage.SELECTED,
        InPrinciple: Stage.IN_PRINCIPLE,
        Verified: Stage.VERIFIED,
        Approved: Stage.APPROVED,
        VisaPaid: Stage.VISA_PAID,
        Issued: Stage.ISSUED,
        Active: Stage.ACTIVE,
        Extending: Stage.EXTENDING,
        Settled: Stage.SETTLED,
        Refused: Stage.REFUSED,
        UnderReconsideration: Stage.UNDER_RECONSIDERATION,
        Withdrawn: Stage.WITHDRAWN,
        Lapsed: Stage.LAPSED,
        Voided: Stage.VOIDED,
    }
)

LIVE: Final = frozenset(STAGES[each] for each in (*get_args(Undecided), Approved, VisaPaid, Issued))
"""The stages at which the person cannot have a second application beside this one [S9][S42]."""


def stage_of(state: CaseState) -> Stage:
    """Return the stage that `state` is at."""
    return STAGES[type(state)]


def proposals_of(state: CaseState) -> tuple[OverrideProposed, ...]:
    """Return the overrides that await a second officer."""
    return state.proposals if isinstance(state, BelowMark | InPool) else ()


def decision_of(state: CaseState) -> DecisionProposed | None:
    """Return the decision that awaits a second officer, None without one."""
    return None if isinstance(state, Draft) else state.filed.decision
