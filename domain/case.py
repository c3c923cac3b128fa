"""The case as a decider: what each command may do, and what each event makes of the case.

`decide` refuses or returns facts and changes nothing; `evolve` never refuses and never skips.
`reduce(evolve, history, Draft())` is the whole of loading. The tables stand here; what a command
may do stands in `deciding`, by the part of a case's life that it belongs to.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import assert_never

from domain import commands as c
from domain import events as e
from domain import overrides as o
from domain import papers as p
from domain import stages as s
from domain.deciding import (
    assessing,
    ending,
    filing,
    granting,
    moving,
    overriding,
    papers,
    selecting,
)
from domain.deciding.circumstances import Circumstances, Facts
from domain.moves import CaseMovedToRuleset


def load(history: Iterable[e.CaseEvent]) -> s.CaseState:
    """Return the state that `history` leads to."""
    start: s.CaseState = s.Draft()
    return reduce(evolve, history, start)


def decide(state: s.CaseState, command: c.CaseCommand, given: Circumstances) -> Facts:  # noqa: C901, PLR0911, PLR0912 - one arm per command is the clearest table of them
    """Return the facts that follow from `command`, or raise the `Refusal` that forbids it."""
    if isinstance(command, p.PaperCommand):
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
            return selecting.select(state, command)
        case c.ApproveInPrinciple():
            return selecting.approve_in_principle(state, command)
        case c.VerifyOriginals():
            return selecting.verify(state, command)
        case c.ApproveApplication():
            return granting.approve(state, command, given)
        case c.PayVisaFee():
            return granting.pay_visa_fee(state, command, given)
        case c.IssueVisa():
            return granting.issue(state, command, given)
        case c.ActivateVisa():
            return granting.activate(state, command, given)
        case c.RefuseApplication():
            return ending.refuse(state, command)
        case c.WithdrawApplication():
            return ending.withdraw(state, command)
        case _:
            assert_never(command)


def evolve(state: s.CaseState, event: e.CaseEvent) -> s.CaseState:  # noqa: C901, PLR0911, PLR0912 - one arm per event, as above
    """Return the state after `event`; every event of a case leads somewhere from every state."""
    filed = _filed(state, event)
    if isinstance(event, p.PaperEvent):
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
            return _after_prerequisites(filed, event)
        case e.ApplicationScored():
            return _after_score(state, filed, event)
        case CaseMovedToRuleset():
            return s.Acknowledged(filed=filed)
        case o.OverrideProposed():
            return _with_proposal(state, event)
        case o.OverrideConfirmed() | o.OverrideDeclined():
            return _without_proposal(state, event.rule)
        case e.CaseShortlisted():
            return s.Shortlisted(
                filed=filed, points=_points(state), exercise=event.exercise, score=_score(state)
            )
        case e.CaseSelected():
            return s.Selected(filed=filed)
        case e.CaseNotSelected():
            return s.InPool(filed=filed, points=_points(state), score=_score(state))
        case e.ApprovedInPrinciple():
            return s.InPrinciple(filed=filed)
        case e.OriginalsVerified():
            return s.Verified(filed=filed)
        case e.ApplicationApproved():
            return _approved(filed, event)
        case e.VisaFeePaid():
            return s.VisaPaid(filed=filed, stay_years=_stay_years(state))
        case e.VisaIssued():
            return _issued(filed, event)
        case e.VisaActivated():
            return s.Active(filed=filed, stay_until=event.stay_until)
        case e.ApplicationRefused():
            return s.Refused(filed=filed, reason_class=event.reason_class)
        case e.ApplicationWithdrawn():
            return s.Withdrawn(filed=filed)
        case _:
            assert_never(event)


# What the events share.


def _filed(state: s.CaseState, event: e.CaseEvent) -> s.Filed:
    if isinstance(event, e.ApplicationSubmitted):
        return s.Filed(
            reference=event.reference,
            route=event.route,
            submitted_at=event.submitted_at,
            application=event.personal,
        )
    if isinstance(state, s.Draft):
        raise TypeError(f"a history cannot begin with {type(event).__name__}")
    if isinstance(event, p.PaperEvent):
        return replace(state.filed, papers=p.after(state.filed.papers, event))
    match event:
        case e.PrerequisitesAssessed() | e.ApplicationScored():
            under = s.AssessedUnder(ruleset=event.ruleset, digest=event.digest)
            return replace(state.filed, assessed=under)
        case CaseMovedToRuleset():
            return replace(state.filed, ruleset=event.ruleset, assessed=None)
        case e.ApplicationApproved() | e.ApplicationRefused() | e.ApplicationWithdrawn():
            # Whatever was asked for is asked for no longer: the case was decided without it.
            return replace(state.filed, papers=p.without_request(state.filed.papers))
        case _:
            return state.filed


def _after_prerequisites(filed: s.Filed, event: e.PrerequisitesAssessed) -> s.CaseState:
    unmet = tuple(each.id for each in event.results if not each.met)
    if not unmet:
        return s.PrerequisitesMet(filed=filed)
    found = event.personal.prerequisites if event.personal else ()
    reasons = tuple(each.reason for each in found if not each.met)
    return s.PrerequisitesUnmet(filed=filed, unmet=unmet, reasons=reasons)


def _after_score(
    state: s.CaseState, filed: s.Filed, event: e.ApplicationScored
) -> s.InPool | s.BelowMark:
    score = s.Score(
        ruleset=event.ruleset,
        digest=event.digest,
        reference_date=event.reference_date,
        overrides=event.overrides,
        computed_total=event.computed_total,
    )
    proposals, by_criteria = s.proposals_of(state), bool(event.criteria)
    if event.total >= event.pass_mark:
        return s.InPool(
            filed=filed,
            points=event.total,
            by_criteria=by_criteria,
            score=score,
            proposals=proposals,
        )
    return s.BelowMark(
        filed=filed,
        points=event.total,
        pass_mark=event.pass_mark,
        by_criteria=by_criteria,
        score=score,
        proposals=proposals,
    )


def _with_proposal(state: s.CaseState, event: o.OverrideProposed) -> s.CaseState:
    """Return the case with one more open proposal; where none can be open it is as it was."""
    if not isinstance(state, s.BelowMark | s.InPool):
        return state
    others = _without_proposal(state, event.rule)
    return replace(state, proposals=(*s.proposals_of(others), event))


def _without_proposal(state: s.CaseState, rule: str) -> s.CaseState:
    if not isinstance(state, s.BelowMark | s.InPool):
        return state
    return replace(state, proposals=tuple(each for each in state.proposals if each.rule != rule))


def _score(state: s.CaseState) -> s.Score | None:
    return state.score if isinstance(state, s.InPool | s.Shortlisted) else None


def _approved(filed: s.Filed, event: e.ApplicationApproved) -> s.Approved:
    return s.Approved(
        filed=filed,
        stay_years=event.stay_years,
        due_hkd=event.visa_fee_hkd,
        pay_by=event.pay_by,
    )


def _issued(filed: s.Filed, event: e.VisaIssued) -> s.Issued:
    years = event.conditions.stay_years
    return s.Issued(filed=filed, stay_years=years, activate_by=event.activate_by)


def _points(state: s.CaseState) -> int:
    return state.points if isinstance(state, s.InPool | s.Shortlisted) else 0


def _stay_years(state: s.CaseState) -> tuple[int, ...]:
    return state.stay_years if isinstance(state, s.Approved) else ()
