"""The stages of a case, each with only what is true at that stage, and what may follow each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain import commands as c
from domain import papers as p
from domain.application import Application, Route
from domain.events import RefusalClass
from domain.overrides import OverrideApplied, OverrideProposed
from domain.rules.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessedUnder:
    """The ruleset of an assessment, by its id and the digest of its edition."""

    ruleset: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What stays true of a case whatever stage it comes to.

    `application` is None once erased. `ruleset` is the one that the case was moved to, None where
    it was not: then the one that catches it holds. `assessed` tells of the latest assessment that
    still stands, None before there is one.
    """

    reference: str
    route: Route
    submitted_at: datetime
    application: Application | None
    ruleset: str | None = None
    assessed: AssessedUnder | None = None
    papers: p.Papers = field(default_factory=p.Papers)


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
    """What the points were counted by, and the rules whose points officers decided.

    `computed_total` is what the tests alone gave, None where officers decided nothing.
    """

    ruleset: str
    digest: str
    reference_date: date
    overrides: tuple[OverrideApplied, ...] = ()
    computed_total: int | None = None


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
    """Before the committee in an exercise; proposals of other points have lapsed."""

    filed: Filed
    points: int
    exercise: str
    score: Score | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Allotted a place of the quota."""

    filed: Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class InPrinciple:
    """Approved, subject to the originals."""

    filed: Filed


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
    """The visa is issued and lapses unless activated by `activate_by`."""

    filed: Filed
    stay_years: int
    activate_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """The holder has entered and may stay until `stay_until`."""

    filed: Filed
    stay_until: date


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
    | Selected
    | InPrinciple
    | Verified
)
CaseState = Draft | Undecided | Approved | VisaPaid | Issued | Active | Refused | Withdrawn

Movable = Acknowledged | PrerequisitesMet | PrerequisitesUnmet | BelowMark | InPool
"""Undecided and not before the committee: where a case may be moved to another ruleset."""

_PAPERS: Final = (p.ReceiveDocument, p.CheckDocument, p.VerifyDocument)
_STOP: Final = (p.RequestDocuments, *_PAPERS, c.WithdrawApplication)
_MOVE: Final = (c.MoveToRuleset, *_STOP)
_REFUSE: Final = (c.RefuseApplication, *_STOP)
_SECOND: Final = (c.ConfirmOverride, c.DeclineOverride)
_OVERRIDE: Final = (c.ProposeOverride, *_SECOND)

NEXT: Final[Mapping[type[CaseState], tuple[type[c.CaseCommand], ...]]] = MappingProxyType(
    {
        Draft: (c.SubmitApplication,),
        FeeAwaited: (c.PayApplicationFee, *_STOP),
        Submitted: (c.AcknowledgeApplication, *_STOP),
        Acknowledged: (c.AssessPrerequisites, *_MOVE),
        PrerequisitesMet: (c.ScoreApplication, *_MOVE),
        PrerequisitesUnmet: (c.RefuseApplication, *_MOVE),
        BelowMark: (c.RefuseApplication, *_OVERRIDE, *_MOVE),
        InPool: (c.ShortlistCase, *_OVERRIDE, *_MOVE),
        Shortlisted: (c.SelectCase, c.PassOverCase, *_REFUSE),
        Selected: (c.ApproveInPrinciple, *_REFUSE),
        InPrinciple: (c.VerifyOriginals, *_REFUSE),
        Verified: (c.ApproveApplication, *_REFUSE),
        Approved: (c.PayVisaFee, *_PAPERS),
        VisaPaid: (c.IssueVisa, *_PAPERS),
        Issued: (c.ActivateVisa, *_PAPERS),
        Active: _PAPERS,
        Refused: (),
        Withdrawn: (),
    }
)
"""Which commands each stage allows at all; `decide` refuses every other one."""


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
    SELECTED = "selected"
    IN_PRINCIPLE = "approved-in-principle"
    VERIFIED = "originals-verified"
    APPROVED = "approved"
    VISA_PAID = "visa-fee-paid"
    ISSUED = "visa-issued"
    ACTIVE = "visa-activated"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


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
        Selected: Stage.SELECTED,
        InPrinciple: Stage.IN_PRINCIPLE,
        Verified: Stage.VERIFIED,
        Approved: Stage.APPROVED,
        VisaPaid: Stage.VISA_PAID,
        Issued: Stage.ISSUED,
        Active: Stage.ACTIVE,
        Refused: Stage.REFUSED,
        Withdrawn: Stage.WITHDRAWN,
    }
)


def stage_of(state: CaseState) -> Stage:
    """Return the stage that `state` is at."""
    return STAGES[type(state)]


def proposals_of(state: CaseState) -> tuple[OverrideProposed, ...]:
    """Return the overrides that await a second officer."""
    return state.proposals if isinstance(state, BelowMark | InPool) else ()


def possible(state: CaseState) -> tuple[str, ...]:
    """Return the names of the commands that the case allows as it is."""
    return tuple(command.__name__ for command in next_of(state))


def next_of(state: CaseState) -> tuple[type[c.CaseCommand], ...]:
    """Return the commands that the case allows as it is, whoever gives them.

    Without points none can rank it. A proposed override is confirmed or declined only where there
    is one, and until then the application is not refused. A document is checked and verified only
    where there is one.
    """
    without: set[type[c.CaseCommand]] = {c.RefuseApplication} if proposals_of(state) else {*_SECOND}
    if isinstance(state, InPool) and state.by_criteria:
        without.add(c.ShortlistCase)
    if not isinstance(state, Draft) and not state.filed.papers.received:
        without |= {p.CheckDocument, p.VerifyDocument}
    return tuple(command for command in NEXT[type(state)] if command not in without)
