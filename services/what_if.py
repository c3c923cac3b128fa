"""An exercise, or the pool as it is, on other terms: who would gain a place and who would lose it.

Law: nothing is appended, and no row is written but that of the look at the log. The answer follows
from the log up to one position, the rules as loaded, and the terms asked for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from domain import exercise_events as x
from domain.access import Action, demand
from domain.errors import NothingToSelect
from domain.exercise import load
from domain.exercise_lists import digest_by, imagined, selection
from domain.exercise_states import Drawn, Opened, Pool
from domain.exercise_terms import fit_together, usual_order
from domain.looks import Look
from domain.rules.rank import Placed, PoolMember
from domain.rules.terms import Archetype, Order, Terms
from domain.stages import Stage
from services.exercise_requests import events_of
from services.pool import History, folded_log, waiting_at_opening, waiting_in
from services.reassessing import Frozen, Reassessed, reassessed
from services.rulebook.named import ruleset_named
from services.store.looks import LogSeen, Noted
from services.wiring import Office


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

    A rank is None too for whoever is not ranked. `came_from` is the stage at which it stood if the
    other ruleset brought it into the pool, else None.
    """

    reference: str
    gains: bool
    points_before: int | None
    points_then: int | None
    rank_before: int | None
    rank_then: int | None
    came_from: Stage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameIn:
    """A case that was outside the pool and comes into it, from which stage and with what points."""

    reference: str
    stage: Stage
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """How many would be selected on the changed terms, and whom it would make a difference to.

    `exercise` is None for the pool as it is, of which `pool_before` and `pool_then` are the sizes.
    Another ruleset brings those in who are in `came_in` and leaves out `fell_out`; `erased` and
    `erased_outside` count whom it cannot assess, as in `Reassessed`. `differs` is True where the
    list compared with, drawn again by the rules of now, is not the one that was recorded.
    """

    exercise: str | None
    position: int
    terms: Terms
    pool_before: int
    pool_then: int
    before: int
    then: int
    cut_off: int | None
    tie_break: datetime | None
    moved: tuple[Moved, ...]
    came_in: tuple[CameIn, ...] = ()
    fell_out: int = 0
    erased: int = 0
    erased_outside: int = 0
    differs: bool = False

    @property
    def gaining(self) -> tuple[Moved, ...]:
        """Who gains a place, in the order in which places go."""
        return tuple(each for each in self.moved if each.gains)

    @property
    def losing(self) -> tuple[Moved, ...]:
        """Who loses it, in that order before the change."""
        return tuple(each for each in self.moved if not each.gains)


def what_if(office: Office, look: Look, exercise: str, change: Change) -> tuple[Noted, WhatIf]:
    """Return what a past exercise, or one that is under way, would select with a change.

    Those who departed do so here too, and recorded departures from rank stand. It is compared with
    the selection as it is drawn again, and says where another was recorded. The look is as the
    statement recorded it that began to read the log.
    """
    demand(look.person, Action.TRY_TERMS)
    history = events_of(office, exercise)
    opened = cast("x.ExerciseOpened", history[0].event)
    position = opened.pool_position
    asked = {"exercise": exercise, "places": change.places}
    log = _log(office, look, change, position, asked)
    folded, at = folded_log(log.read, position), history[0].effective_at
    members = waiting_at_opening(folded, opened, at).members
    frozen = Frozen(folded=folded, at=at, measure=opened.measure, members=members)
    found = _compared(
        office,
        _as_drawn(history),
        _Pools(before=frozen, then=_then(office, log, frozen, change), departed=_departed(history)),
        change,
        _digest(history),
    )
    return log.noted, replace(found, exercise=exercise)


def what_if_present(
    office: Office,
    look: Look,
    terms: Terms,
    *,
    ruleset: str | None = None,
    as_of: datetime | None = None,
) -> tuple[Noted, WhatIf]:
    """Return what an exercise on the pool as it is would select on these terms, as in `what_if`.

    It is compared with the usual order, with no threshold where the archetype needs none, with the
    rules that the cases were assessed under, and with the pool of now.
    """
    demand(look.person, Action.TRY_TERMS)
    fit_together(terms)
    change = Change(ruleset=ruleset, order=terms.order, threshold=terms.threshold, as_of=as_of)
    needed = terms.archetype is Archetype.FIXED_THRESHOLD
    usual = replace(
        terms,
        order=usual_order(terms.measure),
        threshold=terms.threshold if needed else None,
    )
    position = office.store.sequence()
    asked = {
        "places": terms.places,
        "shortlist_size": terms.shortlist_size,
        "archetype": terms.archetype,
        "measure": terms.measure,
        "strata": len(terms.strata) or None,
    }
    log = _log(office, look, change, position, asked)
    frozen = _frozen(log, position, office.clock(), usual)
    then = _then(office, log, frozen, change)
    if not frozen.members and not then.members:
        raise NothingToSelect("no case is waiting in the pool by this measure")
    found = _compared(office, imagined(usual, position), _Pools(before=frozen, then=then), change)
    return log.noted, found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pools:
    """The pool before a change and, read at another instant, then; and who departed from both."""

    before: Frozen
    then: Frozen
    departed: frozenset[str] = frozenset()


