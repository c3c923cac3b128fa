"""What is published of an exercise: figures, and none by which a single case could be made out.

Small numbers are hidden, and so is as much beside them that no hidden one follows from the total
and from what is shown.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from domain import exercise_events as x
from domain.application import Route
from domain.exercise_states import Made
from domain.gradings import Direction
from domain.rules.rank import PoolMember
from domain.rules.terms import Measure

SMALL: Final = 5
"""The least number of cases that is told."""

_BAND: Final = 10


def hide_small(counts: Sequence[int]) -> tuple[int | None, ...]:
    """Return the counts with None in place of each that is below `SMALL` and not 0.

    Where any is hidden at least two are, and together they are no less than twice `SMALL` unless
    all are hidden; so the total leaves more than one way to fill them. The smallest of the others
    are hidden first, and zeros last.
    """
    small = {number for number, count in enumerate(counts) if 0 < count < SMALL}
    if not small:
        return tuple(counts)
    others = sorted(
        (number for number in range(len(counts)) if number not in small),
        key=lambda number: (counts[number] == 0, counts[number], number),
    )
    hidden = set(small)
    for number in others:
        if len(hidden) > 1 and sum(counts[each] for each in hidden) >= 2 * SMALL:
            break
        hidden.add(number)
    return tuple(None if number in hidden else count for number, count in enumerate(counts))


def result_published(
    state: Made, members: tuple[PoolMember, ...], published_by: str
) -> x.ResultPublished:
    """Return what everybody may know of an exercise that has selected.

    Where few were selected by rank, in all or of a stratum, the last of them is not told apart by
    points or instant; nor where few were that are in no stratum of which that is told.
    """
    opened, drawn, made = state.opened, state.drawn, state.made
    selected, told = _selected(state, members)
    return x.ResultPublished(
        pool_size=opened.pool_size,
        histogram=histogram(members, opened.measure),
        places=opened.places,
        cut_off=made.cut_off if told else None,
        tie_break=made.tie_break if told else None,
        strata=selected.strata,
        order=opened.order,
        funnel=_funnel(opened, drawn, selected),
        rulesets=tuple(sorted({each.ruleset for each in members if each.ruleset})),
        pool_digest=opened.pool_digest,
        digest=made.digest,
        published_by=published_by,
        counted_since=opened.previous.frozen_at if opened.previous else None,
    )


def histogram(members: Sequence[PoolMember], measure: Measure) -> tuple[x.Band, ...]:
    """Return how the general cases of a pool spread over bands of points, or of criteria met.

    There is one band beside those that hold any, so that one hidden band never is the only one.
    The size of the pool is told, so its achievement cases are a number beside the bands: where they
    are few, some band is hidden too.
    """
    width = 1 if measure is Measure.CRITERIA else _BAND
    found = Counter(each.points // width for each in members if each.route is Route.GENERAL)
    if not found:
        return ()
    numbers = range(min(found), max(found) + 2)
    achievement = len(members) - found.total()
    _, *cells = hide_small([achievement, *(found[number] for number in numbers)])
    return tuple(
        x.Band(lowest=number * width, highest=(number + 1) * width - 1, cases=cell)
        for number, cell in zip(numbers, cells, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selected:
    """What is told of those selected, None for what is not."""

    in_all: int | None
    general: int | None
    achievement: int | None
    strata: tuple[x.StratumCut, ...]


def _selected(state: Made, members: tuple[PoolMember, ...]) -> tuple[_Selected, bool]:
    """Return those selected by route and stratum, and whether it is told where it was cut in all.

    The former all add up to the same total.
    """
    made = state.made
    of_strata = [each.selected or 0 for each in made.strata]
    beside = made.general - sum(of_strata)
    achievement, _, *cells = hide_small([made.achievement, beside, *of_strata])
    (in_all,) = hide_small([made.achievement + made.general])
    told = in_all is not None and achievement is not None
    ahead = _ahead(state, members)
    by_rank = [
        max(0, count - ahead[each.stratum])
        for each, count in zip(made.strata, of_strata, strict=True)
    ]
    cuts = [
        cell is not None and not 0 < count < SMALL
        for cell, count in zip(cells, by_rank, strict=True)
    ]
    selected = _Selected(
        in_all=in_all,
        general=made.general if told else None,
        achievement=achievement if told else None,
        strata=tuple(
            replace(
                each,
                selected=cell,
                cut_off=each.cut_off if cut else None,
                tie_break=each.tie_break if cut else None,
            )
            for each, cell, cut in zip(made.strata, cells, cuts, strict=True)
        ),
    )
    in_all_by_rank = max(0, made.general - ahead.total())
    # Where it was cut in all is where it was cut in some stratum, or among the others: these are
    # made out by that where it is none that a stratum tells.
    others = in_all_by_rank - sum(count for count, cut in zip(by_rank, cuts, strict=True) if cut)
    return selected, not (0 < in_all_by_rank < SMALL or 0 < others < SMALL)


def _ahead(state: Made, members: tuple[PoolMember, ...]) -> Counter[str | None]:
    """Return how many general cases of each stratum were to have a place before all others.

    Where there were not places for all of these, nobody was selected by rank.
    """
    placed = {
        each.reference for each in state.departures if each.direction is Direction.PLACE
    } - set(state.made.departed)
    if not placed:
        return Counter()
    return Counter(
        each.stratum for each in members if each.route is Route.GENERAL and each.reference in placed
    )


def _funnel(opened: x.ExerciseOpened, drawn: x.ShortlistDrawn, selected: _Selected) -> x.Funnel:
    outcomes = (
        _in_period(opened, lambda each: each.prerequisites_failed),
        _in_period(opened, lambda each: each.below_mark),
        _in_period(opened, lambda each: each.withdrawn),
        drawn.achievement + drawn.general,
    )
    prerequisites, below, withdrawn, committee = hide_small(outcomes)
    by_route = hide_small((drawn.general, drawn.achievement))
    if committee is None:
        by_route = (None, None)
    return x.Funnel(
        received=_in_period(opened, lambda each: each.received),
        processed=sum(outcomes),
        prerequisites_failed=prerequisites,
        below_mark=below,
        withdrawn=withdrawn,
        to_committee=committee,
        selected=selected.in_all,
        committee_general=by_route[0],
        committee_achievement=by_route[1],
        selected_general=selected.general,
        selected_achievement=selected.achievement,
    )


def _in_period(opened: x.ExerciseOpened, number: Callable[[x.RouteCounts], int]) -> int:
    """Return how many more there are than when the exercise before froze its pool.

    The periods of all exercises so add up to the whole. Whoever had failed then and was brought
    back since is taken off, and there are never fewer than none.
    """
    before = opened.previous.counts if opened.previous else ()
    return max(0, sum(map(number, opened.counts)) - sum(map(number, before)))
