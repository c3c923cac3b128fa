"""The steps of an exercise: whom each is about, what each of them is given, and who departs.

Law: a step is a function of the exercise as it stands and of its frozen pool; whoever can no longer
be given what falls to them has departed, and makes room for the next in order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

from domain import commands as c
from domain import exercise_commands as q
from domain.exercise import demand_second, not_now
from domain.exercise_lists import selection, shortlist
from domain.exercise_states import Drawn, Made, Opened, Pool, Proposed
from domain.rules.rank import Division, PoolMember
from domain.rules.terms import AfterNoPlace, Measure, Order
from domain.stages import CaseState, InPool, Shortlisted
from services.exercise_requests import Before

Orders = Mapping[str, c.CaseCommand]
OrderOf = Callable[[str, CaseState], c.CaseCommand | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of an exercise: whom it is about, what each of them is given, and who departed.

    `wanted` are those whom it is about, by the pool and who has departed from it; `orders` is what
    each of them is given then, and `still` says of each whether it can be given that. `departed`
    are those known beforehand to have done so, and `aside` says by the pool what one of them is
    given all the same, None for nothing. `stands` raises the refusal that forbids the step, where
    one has come about since it began.
    """

    wanted: Callable[[Pool], Division]
    orders: Callable[[Pool], Orders]
    still: Callable[[CaseState, PoolMember], bool]
    measure: Measure
    departed: frozenset[str] = frozenset()
    aside: Callable[[Pool], OrderOf] = lambda _: lambda _name, _case: None
    stands: Callable[[], None] = lambda: None


def waits_as_frozen(order: Order) -> Callable[[CaseState, PoolMember], bool]:
    """Return who still waits with all by which it was placed.

    A case that was scored anew since has another place, and so waits for the next exercise. One
    whose person was erased waits for none.
    """

    def waits(case: CaseState, member: PoolMember) -> bool:
        if not isinstance(case, InPool) or case.points != member.points:
            return False
        if case.filed.held or case.filed.erased:
            return False
        if case.score is None:
            return True
        same_stratum = case.score.stratum == member.stratum
        return same_stratum and order is not Order.POINTS_SCORED_REFERENCE

    return waits


def is_before_committee(case: CaseState, exercise: str) -> TypeGuard[Shortlisted]:
    """Say whether a case is still before the committee in an exercise, and can be given a place."""
    if not isinstance(case, Shortlisted) or case.exercise != exercise:
        return False
    return not (case.filed.held or case.filed.stale or case.filed.erased)


def drawing(found: Before) -> Step:
    """What drawing the shortlist does to whom, or the refusal that forbids it."""
    state = found.state
    if not isinstance(state, Opened) or isinstance(state, Drawn):
        raise not_now(state, "DrawShortlist")
    opened = state

    def orders(pool: Pool) -> dict[str, c.CaseCommand]:
        exercise = opened.opened.exercise
        return {
            each.member.reference: c.ShortlistCase(exercise=exercise, rank=each.rank)
            for each in shortlist(opened, pool).taken
        }

    return Step(
        wanted=lambda pool: shortlist(opened, pool),
        orders=orders,
        still=waits_as_frozen(opened.terms.order),
        measure=opened.terms.measure,
    )


def selecting(found: Before) -> Step:
    """What making the selection does to whom, or the refusal that forbids it."""
    state = found.state
    if not isinstance(state, Drawn) or isinstance(state, Made):
        raise not_now(state, "MakeSelection")
    drawn = state
    exercise, then = drawn.opened.exercise, drawn.opened.after_no_place

    def orders(pool: Pool) -> dict[str, c.CaseCommand]:
        made = selection(drawn, pool)
        selected: dict[str, c.CaseCommand] = {
            each.member.reference: c.SelectCase(exercise=exercise, rank=each.rank)
            for each in made.taken
        }
        passed_over = {
            each.member.reference: c.PassOverCase(exercise=exercise, rank=each.rank, then=then)
            for each in made.left
        }
        return {**selected, **passed_over}

    def aside(pool: Pool) -> OrderOf:
        ranks = {each.member.reference: each.rank for each in shortlist(drawn, pool).taken}

        def order(name: str, case: CaseState) -> c.CaseCommand | None:
            if not isinstance(case, Shortlisted) or case.exercise != exercise:
                return None
            rolls_over = AfterNoPlace.ROLLS_OVER
            return c.PassOverCase(exercise=exercise, rank=ranks[name], then=rolls_over)

        return order

    return Step(
        wanted=lambda pool: shortlist(drawn, pool),
        orders=orders,
        still=lambda case, _: is_before_committee(case, exercise),
        measure=drawn.terms.measure,
        aside=aside,
    )


def confirming(command: q.MakeSelection, found: Before) -> Step:
    """What confirming a proposal does, refused at once to whoever may not."""
    if not isinstance(found.state, Proposed):
        raise not_now(found.state, "MakeSelection")
    demand_second(found.state, command, found.actors)
    departed = frozenset(found.state.proposed.departed)
    return replace(selecting(found), departed=departed)