def _log(
    office: Office, look: Look, change: Change, position: int, asked: Mapping[str, Any]
) -> LogSeen:
    """Return the log as this look reads it, with what is asked of it and how far it is read.

    What a ruleset is called is kept only where one is: raises `UnknownRuleset` before it is.
    """
    if change.ruleset is not None:
        ruleset_named(office.rulebook, change.ruleset)
    own = {
        "asked": "what-if",
        "position": position if change.as_of is None else office.store.sequence(),
        "ruleset": change.ruleset,
        "order": change.order,
        "threshold": change.threshold,
        "as_of": change.as_of,
    }
    return LogSeen(office.store.looks, look, {**own, **asked})


def _frozen(
    log: LogSeen, position: int, at: datetime, terms: Terms, as_of: datetime | None = None
) -> Frozen:
    folded = folded_log(log.read, position, as_of)
    waiting = waiting_in(folded, at, terms.measure)
    return Frozen(folded=folded, at=at, measure=terms.measure, members=waiting.members)


def _then(office: Office, log: LogSeen, frozen: Frozen, change: Change) -> Frozen:
    """Return the pool as the whole log says by now that it stood at the instant asked for."""
    if change.as_of is None:
        return frozen
    terms, at = Terms(measure=frozen.measure), change.as_of
    return _frozen(log, office.store.sequence(), at, terms, as_of=at)


def _compared(
    office: Office, drawn: Drawn, pools: _Pools, change: Change, recorded: str | None = None
) -> WhatIf:
    position = drawn.opened.pool_position
    changed = replace(drawn, opened=replace(drawn.opened, **_changed(drawn.terms, change)))
    fit_together(changed.terms)
    again = Reassessed(members=pools.then.members, came={})
    if change.ruleset is not None:
        target = ruleset_named(office.rulebook, change.ruleset)
        again = reassessed(office.store, pools.then, target)

    def pool(members: tuple[PoolMember, ...]) -> Pool:
        return Pool(position=position, members=members, departed=pools.departed)

    before = selection(drawn, pool(pools.before.members)).taken
    division = selection(changed, pool(again.members))
    return WhatIf(
        exercise=None,
        position=position,
        terms=changed.terms,
        pool_before=len(pools.before.members),
        pool_then=len(again.members),
        before=len(before),
        then=len(division.taken),
        cut_off=division.cut_off,
        tie_break=division.tie_break,
        moved=tuple(_moved(before, division.taken, again.came)),
        came_in=tuple(
            CameIn(reference=each.reference, stage=again.came[each.reference], points=each.points)
            for each in again.members
            if each.reference in again.came
        ),
        fell_out=again.fell,
        erased=again.erased,
        erased_outside=again.erased_outside,
        differs=recorded is not None and recorded != digest_by(drawn.terms, before),
    )


def _departed(history: History) -> frozenset[str]:
    """Return who had departed by the selection, or by the latest that was proposed.

    Whoever left the pool is not selected by another rule either, unless they came back: who was
    held when a selection was proposed first may be selected by a later one.
    """
    gone: dict[type[x.ExerciseEvent], tuple[str, ...]] = {}
    for each in history:
        if isinstance(each.event, x.ShortlistDrawn):
            gone[x.ShortlistDrawn] = each.event.departed
        elif isinstance(each.event, x.SelectionProposed | x.SelectionMade):
            gone[x.SelectionProposed] = each.event.departed
    return frozenset().union(*gone.values())


def _digest(history: History) -> str | None:
    """Return the digest of the selection that was made or is proposed; None where none is."""
    found = None
    for each in history:
        if isinstance(each.event, x.SelectionProposed | x.SelectionMade):
            found = each.event.digest
        elif isinstance(each.event, x.RankDepartureMade):
            # What was proposed before it is proposed again.
            found = None
    return found


def _as_drawn(history: History) -> Drawn:
    state = load(each.event for each in history)
    if isinstance(state, Drawn):
        return Drawn(opened=state.opened, drawn=state.drawn, departures=state.departures)
    if isinstance(state, Opened):
        return replace(imagined(state.terms, state.opened.pool_position), opened=state.opened)
    # A result is published: all before it is as it was when the selection was made.
    return _as_drawn(history[:-1])


def _changed(terms: Terms, change: Change) -> dict[str, Any]:
    """Return the terms that are otherwise, by the name that they have in the opening too."""
    asked = {"places": change.places, "order": change.order, "threshold": change.threshold}
    changed: dict[str, Any] = {name: each for name, each in asked.items() if each is not None}
    if change.places is not None and terms.shortlist_size is not None:
        # More places than the committee saw would otherwise make no difference.
        changed["shortlist_size"] = max(terms.shortlist_size, change.places)
    return changed


def _moved(
    before: tuple[Placed, ...], then: tuple[Placed, ...], came: Mapping[str, Stage]
) -> Iterator[Moved]:
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
            came_from=came.get(name),
        )
