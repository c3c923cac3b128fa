"""What an event leaves true of a case whatever its stage, and the stages that take more to make."""

from dataclasses import replace
from typing import Any, Final, get_args

from domain import decisions as d
from domain import events as e
from domain import legal_holds as l
from domain import overrides as o
from domain import papers as f
from domain import particulars as p
from domain import stages as s
from domain.application import Application
from domain.filed import AssessedUnder, Decided, Filed
from domain.gradings import CaseGraded, CaseTakenOutOfRank
from domain.interruptions import CaseHeld, CaseLapsed, HoldLifted, OfficerRecused
from domain.moves import CaseMovedToRuleset
from domain.reconsidering import CaseReopened, ReconsiderationRequested, RefusalUpheld
from domain.residence import ExtensionRefused, StayExtended, VisaVoided
from domain.standing import AssessmentSetAside, AssessmentUpheld

STAYS: Final = frozenset(
    {
        o.OverrideProposed,
        o.OverrideConfirmed,
        o.OverrideDeclined,
        *get_args(d.DecisionEvent),
        *get_args(p.ParticularEvent),
        *get_args(f.PaperEvent),
        *get_args(l.LegalHoldEvent),
        CaseHeld,
        HoldLifted,
        OfficerRecused,
        CaseGraded,
        CaseTakenOutOfRank,
        AssessmentUpheld,
    }
)
"""Events that leave a case at its stage, with the points that it has; but for a correction that
has it assessed anew."""

_ENDS_HOLD: Final[frozenset[type[e.CaseEvent]]] = frozenset(
    {HoldLifted, e.ApplicationWithdrawn, CaseLapsed, VisaVoided}
)
_ENDS_STALE: Final[frozenset[type[e.CaseEvent]]] = frozenset(
    {
        AssessmentUpheld,
        AssessmentSetAside,
        e.ApplicationRefused,
        e.ApplicationWithdrawn,
        CaseLapsed,
    }
)
_ENDS_REQUEST: Final[frozenset[type[e.CaseEvent]]] = frozenset(
    {
        f.RequestedDocumentsReceived,
        f.DocumentRequestCancelled,
        e.ApplicationApproved,
        e.ApplicationRefused,
        e.ApplicationWithdrawn,
        CaseLapsed,
        CaseReopened,
        RefusalUpheld,
        StayExtended,
        ExtensionRefused,
        VisaVoided,
    }
)


def stays(event: e.CaseEvent) -> bool:
    """Say whether an event leaves a case at its stage, whichever that is."""
    return type(event) in STAYS and not (
        isinstance(event, p.ApplicationCorrected) and event.assessed_anew
    )


def held_after(event: e.CaseEvent, *, before: bool) -> bool:
    """Say whether an investigation holds a case after an event; what ends the case ends it too."""
    return isinstance(event, CaseHeld) or (before and type(event) not in _ENDS_HOLD)


def stale_after(event: e.CaseEvent, *, before: bool) -> bool:
    """Say whether an assessment rests on what was corrected since; what ends the case ends it."""
    if isinstance(event, p.ApplicationCorrected):
        return event.assessment_stale or before
    return before and type(event) not in _ENDS_STALE


def documents_awaited_after(event: e.CaseEvent, *, before: bool) -> bool:
    """Say whether a request for documents is open after an event; what decides the case ends it."""
    return isinstance(event, f.DocumentsRequested) or (before and type(event) not in _ENDS_REQUEST)


def filed_after(state: s.CaseState, event: e.CaseEvent) -> Filed:
    """Return what is true of the case whatever its stage, after an event."""
    if isinstance(event, e.ApplicationSubmitted):
        return Filed(
            reference=event.reference,
            route=event.route,
            submitted_at=event.submitted_at,
            application=event.personal,
        )
    if isinstance(state, s.Draft):
        raise TypeError(f"a history cannot begin with {type(event).__name__}")
    filed = state.filed
    held, stale = held_after(event, before=filed.held), stale_after(event, before=filed.stale)
    if (held, stale) != (filed.held, filed.stale):
        filed = replace(filed, held=held, stale=stale)
    if not stays(event):
        # What was proposed was about the case as it was.
        filed = _without_decision(filed)
    if isinstance(event, f.PaperEvent):
        return replace(filed, papers=f.after(filed.papers, event))
    asked = filed.papers.requested is not None
    if asked and not documents_awaited_after(event, before=True):
        filed = replace(filed, papers=f.without_request(filed.papers))
    return _acted(_told(filed, event), event)


def _without_decision(filed: Filed) -> Filed:
    # Most cases have none, and a copy costs more than all else that an event does.
    return filed if filed.decision is None else replace(filed, decision=None)


def _told(filed: Filed, event: e.CaseEvent) -> Filed:  # noqa: PLR0911 - one arm per event
    match event:
        case e.PrerequisitesAssessed():
            return replace(filed, assessed=_under(event))
        case e.ApplicationScored():
            return replace(filed, assessed=_under(event), decided=_decided(filed, event))
        case CaseMovedToRuleset():
            return replace(filed, ruleset=event.ruleset, assessed=None, decided=())
        case CaseReopened() | AssessmentSetAside():
            return replace(filed, assessed=None)
        case OfficerRecused(officer=officer):
            return _without_officer(filed, officer)
        case ReconsiderationRequested(request=number):
            return replace(filed, reconsiderations=number)
        case e.ApplicationWithdrawn(refiled_as=after):
            return replace(filed, refiled_as=after)
        case _:
            return _with_people(_kept(filed, event), event)


def _decided(filed: Filed, event: e.ApplicationScored) -> tuple[Decided, ...]:
    """Return what officers decided, after a score.

    It says which overrides of its edition stand, and without any that none does; of no other.
    """
    others = tuple(each for each in filed.decided if each.digest != event.digest)
    if not event.overrides:
        return others
    return (*others, Decided(digest=event.digest, overrides=event.overrides))


