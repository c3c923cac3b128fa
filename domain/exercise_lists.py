"""The lists of an exercise: its pool in order, the shortlist, those selected, and their digests.

Law: each is a function of the frozen pool, of who has departed, and of the recorded departures
from rank, and of nothing else.
"""

from collections.abc import Iterable
from dataclasses import replace

from domain import exercise_events as x
from domain.application import Route
from domain.exercise_states import Drawn, Opened, Pool
from domain.gradings import Direction
from domain.rules.rank import (
    Division,
    Placed,
    PoolMember,
    by_achievement,
    cut_off,
    digest_of,
    divide,
    ranked,
    tie_break,
)
from domain.rules.terms import Archetype, Room, Terms


def in_order(terms: Terms, members: Iterable[PoolMember]) -> tuple[Placed, ...]:
    """Return the pool in the order in which places go."""
    return ranked(members, terms.order)


def digest_by(terms: Terms, placed: Iterable[Placed]) -> str:
    """Return the digest of a list over all that these terms decide by."""
    strata = terms.archetype is Archetype.RANK_WITHIN_STRATA
    return digest_of(placed, terms.order, strata=strata)


def shortlist(state: Opened, pool: Pool) -> Division:
    """Return the shortlist and the rest of the pool, less those departed before it was drawn."""
    departed = state.departed if isinstance(state, Drawn) else pool.departed
    terms = state.terms
    placed = in_order(terms, pool.members) if pool.placed is None else pool.placed
    present = _present(placed, departed)
    if (least := terms.threshold) is None:
        return divide(present, terms.shortlist_room, terms.order)
    admitted = tuple(each for each in present if each.member.points >= least)
    below = tuple(each for each in present if each.member.points < least)
    division = divide(admitted, terms.shortlist_room, terms.order)
    return replace(division, left=(*division.left, *below))


def selection(state: Drawn, pool: Pool) -> Division:
    """Return who of the shortlist is selected and who is not, less those departed since.

    Whoever is to be selected out of rank comes before everybody else, and the quota binds still;
    so do the places of each stratum where what one leaves goes to nobody.
    """
    terms = state.terms
    before = _present(shortlist(state, pool).taken, pool.departed)
    direction = {each.reference: each.direction for each in state.departures}
    ahead = tuple(
        replace(each, out_of_rank=True)
        for each in before
        if direction.get(each.member.reference) is Direction.PLACE
    )
    back = tuple(
        each for each in before if direction.get(each.member.reference) is Direction.NO_PLACE
    )
    in_turn = tuple(each for each in before if each.member.reference not in direction)
    room = terms.selection_room
    first = _first(ahead, room)
    rest = divide(in_turn, _less(room, first.taken, in_turn), terms.order)
    place = {each.member.reference: number for number, each in enumerate(before)}
    return Division(
        taken=tuple(
            sorted((*first.taken, *rest.taken), key=lambda each: place[each.member.reference])
        ),
        left=tuple(
            sorted(
                (*first.left, *back, *rest.left),
                key=lambda each: place[each.member.reference],
            )
        ),
        order=terms.order,
    )


def selection_on(terms: Terms, pool: Pool) -> Division:
    """Return whom an exercise on these terms would select, did nobody depart from rank."""
    return selection(imagined(terms, pool.position), pool)


def imagined(terms: Terms, position: int) -> Drawn:
    """Return an exercise that nobody opened, with its shortlist drawn, on these terms."""
    opened = x.ExerciseOpened(
        exercise="imagined",
        title="Imagined",
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
    drawn = x.ShortlistDrawn(achievement=0, general=0, departed=(), digest="")
    return Drawn(opened=opened, drawn=drawn)


def _first(ahead: tuple[Placed, ...], room: Room) -> Division:
    """Divide whoever is to be selected out of rank by whether there is a place at all."""
    if room.of_strata is not None:
        # Achievement cases stand first, as in every list.
        return divide(ahead, by_achievement(ahead) + room.of_strata)
    # Where what a stratum leaves goes to nobody, its places are for its own, whoever gives them.
    return divide(ahead, room.total if room.rest else room)


def _less(room: Room, first: tuple[Placed, ...], in_turn: tuple[Placed, ...]) -> Room:
    """Return what room those in their turn have when whoever is selected out of rank has theirs."""
    total = None if room.total is None else room.total - len(first)
    if room.of_strata is not None:
        # Whoever is placed from outside the strata, or beyond their places, leaves one place less.
        general = len(first) - by_achievement(first)
        total = by_achievement(in_turn) + room.of_strata - general
    if room.strata is None:
        return replace(room, total=total)
    # An achievement case has a place of the whole and of no stratum, whoever gives it.
    taken = [each.member.stratum for each in first if each.member.route is Route.GENERAL]
    strata = {
        stratum: None if places is None else max(places - taken.count(stratum), 0)
        for stratum, places in room.strata.items()
    }
    return replace(room, total=total, strata=strata)


def _present(order: tuple[Placed, ...], departed: frozenset[str]) -> tuple[Placed, ...]:
    if not departed:
        return order
    return tuple(each for each in order if each.member.reference not in departed)


def selection_made(state: Drawn, pool: Pool) -> x.SelectionMade:
    """Return the fact of the selection as it would be made now, without who makes it."""
    made, terms = selection(state, pool), state.terms
    # Who is at or above a threshold is taken whenever there is room, and then no tie is broken.
    unbroken = terms.archetype is Archetype.FIXED_THRESHOLD and not made.left
    return x.SelectionMade(
        achievement=made.achievement,
        general=made.general,
        passed_over=len(made.left),
        cut_off=made.cut_off,
        tie_break=None if unbroken else made.tie_break,
        departed=tuple(sorted(pool.departed - state.departed)),
        digest=digest_by(terms, made.taken),
        strata=tuple(_cut(each.stratum, made) for each in terms.strata),
        out_of_rank=made.out_of_rank,
    )


def _cut(stratum: str, made: Division) -> x.StratumCut:
    taken = [each for each in made.taken if each.member.stratum == stratum]
    ranked_in_it = [each for each in taken if each.rank is not None]
    return x.StratumCut(
        stratum=stratum,
        selected=len(ranked_in_it),
        cut_off=cut_off(ranked_in_it),
        tie_break=tie_break(ranked_in_it, made.order),
    )
