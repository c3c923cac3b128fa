"""What a fact of a case's later life says, in words for staff and auditors.

Nothing here is for applicants, for it names officers and tells of holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from domain import decisions as d
from domain import events as e
from domain import gradings as g
from domain import interruptions as i
from domain import legal_holds as l
from domain import overrides as o
from domain import particulars as p
from domain import reconsidering as r
from domain import residence as h
from domain import standing as t
from domain.case import evolve
from domain.days import hong_kong_date, written_out
from domain.record import Recorded
from domain.stages import CaseState, Draft, decision_of, proposals_of

ERASED: Final = "[erased]"

_DECIDED: Final = (
    d.DecisionConfirmed,
    d.DecisionDeclined,
    o.OverrideConfirmed,
    o.OverrideDeclined,
)


def fact_told(fact: object) -> tuple[str, ...]:  # noqa: PLR0911 - one arm per kind of fact
    """Return lines on a decision, a stop, a person or a stay; none for any other fact."""
    match fact:
        case d.DecisionProposed() | d.DecisionConfirmed() | d.DecisionDeclined():
            return tuple(_decision(fact))
        case (
            i.CaseHeld()
            | i.HoldLifted()
            | i.CaseLapsed()
            | i.OfficerRecused()
            | l.LegalHoldPlaced()
            | l.LegalHoldLifted()
        ):
            return tuple(_stop(fact))
        case e.ApplicationSubmitted(refiles=str(before)):
            return (f"in place of {before}",)
        case e.ApplicationWithdrawn(refiled_as=after, personal=said):
            words = (said.text,) if said else ()
            return (*words, f"filed anew as {after}") if after else words
        case r.ReconsiderationRequested(request=number):
            return (f"request {number}: {_text(fact)}",)
        case r.CaseReopened():
            return ("the refusal no longer stands; the case is assessed anew",)
        case r.RefusalUpheld() | h.ExtensionRefused():
            return _texts(fact)
        case g.CaseGraded() | g.CaseTakenOutOfRank():
            return (_panel(fact),)
        case h.ExtensionSought() | h.StayExtended() | h.RightOfAbodeReached() | h.VisaVoided():
            return tuple(_stay(fact))
        case _:
            return tuple(_person(fact))


def lapsed(events: Iterable[Recorded[e.CaseEvent]]) -> Mapping[int, tuple[str, ...]]:
    """Return what was proposed and lapsed undecided, by the version of the event it lapsed with."""
    return {version: gone for version, gone in _lapses(events) if gone}


def _lapses(events: Iterable[Recorded[e.CaseEvent]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    state: CaseState = Draft()
    for each in events:
        before, state = state, evolve(state, each.event)
        decided = isinstance(each.event, _DECIDED)
        left = _proposed(state)
        yield each.version, () if decided else tuple(s for s in _proposed(before) if s not in left)


def _proposed(state: CaseState) -> tuple[str, ...]:
    """Return what awaits a second officer."""
    decision = decision_of(state)
    overrides = tuple(f"override of {each.rule}" for each in proposals_of(state))
    return (*((str(decision.matter),) if decision else ()), *overrides)


def _decision(fact: d.DecisionEvent) -> Iterator[str]:
    match fact:
        case d.DecisionProposed(matter=matter, proposed_by=by, voiding=code):
            why = f" ({code})" if code else ""
            yield f"{matter}{why}, proposed by {by}; another officer decides"
            if fact.personal:
                yield from fact.personal.texts
        case d.DecisionConfirmed(matter=matter, proposed_by=by, confirmed_by=second):
            yield f"{matter}, proposed by {by}, confirmed by {second}"
        case d.DecisionDeclined(matter=matter, proposed_by=by, declined_by=second, personal=said):
            remark = f": {said.text}" if said else ""
            yield f"{matter}, proposed by {by}, declined by {second}{remark}"


def _stop(fact: i.InterruptionEvent | l.LegalHoldEvent) -> Iterator[str]:
    match fact:
        case i.CaseHeld():
            yield f"nothing is decided until the hold is lifted: {_text(fact)}"
        case i.HoldLifted(personal=said):
            if said:
                yield said.text
        case i.CaseLapsed(cause=cause, due_on=due):
            yield f"{cause} by {written_out(due)}"
        case i.OfficerRecused(officer=officer):
            yield f"{officer} takes no further part: {_text(fact)}"
        case l.LegalHoldPlaced(hold=number, authority=authority):
            yield f"legal hold {number}, {authority}: {_text(fact)}"
        case l.LegalHoldLifted(hold=number):
            yield f"legal hold {number}: {_text(fact)}"


def _panel(fact: g.CaseGraded | g.CaseTakenOutOfRank) -> str:
    if isinstance(fact, g.CaseGraded):
        return f"{fact.grade}: {fact.personal.text}" if fact.personal else str(fact.grade)
    given = "a place" if fact.direction is g.Direction.PLACE else "no place"
    return f"{given} whatever its rank ({fact.code}): {_text(fact)}"


def _stay(fact: object) -> Iterator[str]:
    match fact:
        case h.ExtensionSought(settlement=settlement, fee_hkd=fee):
            yield f"{settlement}: {_text(fact)}" + (f"; HK${fee:,} paid" if fee else "")
        case h.StayExtended(years=years, stay_until=until, stays_left=left):
            then = f"; then {' + '.join(map(str, left))} more" if left else ""
            yield f"{years} years more, until {written_out(until)}{then}"
        case h.RightOfAbodeReached(reached_on=on):
            yield f"by {written_out(on)}"
        case h.VisaVoided(code=code):
            yield code
            yield from _texts(fact)
        case _:
            pass


def _person(fact: object) -> Iterator[str]:
    match fact:
        case p.ApplicationCorrected(fields=paths, assessed_anew=anew, personal=said):
            yield f"{', '.join(paths)}: {said.reason if said else ERASED}"
            if anew:
                yield "the case is assessed anew"
            if fact.assessment_stale:
                yield "its assessment is stale: a supervisor upholds it or sets it aside"
        case p.DependantAdded(dependant=number, relation=relation, personal=who):
            called = f"{who.family_name}, {who.given_names}" if who else ERASED
            yield f"dependant {number}, {relation}: {called}"
        case p.DependantRemoved(dependant=number):
            yield f"dependant {number}"
        case p.RepresentativeAppointed(personal=speaker):
            named = (speaker.name, speaker.organisation) if speaker else (ERASED,)
            yield ", ".join(filter(None, named))
        case t.AssessmentUpheld(total=total):
            yield f"what is recorded now gives {total}: {_text(fact)}"
        case t.AssessmentSetAside(personal=reason):
            yield f"the case is assessed anew{f': {reason.text}' if reason else ''}"
        case _:
            yield from _decided_by_two(fact)


def _decided_by_two(fact: object) -> Iterator[str]:
    match fact:
        case p.ContactChanged(personal=contact):
            yield f"verified by: {contact.evidence}" if contact else ERASED
        case p.ErasureDecided():
            yield "the key of the case was destroyed: what was personal can be read by nobody"
            yield from _again(fact.again)
        case _:
            pass


def _again(before: p.ErasedBefore | None) -> Iterator[str]:
    if before is not None:
        two, on = f"{before.proposed_by} and {before.confirmed_by}", before.decided_at
        yield f"a restore had undone it; {two} decided it on {written_out(hong_kong_date(on))}"


def _text(fact: Any) -> str:
    return fact.personal.text if fact.personal else ERASED


def _texts(fact: Any) -> tuple[str, ...]:
    return fact.personal.texts if fact.personal else (ERASED,)
