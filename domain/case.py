"""The case as a decider: what each command may do, and what each event makes of the case.

`decide` refuses or returns facts and changes nothing; `evolve` never refuses and never skips.
`reduce(evolve, history, Draft())` is the whole of loading. The tables stand here; what a command
may do stands in `deciding`, by the part of a case's life that it belongs to.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import assert_never

from domain import commands as c
from domain import decisions as d
from domain import events as e
from domain import legal_holds as l
from domain import overrides as o
from domain import papers as f
from domain import particulars as p
from domain import reconsidering as r
from domain import residence as h
from domain import stages as s
from domain import standing as t
from domain.deciding import (
    assessing,
    ending,
    filing,
    granting,
    keeping,
    moving,
    overriding,
    papers,
    particulars,
    reconsidering,
    residing,
    seconding,
    selecting,
    standing,
)
from domain.deciding.circumstances import Circumstances, Facts
from domain.evolving import after_prerequisites, after_score, filed_after, staying
from domain.filed import Filed
from domain.gradings import CaseGraded, CaseTakenOutOfRank
from domain.interruptions import CaseHeld, CaseLapsed, HoldLifted, OfficerRecused
from domain.moves import CaseMovedToRuleset
from domain.rules.terms import AfterNoPlace


def load(history: Iterable[e.CaseEvent]) -> s.CaseState:
    """Return the state that `history` leads to."""
    start: s.CaseState = s.Draft()
    return reduce(evolve, history, start)


def decide(state: s.CaseState, command: c.CaseCommand, given: Circumstances) -> Facts:  # noqa: C901, PLR0911, PLR0912 - one arm per command is the clearest table of them
    """Return the facts that follow from `command`, or raise the `Refusal` that forbids it."""
    particulars.forbid(state, command, given)
    if isinstance(command, f.PaperCommand):
        return papers.decide(state, command, given)
    match command:
        case c.SubmitApplication():
            return filing.submit(state, command, given)
        case c.PayApplicationFee():
            return filing.pay_application_fee(state, command)
        case c.AcknowledgeApplication():
            return filing.acknowledge(state, command)
        case c.AssessPrerequisites():
            return assessing.assess_prerequisites(state, command, given)
        case c.ScoreApplication():
            return assessing.score(state, command, given)
        case c.MoveToRuleset():
            return moving.move(state, command, given)
        case c.ProposeOverride():
            return overriding.propose(state, command, given)
        case c.ConfirmOverride():
            return overriding.confirm(state, command, given)
        case c.DeclineOverride():
            return overriding.decline(state, command, given)
        case c.ShortlistCase():
            return selecting.shortlist(state, command)
        case c.SelectCase() | c.PassOverCase():
            return selecting.select(state, command, given)
        case c.GradeCase():
            return selecting.grade(state, command, given)
        case c.TakeOutOfRank():
            return selecting.take_out_of_rank(state, command, given)
        case t.UpholdAssessment() | t.SetAssessmentAside():
            return standing.decide(state, command, given)
        case c.VerifyOriginals():
            return granting.verify(state, command)
        case c.PayVisaFee():
            return granting.pay_visa_fee(state, command, given)
        case c.IssueVisa():
            return granting.issue(state, command, given)
        case c.ActivateVisa():
            return granting.activate(state, command, given)
        case (
            c.ProposeApprovalInPrinciple()
            | c.ProposeApproval()
            | c.ProposeRefusal()
            | c.ProposeReopening()
            | c.ProposeUpholding()
            | c.ProposeExtension()
            | c.ProposeVoiding()
            | c.ProposeErasure()
            | c.ProposeContactChange()
        ):
            return seconding.propose(state, command, given)
        case c.ConfirmDecision():
            return seconding.confirm(state, command, given)
        case c.DeclineDecision():
            return seconding.decline(state, command, given)
        case c.WithdrawApplication():
            return ending.withdraw(state, command, given)
        case c.LapseCase():
            return ending.lapse(state, command, given)
        case l.PlaceLegalHold() | l.LiftLegalHold():
            return keeping.decide(state, command, given)
        case c.RequestReconsideration():
            return reconsidering.request(state, command, given)
        case c.SeekExtension():
            return residing.seek_extension(state, command, given)
        case c.RecordRightOfAbode():
            return residing.reach_abode(state, command, given)
        case (
            c.HoldCase()
            | c.LiftHold()
            | c.RecuseOfficer()
            | c.CorrectApplication()
            | c.AddDependant()
            | c.RemoveDependant()
            | c.AppointRepresentative()
            | c.RemoveRepresentative()
        ):
            return particulars.care(state, command, given)
        case _:
            assert_never(command)


def evolve(state: s.CaseState, event: e.CaseEvent) -> s.CaseState:  # noqa: C901, PLR0911, PLR0912 - one arm per event, as above
    """Return the state after `event`; every event of a case leads somewhere from every state."""
    filed = filed_after(state, event)
    if isinstance(event, f.PaperEvent):
        return state if isinstance(state, s.Draft) else replace(state, filed=filed)
    match event:
        case e.ApplicationSubmitted(application_fee_hkd=None):
            return s.Submitted(filed=filed)
        case e.ApplicationSubmitted(application_fee_hkd=fee):
            return s.FeeAwaited(filed=filed, due_hkd=fee or 0)
        case e.ApplicationFeePaid():
            return s.Submitted(filed=filed)
        case e.ApplicationAcknowledged():
            return s.Acknowledged(filed=filed)
        case e.PrerequisitesAssessed():
            return after_prerequisites(filed, event)
        case e.ApplicationScored():
            return after_score(state, filed, event)
        case (
            CaseMovedToRuleset()
            | r.CaseReopened()
            | p.ApplicationCorrected(assessed_anew=True)
            | t.AssessmentSetAside()
        ):
            return s.Acknowledged(filed=filed)
        case e.CaseShortlisted():
            return _shortlisted(state, filed, event)
        case e.CaseSelected():
            return s.Selected(filed=filed)
        case e.CaseNotSelected():
            return _not_selected(state, filed, event)
        case e.ApprovedInPrinciple(originals_by=by):
            return s.InPrinciple(filed=filed, originals_by=by)
        case e.OriginalsVerified():
            return s.Verified(filed=filed)
        case e.ApplicationApproved():
            return _approved(filed, event)
        case e.VisaFeePaid():
            return s.VisaPaid(filed=filed, stay_years=_stay_years(state))
        case e.VisaIssued():
            return _issued(state, filed, event)
        case e.VisaActivated():
            return s.Active(
                filed=filed,
                stay_until=event.stay_until,
                entered_on=event.entered_on,
                stays_left=_stays_left(state),
            )
        case e.ApplicationRefused():
            return s.Refused(filed=filed, reason_class=event.reason_class)
        case e.ApplicationWithdrawn():
            return s.Withdrawn(filed=filed)
        case CaseLapsed():
            return s.Lapsed(filed=filed, cause=event.cause)
        case r.ReconsiderationRequested():
            return s.UnderReconsideration(filed=filed, reason_class=_refused_for(state))
        case r.RefusalUpheld():
            return s.Refused(filed=filed, reason_class=_refused_for(state))
        case h.ExtensionSought():
            return _extending(state, filed, event)
        case h.StayExtended():
            return _active(state, filed, event)
        case h.ExtensionRefused():
            return _active(state, filed, None)
        case h.RightOfAbodeReached():
            return s.Settled(filed=filed)
        case h.VisaVoided():
            return s.Voided(filed=filed)
        case (
            o.OverrideProposed()
            | o.OverrideConfirmed()
            | o.OverrideDeclined()
            | d.DecisionProposed()
            | d.DecisionConfirmed()
            | d.DecisionDeclined()
            | CaseHeld()
            | HoldLifted()
            | OfficerRecused()
            | p.ApplicationCorrected()
            | p.DependantAdded()
            | p.DependantRemoved()
            | p.RepresentativeAppointed()
            | p.RepresentativeRemoved()
            | p.ContactChanged()
            | p.ErasureDecided()
            | l.LegalHoldPlaced()
            | l.LegalHoldLifted()
            | CaseGraded()
            | CaseTakenOutOfRank()
            | t.AssessmentUpheld()
        ):
            return staying(state, filed, event)
        case _:
            assert_never(event)


# What the events share.


def _score(state: s.CaseState) -> s.Score | None:
    return state.score if isinstance(state, s.InPool | s.Shortlisted) else None


def _approved(filed: Filed, event: e.ApplicationApproved) -> s.Approved:
    return s.Approved(
        filed=filed,
        stay_years=event.stay_years,
        due_hkd=event.visa_fee_hkd,
        pay_by=event.pay_by,
    )


def _issued(state: s.CaseState, filed: Filed, event: e.VisaIssued) -> s.Issued:
    return s.Issued(
        filed=filed,
        stay_years=event.conditions.stay_years,
        activate_by=event.activate_by,
        stays_left=state.stay_years[1:] if isinstance(state, s.VisaPaid) else (),
    )


def _stays_left(state: s.CaseState) -> tuple[int, ...]:
    return state.stays_left if isinstance(state, s.Issued | s.Active | s.Extending) else ()


def _entered_on(state: s.CaseState) -> date | None:
    return state.entered_on if isinstance(state, s.Active | s.Extending) else None


def _stay_until(state: s.CaseState) -> date:
    return state.stay_until if isinstance(state, s.Active | s.Extending) else date.min


def _extending(state: s.CaseState, filed: Filed, event: h.ExtensionSought) -> s.Extending:
    return s.Extending(
        filed=filed,
        stay_until=_stay_until(state),
        entered_on=_entered_on(state),
        stays_left=_stays_left(state),
        settlement=event.settlement,
    )


def _active(state: s.CaseState, filed: Filed, extended: h.StayExtended | None) -> s.Active:
    """Return the stay after a decision on its extension; as it was where there was none."""
    return s.Active(
        filed=filed,
        stay_until=extended.stay_until if extended else _stay_until(state),
        entered_on=_entered_on(state),
        stays_left=extended.stays_left if extended else _stays_left(state),
    )


def _refused_for(state: s.CaseState) -> e.RefusalClass:
    if isinstance(state, s.Refused | s.UnderReconsideration):
        return state.reason_class
    return e.RefusalClass.SELECTION


def _shortlisted(state: s.CaseState, filed: Filed, event: e.CaseShortlisted) -> s.Shortlisted:
    return s.Shortlisted(
        filed=filed,
        points=_points(state),
        by_criteria=_by_criteria(state),
        exercise=event.exercise,
        score=_score(state),
    )


def _not_selected(
    state: s.CaseState, filed: Filed, event: e.CaseNotSelected
) -> s.InPool | s.NotSelected:
    if event.then is AfterNoPlace.IS_REFUSED:
        return s.NotSelected(filed=filed)
    return s.InPool(
        filed=filed,
        points=_points(state),
        by_criteria=_by_criteria(state),
        score=_score(state),
    )


def _by_criteria(state: s.CaseState) -> bool:
    return isinstance(state, s.InPool | s.Shortlisted) and state.by_criteria


def _points(state: s.CaseState) -> int:
    return state.points if isinstance(state, s.InPool | s.Shortlisted) else 0


def _stay_years(state: s.CaseState) -> tuple[int, ...]:
    return state.stay_years if isinstance(state, s.Approved) else ()
