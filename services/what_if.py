"""An exercise, or the pool as it is, on other terms: who would gain a place and who would lose it.

Law: nothing is appended and no row is written. The answer follows from the log up to one position,
the rules as loaded, and the terms asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final, cast

from domain import events as e
from domain import exercise_events as x
from domain.access import Action, Person, demand
from domain.application import Application
from domain.days import hong_kong_date
from domain.errors import NothingToSelect, Refusal, TermsInvalid
from domain.exercise import load
from domain.exercise_lists import selection
from domain.exercise_states import Drawn, Opened, Pool
from domain.exercise_terms import terms_of
from domain.rules.assess import assess
from domain.rules.rank import Placed, PoolMember
from domain.rules.terms import Measure, Order, Terms
from domain.rules.types import Ruleset
from services.exercise_requests import events_of
from services.pool import History, pool_at
from services.rulebook.named import ruleset_named
from services.wiring import Office

AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be otherwise; None leaves it as it was. `as_of` is the instant of another pool."""

    ruleset: str | None = None
    places: int | None = None
    order: Order | None = None
    threshold: int | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A case whose place is another: its points and rank before and then, None where it has none.

    A rank is None too for whoever is not ranked.
    """

    reference: str
    gains: bool
    points_before: int | None
    points_then: int | None
    rank_before: int | None
    rank_then: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """How many would be selected on the changed terms, and whom it would make a difference to.

    `exercise` is None for the pool as it is. `erased` counts the cases whose person was erased, so
    that they keep their points under another ruleset.
    """

    exercise: str | None
    position: int
    terms: Terms
    before: int
    then: int
    cut_off: int | None
    moved: tuple[Moved, ...]
    erased: int = 0


def what_if(office: Office, exercise: str, change: Change, person: Person) -> WhatIf:
    """Return what a past exercise, or one that is under way, would select with a change.

    Those who departed do so here too, and recorded departures from rank stand.
    """
    demand(person, Action.READ_EXERCISES)
    history = events_of(office, exercise)
    opened = cast("x.ExerciseOpened", history[0].event)
    terms, position = terms_of(opened), opened.pool_position
    members = pool_at(office, position, history[0].effective_at, terms.measure).members
    departed = _departed(history)
    drawn = _as_drawn(history)
    before = selection(drawn, _pool(position, members, departed)).taken
    if change.as_of is not None:
        members = _members_at(office, change.as_of, terms.measure)
    members, erased = _under(office, members, change.ruleset)
    changed = replace(drawn, opened=_changed(opened, change))
    division = selection(changed, _pool(position, members, departed))
    return WhatIf(
        exercise=exercise,
        position=position,
        terms=terms_of(changed.opened),
        before=len(before),
        then=len(division.taken),
        cut_off=division.cut_off,
        moved=tuple(_moved(before, division.taken)),
        erased=erased,
    )


def what_if_present(office: Office, terms: Terms, change: Change, person: Person) -> WhatIf:
    """Return what an exercise on the pool as it is would select, and with a change of terms."""
    demand(person, Action.READ_EXERCISES)
    position = office.store.sequence()
    waiting = pool_at(office, position, change.as_of or office.clock(), terms.measure)
    if not waiting.members:
        raise NothingToSelect("no case is waiting in the pool by this measure")
    opened = _imagined(terms, position)
    before = selection(_fresh(opened), _pool(position, waiting.members)).taken
    members, erased = _under(office, waiting.members, change.ruleset)
    changed = _changed(opened, change)
    division = selection(_fresh(changed), _pool(position, members))
    return WhatIf(
        exercise=None,
        position=position,
        terms=terms_of(changed),
        before=len(before),
        then=len(division.taken),
        cut_off=division.cut_off,
        moved=tuple(_moved(before, division.taken)),
        erased=erased,
    )


def _pool(
    position: int, members: tuple[PoolMember, ...], departed: frozenset[str] = frozenset()
) -> Pool:
    return Pool(position=position, members=members, departed=departed)


def _departed(history: History) -> frozenset[str]:
    """Return who departed at all: whoever left the pool is not selected by another rule either."""
    gone: set[str] = set()
    for each in history:
        if isinstance(each.event, x.ShortlistDrawn | x.SelectionProposed | x.SelectionMade):
            gone |= set(each.event.departed)
    return frozenset(gone)


def _as_drawn(history: History) -> Drawn:
    state = load(each.event for each in history)
    if isinstance(state, Drawn):
        return Drawn(opened=state.opened, drawn=state.drawn, departures=state.departures)
    if isinstance(state, Opened):
        return _fresh(state.opened)
    # A result is published: all before it is as it was when the selection was made.
    return _as_drawn(history[:-1])


def _fresh(opened: x.ExerciseOpened) -> Drawn:
    drawn = x.ShortlistDrawn(achievement=0, general=0, departed=(), digest="")
    return Drawn(opened=opened, drawn=drawn)


def _imagined(terms: Terms, position: int) -> x.ExerciseOpened:
    return x.ExerciseOpened(
        exercise="what-if",
        title="What if",
        archetype=terms.archetype,
        places=terms.places,
        shortlist_size=terms.shortlist_size,
        pool_position=position,
        pool_size=0,
        pool_digest="",
        order=terms.order,
        measure=terms.measure,
        threshold=terms.threshold,
        strata=terms.strata,
        leftover=terms.leftover,
    )


def _changed(opened: x.ExerciseOpened, change: Change) -> x.ExerciseOpened:
    by_instant = change.order is Order.INSTANT_REFERENCE
    if change.order and by_instant is not (opened.measure is Measure.CRITERIA):
        raise TermsInvalid(f"{change.order} is no order for cases with {opened.measure}")
    if change.places is not None and change.places < 1:
        raise TermsInvalid("there is at least one place")
    size = opened.shortlist_size
    if change.places is not None and size is not None:
        # More places than the committee saw would otherwise make no difference.
        size = max(size, change.places)
    return replace(
        opened,
        places=opened.places if change.places is None else change.places,
        shortlist_size=size,
        order=change.order or opened.order,
        threshold=opened.threshold if change.threshold is None else change.threshold,
    )


def _members_at(office: Office, at: datetime, measure: Measure) -> tuple[PoolMember, ...]:
    """Return who waited in the pool at an instant, as the whole log says by now."""
    position = office.store.sequence()
    return pool_at(office, position, at, measure, as_of=at).members


def _under(
    office: Office, members: tuple[PoolMember, ...], ruleset: str | None
) -> tuple[tuple[PoolMember, ...], int]:
    """Return the members of the ruleset's route with its points, less those below its mark.

    Members of the other route keep their points. Who is not in the pool is not looked at.
    """
    if ruleset is None:
        return members, 0
    target = ruleset_named(office.rulebook, ruleset)
    found: list[PoolMember] = []
    erased = 0
    for some in _some(members):
        streams = {f"case-{each.reference}": each for each in some}
        for recorded in office.store.read_firsts(list(streams)):
            member = streams[recorded.stream]
            filed = cast("e.ApplicationSubmitted", recorded.event).personal
            if member.route is not target.route or filed is None:
                erased += filed is None
                found.append(member)
            elif (points := _points(target, filed, member)) is not None:
                found.append(replace(member, points=points, ruleset=target.id))
    return tuple(found), erased


def _points(ruleset: Ruleset, filed: Application, member: PoolMember) -> int | None:
    """Return the points under a ruleset; None where the case would not be in the pool."""
    try:
        found = assess(ruleset, filed, hong_kong_date(member.submitted_at))
    except Refusal:
        return None
    met = all(each.met for each in found.prerequisites)
    return found.total if met and found.total >= found.pass_mark else None


def _some(members: tuple[PoolMember, ...]) -> Iterator[tuple[PoolMember, ...]]:
    rest = iter(members)
    while some := tuple(islice(rest, AT_ONCE)):
        yield some


def _moved(before: tuple[Placed, ...], then: tuple[Placed, ...]) -> Iterator[Moved]:
    old = {each.member.reference: each for each in before}
    new = {each.member.reference: each for each in then}
    for name in (*new, *old):
        if name in old and name in new:
            continue
        was, will = old.get(name), new.get(name)
        yield Moved(
            reference=name,
            gains=was is None,
            points_before=was.member.points if was else None,
            points_then=will.member.points if will else None,
            rank_before=was.rank if was else None,
            rank_then=will.rank if will else None,
        )
