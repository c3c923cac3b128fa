"""Histories that lead to every stage of a case, and people to file applications for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from domain import events as e
from domain import overrides as o
from domain import papers as p
from domain import stages as s
from domain.application import Application, Route
from domain.decisions import (
    DecisionConfirmed,
    DecisionProposed,
    DecisionWords,
    Matter,
    VoidingCode,
)
from domain.gradings import (
    CaseGraded,
    CaseTakenOutOfRank,
    DepartureCode,
    DepartureReason,
    Direction,
    Grade,
    GradeRemarks,
)
from domain.interruptions import CaseHeld, CaseLapsed, InterruptionReason, LapseCause
from domain.moves import CaseMovedToRuleset, MoveCode, MoveReason
from domain.reconsidering import NewMaterial, ReconsiderationRequested
from domain.residence import (
    ExtensionSought,
    RightOfAbodeReached,
    Settlement,
    SettlementEvidence,
    VisaVoided,
)
from domain.rules.choose import known
from domain.rules.terms import AfterNoPlace
from tests.domain.deciding import NOON, REFERENCE, real_rulebook

_PEOPLE: Final = Path(__file__).parents[1] / "data" / "people"

EXERCISE: Final = "2019-q3"
VISA_FEE: Final = 230
APPLICATION_FEE: Final = 600
DUE_ON: Final = date(2019, 10, 2)
ORIGINALS_BY: Final = date(2019, 12, 2)
PAY_BY: Final = date(2020, 3, 2)
RECONSIDER_BY: Final = date(2020, 9, 2)
ACTIVATE_BY: Final = date(2020, 3, 2)
DIGEST: Final = next(
    each.digest for each in known(real_rulebook(), NOON.date()) if each.id == "gpt-2018"
)
"""The edition of the general test that was known when everything happens."""


@cache
def person(name: str) -> Application:
    """Return what John, Emma or Jackie files."""
    return msgspec.json.decode((_PEOPLE / f"{name}.json").read_bytes(), type=Application)


JOHN: Final = person("john")
EMMA: Final = person("emma")
JACKIE: Final = person("jackie")


def at_mailbox_of(known: Application, filed: Application) -> Application:
    """Return what was filed, by somebody with the e-mail address of somebody else."""
    return replace(filed, applicant=replace(filed.applicant, email=known.applicant.email))


def submitted(application: Application | None = JOHN, fee: int | None = None) -> e.CaseEvent:
    """Return the first fact of a case; without an application its person has been erased."""
    return e.ApplicationSubmitted(
        reference=REFERENCE,
        route=application.route if application else Route.GENERAL,
        channel=e.Channel.ONLINE,
        submitted_at=NOON,
        application_fee_hkd=fee,
        personal=application,
    )


def prerequisites(*, age_met: bool = True) -> e.CaseEvent:
    """Return the assessment of two prerequisites, the first of them met or not."""
    return e.PrerequisitesAssessed(
        ruleset="gpt-2018",
        digest="sha256:00",
        reference_date=NOON.date(),
        results=(
            e.PrerequisiteResult(id="age", met=age_met),
            e.PrerequisiteResult(id="support", met=True),
        ),
        personal=None,
    )


def scored(total: int = 175) -> e.CaseEvent:
    """Return a score, against a pass mark of 80."""
    return e.ApplicationScored(
        ruleset="gpt-2018",
        digest=DIGEST,
        reference_date=NOON.date(),
        factors=(e.FactorPoints(factor="age", points=total, max=total),),
        total=total,
        pass_mark=80,
        personal=None,
    )


def criteria_met(number: int) -> e.CaseEvent:
    """Return the score of a test of twelve criteria, of which six must be met."""
    return e.ApplicationScored(
        ruleset="questions",
        digest="sha256:00",
        reference_date=NOON.date(),
        factors=(),
        total=number,
        pass_mark=6,
        criteria=tuple(e.CriterionResult(id=f"C{n}", met=n <= number) for n in range(1, 13)),
        personal=None,
    )


MOVED: Final = CaseMovedToRuleset(
    ruleset="gpt-2015",
    digest="sha256:01",
    before="gpt-2018",
    code=MoveCode.REVIEW_OR_COURT,
    personal=MoveReason(text="As the tribunal ordered"),
)


def proposed(
    rule: str = "resident-relative", points: int = 5, by: str = "officer-2"
) -> e.CaseEvent:
    """Return the proposal of points for a rule that gave none."""
    return o.OverrideProposed(
        rule=rule,
        factor="family",
        computed=0,
        decided=points,
        code=o.OverrideCode.DOCUMENTS_SHOW_MORE,
        proposed_by=by,
        personal=o.OverrideGrounds(text="A sister lives here", evidence=("birth certificates",)),
    )


def document(number: int = 1, kind: p.DocumentKind = p.DocumentKind.WORK) -> p.DocumentReceived:
    """Return the fact that a document of the applicant's came in."""
    return p.DocumentReceived(
        document=number,
        kind=kind,
        media_type=p.MediaType.PDF,
        size=70_000,
        stored=f"{number:064x}",
        received_from=REFERENCE,
        personal=p.DocumentFile(name="reference letter.pdf", sha256=f"{number + 100:064x}"),
    )