def _kept(filed: Filed, event: e.CaseEvent) -> Filed:
    """Return the case with the legal holds that stand after an event."""
    if not isinstance(event, l.LegalHoldEvent):
        return filed
    number = event.hold if isinstance(event, l.LegalHoldPlaced) else filed.legal_holds_placed
    holds = l.after(filed.legal_holds, event)
    return replace(filed, legal_holds=holds, legal_holds_placed=number)


def _under(event: e.PrerequisitesAssessed | e.ApplicationScored) -> AssessedUnder:
    if isinstance(event, e.PrerequisitesAssessed):
        return AssessedUnder(ruleset=event.ruleset, digest=event.digest)
    return AssessedUnder(
        ruleset=event.ruleset,
        digest=event.digest,
        overrides=event.overrides,
        total=event.total,
    )


def _without_officer(filed: Filed, officer: str) -> Filed:
    """Return the case after somebody stepped aside, and what they proposed with them."""
    theirs = filed.decision is not None and filed.decision.proposed_by == officer
    decision = None if theirs else filed.decision
    return replace(filed, recused=filed.recused | {officer}, decision=decision)


def _with_people(filed: Filed, event: e.CaseEvent) -> Filed:  # noqa: PLR0911 - one arm per event
    match event:
        case p.ApplicationCorrected(personal=said, assessed_anew=anew):
            application = said.application if said else None
            assessed = None if anew else filed.assessed
            return replace(filed, application=application, assessed=assessed)
        case p.DependantAdded(dependant=number, relation=relation):
            dependants = (*filed.dependants, (number, relation))
            return replace(filed, dependants=dependants, numbered=max(filed.numbered, number))
        case p.DependantRemoved(dependant=number):
            left = tuple(each for each in filed.dependants if each[0] != number)
            return replace(filed, dependants=left)
        case p.RepresentativeAppointed() | p.RepresentativeRemoved():
            return replace(filed, represented=isinstance(event, p.RepresentativeAppointed))
        case p.ContactChanged(personal=contact):
            return replace(filed, application=_reached_at(filed.application, contact))
        case p.ErasureDecided():
            return replace(filed, application=None, erased=True)
        case _:
            return filed


def _reached_at(
    application: Application | None, contact: p.NewContact | None
) -> Application | None:
    if application is None or contact is None:
        return None
    applicant = replace(application.applicant, email=contact.email)
    return replace(application, applicant=applicant)


def _acted(filed: Filed, event: e.CaseEvent) -> Filed:  # noqa: PLR0911 - one arm per event
    """Return the case with who has acted on which matter; a confirmation closes its matter."""
    match event:
        case d.DecisionProposed(matter=matter, proposed_by=actor):
            return replace(filed, decision=event, acted=filed.acted | {(matter, actor)})
        case d.DecisionDeclined(matter=matter, declined_by=actor):
            return replace(filed, decision=None, acted=filed.acted | {(matter, actor)})
        case d.DecisionConfirmed(matter=matter):
            return replace(_closed(filed, matter), decision=None)
        case o.OverrideProposed(rule=rule, proposed_by=actor):
            return replace(filed, acted=filed.acted | {(o.matter_of(rule), actor)})
        case o.OverrideDeclined(rule=rule, declined_by=actor):
            return replace(filed, acted=filed.acted | {(o.matter_of(rule), actor)})
        case o.OverrideConfirmed(rule=rule):
            return _closed(filed, o.matter_of(rule))
        case _:
            return filed


def _closed(filed: Filed, matter: str) -> Filed:
    return replace(filed, acted=frozenset(each for each in filed.acted if each[0] != matter))


def staying(state: Any, filed: Filed, event: e.CaseEvent) -> s.CaseState:
    """Return the case at the stage it has, after an event that leaves it there."""
    after: s.CaseState = replace(state, filed=filed)
    match event:
        case o.OverrideProposed():
            return _with_proposal(after, event)
        case o.OverrideConfirmed() | o.OverrideDeclined():
            return _without_proposal(after, event.rule)
        case OfficerRecused(officer=officer) if isinstance(after, s.BelowMark | s.InPool):
            others = (each for each in after.proposals if each.proposed_by != officer)
            return replace(after, proposals=tuple(others))
        case CaseGraded(grade=grade, graded_by=who) if isinstance(after, s.Shortlisted):
            return replace(after, grade=grade, graded_by=after.graded_by | {who})
        case _:
            return after


def after_prerequisites(filed: Filed, event: e.PrerequisitesAssessed) -> s.CaseState:
    """Return the stage that looked-at prerequisites lead to."""
    unmet = tuple(each.id for each in event.results if not each.met)
    if not unmet:
        return s.PrerequisitesMet(filed=filed)
    found = event.personal.prerequisites if event.personal else ()
    reasons = tuple(each.reason for each in found if not each.met)
    return s.PrerequisitesUnmet(filed=filed, unmet=unmet, reasons=reasons)


def keeps_points(state: s.CaseState, event: e.ApplicationScored) -> bool:
    """Say whether a case has the points of a score already, and so has had them since before it.

    One that begins anew has none until it is scored again.
    """
    return isinstance(state, s.InPool | s.BelowMark) and state.points == event.total


def after_score(
    state: s.CaseState, filed: Filed, event: e.ApplicationScored
) -> s.InPool | s.BelowMark:
    """Return the stage that counted points lead to; proposals stay open."""
    score = s.Score(
        ruleset=event.ruleset,
        digest=event.digest,
        reference_date=event.reference_date,
        overrides=event.overrides,
        computed_total=event.computed_total,
        stratum=event.stratum,
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
