"""A case as people read it besides its stage: decisions, the hold, its people, who stepped aside.

What somebody said is None once the person was erased.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain import decisions as d
from domain import events as e
from domain import particulars as p
from domain.evolving import held_after, stays
from domain.gradings import CaseGraded
from domain.interruptions import CaseHeld, OfficerRecused
from domain.record import Recorded
from domain.sight import UNNAMED

History = Sequence[Recorded[e.CaseEvent]]


class End(StrEnum):
    """What became of a proposal; it lapses when the case moves on or its proposer steps aside."""

    CONFIRMED = "confirmed"
    DECLINED = "declined"
    LAPSED = "lapsed"
    STEPPED_ASIDE = "stepped-aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDecision:
    """A decision from its proposal on; while `end` is None it awaits a second officer.

    `ended_by` is the second officer, None where it lapsed; `texts` are the proposer's words, none
    where there were none to say, `email` is the address of a change of address, and `remark` is
    what was said on declining.
    """

    matter: d.Matter
    proposed_by: str
    proposed_at: datetime
    voiding: d.VoidingCode | None
    texts: tuple[str, ...]
    email: str | None = None
    end: End | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldHold:
    """Who held the case for an investigation, since when and why."""

    held_by: str
    since: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldDependant:
    """Who comes along, by their number in the case."""

    number: int
    relation: p.Relation
    who: p.Dependant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRepresentative:
    """Who speaks for the applicant since when."""

    since: datetime
    who: p.Representative | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRecusal:
    """An officer who stepped aside, when and why."""

    officer: str
    at: datetime
    reason: str | None


def decisions_told(history: History) -> tuple[ToldDecision, ...]:
    """Return every decision that was proposed, in order."""
    told: list[ToldDecision] = []
    for each in history:
        event = each.event
        if isinstance(event, d.DecisionProposed):
            told.append(_proposed(event, each.effective_at))
        elif told and told[-1].end is None:
            told[-1] = _after(told[-1], each)
    return tuple(told)


def hold_told(history: History) -> ToldHold | None:
    """Return the hold that the case is under, None without one."""
    hold: ToldHold | None = None
    for each in history:
        match each.event:
            case CaseHeld(personal=said):
                reason = said.text if said else None
                hold = ToldHold(held_by=each.actor, since=each.effective_at, reason=reason)
            case ended if not held_after(ended, before=hold is not None):
                hold = None
            case _:
                pass
    return hold


def dependants_told(history: History) -> tuple[ToldDependant, ...]:
    """Return who comes along, by their numbers."""
    told: dict[int, ToldDependant] = {}
    for each in history:
        match each.event:
            case p.DependantAdded(dependant=number, relation=relation, personal=who):
                told[number] = ToldDependant(number=number, relation=relation, who=who)
            case p.DependantRemoved(dependant=number):
                told.pop(number, None)
            case _:
                pass
    return tuple(told.values())


def representative_told(history: History) -> ToldRepresentative | None:
    """Return who speaks for the applicant, None where they speak for themselves."""
    told: ToldRepresentative | None = None
    for each in history:
        match each.event:
            case p.RepresentativeAppointed(personal=who):
                told = ToldRepresentative(since=each.effective_at, who=who)
            case p.RepresentativeRemoved():
                told = None
            case _:
                pass
    return told


def recusals_told(history: History) -> tuple[ToldRecusal, ...]:
    """Return the officers who stepped aside, in order."""
    return tuple(_recusals(history))


def links_told(history: Iterable[Recorded[e.CaseEvent]]) -> tuple[str | None, str | None]:
    """Return the case that this one took the place of, and the one that took its place."""
    refiles = refiled_as = None
    for each in history:
        match each.event:
            case e.ApplicationSubmitted(refiles=before):
                refiles = before
            case e.ApplicationWithdrawn(refiled_as=after):
                refiled_as = after
            case _:
                pass
    return refiles, refiled_as


def _recusals(history: History) -> Iterator[ToldRecusal]:
    for each in history:
        match each.event:
            case OfficerRecused(officer=officer, personal=said):
                reason = said.text if said else None
                yield ToldRecusal(officer=officer, at=each.effective_at, reason=reason)
            case _:
                pass


def _proposed(event: d.DecisionProposed, at: datetime) -> ToldDecision:
    return ToldDecision(
        matter=event.matter,
        proposed_by=event.proposed_by,
        proposed_at=at,
        voiding=event.voiding,
        texts=event.personal.texts if event.personal else (),
        email=event.personal.email if event.personal else None,
    )


def _after(told: ToldDecision, recorded: Recorded[Any]) -> ToldDecision:
    """Return the open decision after one more event."""
    event, at = recorded.event, recorded.effective_at
    match event:
        case d.DecisionConfirmed(confirmed_by=by):
            return replace(told, end=End.CONFIRMED, ended_by=by, ended_at=at)
        case d.DecisionDeclined(declined_by=by, personal=said):
            remark = said.text if said else None
            return replace(told, end=End.DECLINED, ended_by=by, ended_at=at, remark=remark)
        case OfficerRecused(officer=officer) if officer == told.proposed_by:
            return replace(told, end=End.STEPPED_ASIDE, ended_at=at)
        case _:
            return told if stays(event) else replace(told, end=End.LAPSED, ended_at=at)


def grade_told(events: History) -> CaseGraded | None:
    """Return the grade that stands in the exercise that the case came before last; None without.

    Whoever is given nobody's name but their own is told the latest of their own.
    """
    found: CaseGraded | None = None
    for each in events:
        match each.event:
            case e.CaseShortlisted():
                found = None
            case CaseGraded(graded_by=by) as graded if by != UNNAMED:
                found = graded
            case _:
                pass
    return found