def checked(number: int, outcome: p.CheckOutcome = p.CheckOutcome.SUFFICIENT) -> p.DocumentChecked:
    """Return the fact that officer 1 looked at a document."""
    return p.DocumentChecked(
        document=number, outcome=outcome, checked_by="officer-1", personal=None
    )


def requested(*kinds: p.DocumentKind, after: int = 0) -> p.DocumentsRequested:
    """Return the fact that officer 1 asked for documents, by default of work, within a month."""
    return p.DocumentsRequested(
        kinds=kinds or (p.DocumentKind.WORK,),
        due_on=DUE_ON,
        after=after,
        requested_by="officer-1",
        personal=None,
    )


CANCELLED: Final = p.DocumentRequestCancelled(
    cancelled_by="officer-1", personal=p.CancellationReason(text="The work is proven already")
)
ACKNOWLEDGED: Final = e.ApplicationAcknowledged()
SHORTLISTED: Final = e.CaseShortlisted(exercise=EXERCISE, rank=1)
SELECTED: Final = e.CaseSelected(exercise=EXERCISE, rank=1)
NOT_SELECTED: Final = e.CaseNotSelected(exercise=EXERCISE, rank=1)
GRADED: Final = CaseGraded(
    exercise=EXERCISE,
    grade=Grade.OUTSTANDING,
    graded_by="panel-1",
    personal=GradeRemarks(text="A leader of the field"),
)
OUT_OF_RANK: Final = CaseTakenOutOfRank(
    exercise=EXERCISE,
    direction=Direction.PLACE,
    code=DepartureCode.NEEDS,
    grade=Grade.OUTSTANDING,
    decided_by="supervisor-1",
    personal=DepartureReason(text="Nobody else has this trade"),
)
TO_BE_REFUSED: Final = e.CaseNotSelected(exercise=EXERCISE, rank=1, then=AfterNoPlace.IS_REFUSED)
IN_PRINCIPLE: Final = e.ApprovedInPrinciple(originals_by=ORIGINALS_BY)
VERIFIED: Final = e.OriginalsVerified()
APPROVED: Final = e.ApplicationApproved(stay_years=(2, 3, 3), visa_fee_hkd=VISA_FEE, pay_by=PAY_BY)
PAID: Final = e.VisaFeePaid(amount_hkd=VISA_FEE)
ISSUED: Final = e.VisaIssued(
    conditions=e.VisaConditions(
        stay_years=2, may_work=True, may_study=True, may_establish_business=True
    ),
    activate_by=ACTIVATE_BY,
)
ACTIVATED: Final = e.VisaActivated(entered_on=date(2019, 10, 1), stay_until=date(2021, 9, 30))
REFUSED: Final = e.ApplicationRefused(
    reason_class=e.RefusalClass.SELECTION,
    rules=(),
    personal=e.RefusalReasons(texts=("The claims were not borne out",)),
    reconsider_by=RECONSIDER_BY,
)
PROPOSER: Final = "officer-2"


def decided_on(matter: Matter, by: str = PROPOSER) -> e.CaseEvent:
    """Return the proposal of a decision that a second officer is awaited for."""
    words = DecisionWords(texts=("The claims were not borne out",))
    voiding = VoidingCode.FALSE_DOCUMENT if matter is Matter.VOIDING else None
    return DecisionProposed(matter=matter, proposed_by=by, voiding=voiding, personal=words)


def confirmed(matter: Matter, by: str = "officer-1") -> e.CaseEvent:
    """Return the confirmation of a decision by a second officer."""
    return DecisionConfirmed(matter=matter, proposed_by=PROPOSER, confirmed_by=by)


HELD: Final = CaseHeld(personal=InterruptionReason(text="The diploma is being looked into"))
RECONSIDERED: Final = ReconsiderationRequested(
    request=1, personal=NewMaterial(text="The employer has written")
)
SOUGHT: Final = ExtensionSought(
    settlement=Settlement.EMPLOYED, personal=SettlementEvidence(text="document 12")
)
ABODE: Final = RightOfAbodeReached(reached_on=date(2026, 10, 1))
VOIDED: Final = VisaVoided(
    code=VoidingCode.FALSE_DOCUMENT, personal=DecisionWords(texts=("The diploma is forged",))
)
LAPSED: Final = CaseLapsed(cause=LapseCause.PAYMENT, due_on=PAY_BY)
WITHDRAWN: Final = e.ApplicationWithdrawn(personal=e.WithdrawalReason(text=""))

MAIN_PATH: Final[tuple[e.CaseEvent, ...]] = (
    submitted(),
    ACKNOWLEDGED,
    prerequisites(),
    scored(),
    SHORTLISTED,
    SELECTED,
    IN_PRINCIPLE,
    VERIFIED,
    APPROVED,
    PAID,
    ISSUED,
    ACTIVATED,
)


def until(event: e.CaseEvent) -> tuple[e.CaseEvent, ...]:
    """Return the main path up to and with an event."""
    return MAIN_PATH[: MAIN_PATH.index(event) + 1]


HISTORIES: Final[Mapping[type[s.CaseState], tuple[e.CaseEvent, ...]]] = MappingProxyType(
    {
        s.Draft: (),
        s.FeeAwaited: (submitted(fee=APPLICATION_FEE),),
        s.Submitted: until(submitted()),
        s.Acknowledged: until(ACKNOWLEDGED),
        s.PrerequisitesMet: until(prerequisites()),
        s.PrerequisitesUnmet: (*until(ACKNOWLEDGED), prerequisites(age_met=False)),
        s.BelowMark: (*until(prerequisites()), scored(79)),
        s.InPool: until(scored()),
        s.Shortlisted: until(SHORTLISTED),
        s.NotSelected: (*until(SHORTLISTED), TO_BE_REFUSED),
        s.Selected: until(SELECTED),
        s.InPrinciple: until(IN_PRINCIPLE),
        s.Verified: until(VERIFIED),
        s.Approved: until(APPROVED),
        s.VisaPaid: until(PAID),
        s.Issued: until(ISSUED),
        s.Active: until(ACTIVATED),
        s.Extending: (*until(ACTIVATED), SOUGHT),
        s.Settled: (*until(ACTIVATED), ABODE),
        s.Refused: (*until(SHORTLISTED), REFUSED),
        s.UnderReconsideration: (*until(SHORTLISTED), REFUSED, RECONSIDERED),
        s.Withdrawn: (*until(scored()), WITHDRAWN),
        s.Lapsed: (*until(APPROVED), LAPSED),
        s.Voided: (*until(ISSUED), VOIDED),
    }
)
"""A history that ends at each stage."""
