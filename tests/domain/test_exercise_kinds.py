"""Every kind of exercise: who is taken, who is not, and what each can be opened on."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import exercise_commands as q
from domain import exercise_events as x
from domain.application import Route
from domain.errors import NothingToSelect, PlacesInvalid, TermsInvalid
from domain.exercise import decide, load
from domain.exercise_lists import digest_by, in_order, selection, selection_made, shortlist
from domain.exercise_states import Actors, Drawn, Opened, Pool
from domain.rules.rank import Division, PoolMember
from domain.rules.terms import Archetype, Leftover, Measure, Order, StratumPlaces, Terms
from tests.domain.pools import MORNING, POOLS, achiever, member, placing

ONE = Actors(now="supervisor.wong")
FINANCE, CATERING = "finance", "catering"
MEMBERS = (
    member("A", 175, stratum=FINANCE),
    member("B", 150, stratum=FINANCE, minutes=1),
    member("C", 120, stratum=CATERING, minutes=2, scored=3),
    member("D", 120, stratum=FINANCE, minutes=3, scored=1),
    member("E", 100, stratum="other", minutes=4),
    achiever("F"),
)


def drawn(pool: Pool, **terms: Any) -> Drawn:
    """Return an exercise over a pool, its shortlist drawn."""
    opening = q.OpenExercise(exercise="2025-1", title="First", **terms)
    opened = decide(load(()), opening, pool, ONE)
    listed = decide(load(opened), q.DrawShortlist(), pool, ONE)
    state = load((*opened, *listed))
    assert isinstance(state, Drawn)
    return state


def made(members: tuple[PoolMember, ...] = MEMBERS, **terms: Any) -> Division:
    pool = Pool(position=1, members=members)
    return selection(drawn(pool, **terms), pool)


def taken(division: Division) -> list[str]:
    return [each.member.reference for each in division.taken]


def within(*strata: StratumPlaces, **more: Any) -> dict[str, Any]:
    return {"archetype": Archetype.RANK_WITHIN_STRATA, "strata": strata, **more}


def places_of(stratum: str, places: int, size: int | None = None) -> StratumPlaces:
    return StratumPlaces(stratum=stratum, places=places, shortlist_size=size)


def test_without_a_quota_the_whole_shortlist_is_selected() -> None:
    assert taken(made()) == ["F", "A", "B", "C", "D", "E"]
    assert taken(made(shortlist_size=3)) == ["F", "A", "B"]


def test_each_stratum_fills_its_places_with_its_best() -> None:
    division = made(**within(places_of(FINANCE, 2), places_of(CATERING, 1)))
    assert taken(division) == ["F", "A", "B", "C"]


def taken_with(members: tuple[PoolMember, ...], *placed: str, **terms: Any) -> list[str]:
    """Return who is taken where the committee places some of them out of rank."""
    pool = Pool(position=1, members=members)
    return taken(selection(placing(drawn(pool, **terms), *placed), pool))


def test_a_case_taken_out_of_rank_has_a_place_of_its_stratum() -> None:
    strata = within(places_of(FINANCE, 1), places_of(CATERING, 1))
    assert taken_with(MEMBERS[:5], "D", **strata) == ["C", "D"]


def test_an_achievement_case_taken_out_of_rank_has_no_place_of_its_stratum() -> None:
    strata = within(places_of(FINANCE, 1), places_of(CATERING, 1))
    members = (*MEMBERS[:5], replace(achiever("F"), stratum=FINANCE))
    assert taken_with(members, "F", **strata) == ["F", "A", "C"]


def test_what_a_stratum_leaves_over_goes_to_nobody_unless_it_is_said() -> None:
    strata = (places_of(FINANCE, 1), places_of(CATERING, 3))
    assert taken(made(**within(*strata))) == ["F", "A", "C"]
    rest = within(*strata, leftover=Leftover.BEST_OF_REST)
    assert taken(made(**rest)) == ["F", "A", "B", "C", "D"]


def test_who_is_placed_from_elsewhere_leaves_one_place_less_of_what_the_strata_have() -> None:
    strata = (places_of(FINANCE, 1), places_of(CATERING, 1))
    rest = within(*strata, leftover=Leftover.BEST_OF_REST)
    assert taken(made(**rest)) == ["F", "A", "C"]
    # From outside the strata, and from one of them beyond its places.
    assert taken_with(MEMBERS, "E", **rest) == ["F", "A", "E"]
    assert taken_with(MEMBERS, "B", "D", **rest) == ["F", "B", "D"]
    # Within its places it has one of these.
    assert taken_with(MEMBERS, "D", **rest) == ["F", "C", "D"]
    # For more than there are places there is none, as with places in all.
    assert taken_with(MEMBERS, "B", "D", "E", **rest) == ["F", "B", "D"]
    assert taken_with(MEMBERS, "F", "B", "D", "E", **rest) == ["F", "B", "D"]
    # What the places in all leave is theirs.
    assert taken_with(MEMBERS, "E", **rest, places=4) == ["F", "A", "C", "E"]


@given(POOLS.filter(bool), st.data())
def test_no_departure_gives_more_places_than_the_strata_have(
    members: list[PoolMember], data: st.DataObject
) -> None:
    strata = (places_of(FINANCE, 2), places_of(CATERING, 1))
    pool = Pool(position=1, members=tuple(members))
    state = drawn(pool, **within(*strata, leftover=Leftover.BEST_OF_REST))
    listed = taken(shortlist(state, pool))
    ahead = data.draw(st.sets(st.sampled_from(listed), max_size=4) if listed else st.just(set()))
    division = selection(placing(state, *sorted(ahead)), pool)
    assert division.general == min(3, sum(each.route is Route.GENERAL for each in members))
    assert division.achievement == sum(each.route is Route.ACHIEVEMENT for each in members)
    assert len(division.taken) + len(division.left) == len(listed)


def test_no_more_are_placed_of_a_stratum_than_it_has_where_nobody_has_what_it_leaves() -> None:
    strata = within(places_of(FINANCE, 1), places_of(CATERING, 1))
    assert taken_with(MEMBERS, *"ABCDE", **strata) == ["F", "A", "C"]
    # What the places in all have more is for achievement cases; they bind still.
    assert taken_with(MEMBERS, "B", "D", **strata, places=5) == ["F", "B", "C"]
    assert taken_with(MEMBERS, "C", "D", **strata, places=2) == ["C", "D"]
    pool = Pool(position=1, members=MEMBERS)
    division = selection(placing(drawn(pool, **strata), "B", "C", "D"), pool)
    assert taken(division) == ["F", "B", "C"]
    assert [each.member.reference for each in division.left] == ["A", "D"]


@given(POOLS.filter(bool), st.none() | st.integers(min_value=3, max_value=6), st.data())
def test_no_departure_gives_more_places_than_a_stratum_has(
    members: list[PoolMember], places: int | None, data: st.DataObject
) -> None:
    strata = within(places_of(FINANCE, 2), places_of(CATERING, 1), places=places)
    pool = Pool(position=1, members=tuple(members))
    state = drawn(pool, **strata)
    listed = taken(shortlist(state, pool))
    ahead = data.draw(st.sets(st.sampled_from(listed), max_size=6) if listed else st.just(set()))
    division = selection(placing(state, *sorted(ahead)), pool)
    of_each = Counter(
        each.member.stratum for each in division.taken if each.member.route is Route.GENERAL
    )
    assert of_each <= Counter({FINANCE: 2, CATERING: 1})
    assert places is None or len(division.taken) <= places
    assert len(division.taken) + len(division.left) == len(listed)
    if places is None:
        # Whoever is placed takes the place of another and leaves none empty.
        in_rank = selection(state, pool)
        assert (division.achievement, division.general) == (in_rank.achievement, in_rank.general)


def test_the_quota_in_all_binds_the_strata_too_and_achievement_is_part_of_it() -> None:
    division = made(**within(places_of(FINANCE, 2), places_of(CATERING, 1), places=3))
    assert taken(division) == ["F", "A", "B"]


def test_the_committee_sees_so_many_of_each_stratum() -> None:
    pool = Pool(position=1, members=MEMBERS)
    state = drawn(pool, **within(places_of(FINANCE, 1, 2), places_of(CATERING, 1)))
    assert taken(shortlist(state, pool)) == ["F", "A", "B", "C"]


def test_each_stratum_has_a_cut_off_of_its_own() -> None:
    pool = Pool(position=1, members=MEMBERS)
    state = drawn(pool, **within(places_of(FINANCE, 2), places_of(CATERING, 1)))
    fact = selection_made(state, pool)
    assert [(each.stratum, each.selected, each.cut_off) for each in fact.strata] == [
        (FINANCE, 2, 150),
        (CATERING, 1, 120),
    ]
    assert fact.strata[0].tie_break == MORNING + timedelta(minutes=1)


def test_a_threshold_takes_everybody_at_it_and_nobody_below_and_breaks_no_tie() -> None:
    threshold = {"archetype": Archetype.FIXED_THRESHOLD, "threshold": 120}
    assert taken(made(**threshold)) == ["F", "A", "B", "C", "D"]
    pool = Pool(position=1, members=MEMBERS)
    fact = selection_made(drawn(pool, **threshold), pool)
    assert (fact.cut_off, fact.tie_break) == (120, None)


def test_a_threshold_with_a_quota_breaks_ties_where_it_must() -> None:
    threshold = {"archetype": Archetype.FIXED_THRESHOLD, "threshold": 120, "places": 4}
    pool = Pool(position=1, members=MEMBERS)
    fact = selection_made(drawn(pool, **threshold), pool)
    assert taken(made(**threshold)) == ["F", "A", "B", "C"]
    assert fact.tie_break == MORNING + timedelta(minutes=2)


def test_criteria_met_are_never_ranked() -> None:
    met = (member("A", 7, minutes=5), member("B", 12, minutes=9), member("C", 6))
    by_criteria = {
        "archetype": Archetype.FIXED_THRESHOLD,
        "measure": Measure.CRITERIA,
        "threshold": 7,
    }
    division = made(met, **by_criteria)
    assert [(each.member.reference, each.rank) for each in division.taken] == [
        ("A", None),
        ("B", None),
    ]
    assert taken(made(met, **by_criteria, places=1)) == ["A"]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (Order.POINTS_INSTANT_REFERENCE, ["A", "B", "C"]),
        (Order.POINTS_SCORED_REFERENCE, ["A", "B", "D"]),
        (Order.POINTS_REFERENCE, ["A", "B", "C"]),
    ],
)
def test_another_order_decides_ties_otherwise(order: Order, names: list[str]) -> None:
    assert taken(made(MEMBERS[:5], order=order, places=3)) == names


def test_the_tie_break_is_an_instant_of_what_decides() -> None:
    pool = Pool(position=1, members=MEMBERS[:5])

    def tie(order: Order) -> object:
        return selection_made(drawn(pool, order=order, places=3), pool).tie_break

    assert tie(Order.POINTS_INSTANT_REFERENCE) == MORNING + timedelta(minutes=2)
    assert tie(Order.POINTS_SCORED_REFERENCE) == MORNING + timedelta(minutes=1)
    assert tie(Order.POINTS_REFERENCE) is None


@pytest.mark.parametrize(
    ("terms", "refusal", "says"),
    [
        ({"archetype": Archetype.FIXED_THRESHOLD}, TermsInvalid, "what the threshold is"),
        ({"threshold": -1}, TermsInvalid, "0 or more"),
        ({"archetype": Archetype.RANK_WITHIN_STRATA}, TermsInvalid, "each stratum"),
        ({"strata": (places_of(FINANCE, 1),)}, TermsInvalid, "by rank-within-strata"),
        (within(places_of("banking", 1)), TermsInvalid, "banking: no such stratum"),
        (within(places_of(FINANCE, 1), places_of(FINANCE, 2)), TermsInvalid, "named once"),
        (within(places_of(FINANCE, -1)), PlacesInvalid, "no place or more"),
        (within(places_of(FINANCE, 3), places=2), PlacesInvalid, "3 places and the exercise 2"),
        (within(places_of(FINANCE, 3, 2)), PlacesInvalid, "of 2 of finance cannot fill its 3"),
        ({"order": Order.INSTANT_REFERENCE}, TermsInvalid, "name another order"),
        ({"measure": Measure.CRITERIA}, TermsInvalid, "by fixed-threshold only"),
        (
            {"measure": Measure.CRITERIA, "order": Order.POINTS_REFERENCE},
            TermsInvalid,
            "by nothing else",
        ),
        ({"shortlist_size": 0}, PlacesInvalid, "at least one case"),
    ],
)
def test_terms_that_do_not_fit_together_are_refused(
    terms: dict[str, Any], refusal: type[Exception], says: str
) -> None:
    with pytest.raises(refusal, match=says):
        drawn(Pool(position=1, members=MEMBERS), **terms)


def test_in_a_year_with_a_quota_an_exercise_says_its_places() -> None:
    with pytest.raises(PlacesInvalid, match="of which 7 are left"):
        drawn(Pool(position=1, members=MEMBERS, quota=10, places_taken=3))


def test_an_exercise_by_criteria_says_what_to_open_where_all_have_points() -> None:
    opening = q.OpenExercise(
        exercise="2025-1",
        title="First",
        measure=Measure.CRITERIA,
        archetype=Archetype.FIXED_THRESHOLD,
        threshold=6,
    )
    with pytest.raises(NothingToSelect, match="3 cases in the pool have points"):
        decide(load(()), opening, Pool(position=1, members=(), left_out=3), ONE)


TERMS = st.builds(
    dict,
    archetype=st.sampled_from(Archetype),
    order=st.sampled_from(sorted(set(Order) - {Order.INSTANT_REFERENCE})),
    places=st.none() | st.integers(min_value=12, max_value=20),
    shortlist_size=st.none() | st.integers(min_value=20, max_value=25),
    threshold=st.integers(min_value=80, max_value=83),
    leftover=st.sampled_from(Leftover),
    strata=st.tuples(
        st.builds(places_of, st.just(FINANCE), st.integers(min_value=0, max_value=6)),
        st.builds(places_of, st.just(CATERING), st.integers(min_value=0, max_value=6)),
    ),
).map(
    lambda terms: (
        terms
        if terms["archetype"] is Archetype.RANK_WITHIN_STRATA
        else {**terms, "strata": (), "leftover": Leftover.NOBODY}
    )
)


@given(POOLS.filter(bool), TERMS, st.data())
def test_no_exercise_exceeds_its_quota_or_takes_anybody_below_its_threshold(
    members: list[PoolMember], terms: dict[str, Any], data: st.DataObject
) -> None:
    pool = Pool(position=1, members=tuple(members))
    state = drawn(pool, **terms)
    gone = data.draw(st.sets(st.sampled_from([each.reference for each in members]), max_size=6))
    division = selection(state, replace(pool, departed=frozenset(gone)))

    assert terms["places"] is None or len(division.taken) <= terms["places"]
    assert all(each.member.points >= terms["threshold"] for each in division.taken)
    assert not {each.member.reference for each in division.taken} & gone
    of_each = Counter(
        each.member.stratum for each in division.taken if each.member.route is Route.GENERAL
    )
    if terms["leftover"] is Leftover.NOBODY:
        for each in terms["strata"]:
            assert of_each[each.stratum] <= each.places
    elif terms["places"] is None:
        assert of_each.total() <= sum(each.places for each in terms["strata"])


@given(POOLS.filter(bool), TERMS, st.data())
def test_no_list_depends_on_the_order_in_which_the_pool_was_read(
    members: list[PoolMember], terms: dict[str, Any], data: st.DataObject
) -> None:
    pool = Pool(position=1, members=tuple(members))
    other = Pool(position=1, members=tuple(data.draw(st.permutations(members))))
    assert selection_made(drawn(pool, **terms), pool) == selection_made(
        drawn(other, **terms), other
    )


@given(POOLS.filter(bool), TERMS, st.data())
def test_who_departs_makes_room_and_takes_nobody_elses(
    members: list[PoolMember], terms: dict[str, Any], data: st.DataObject
) -> None:
    pool = Pool(position=1, members=tuple(members))
    (opened,) = decide(
        load(()), q.OpenExercise(exercise="2025-1", title="First", **terms), pool, ONE
    )
    assert isinstance(opened, x.ExerciseOpened)
    state = Opened(opened=opened)
    before = taken(shortlist(state, pool))
    gone = data.draw(st.sets(st.sampled_from([each.reference for each in members]), max_size=6))
    after = taken(shortlist(state, replace(pool, departed=frozenset(gone))))
    assert set(before) - gone <= set(after)


@given(POOLS.filter(bool), st.sampled_from(sorted(set(Order))))
def test_every_tie_is_resolved_by_what_the_order_says(
    members: list[PoolMember], order: Order
) -> None:
    keys: dict[Order, Any] = {
        Order.POINTS_INSTANT_REFERENCE: lambda m: (-m.points, m.submitted_at, m.reference),
        Order.POINTS_SCORED_REFERENCE: lambda m: (-m.points, m.scored_at, m.reference),
        Order.POINTS_REFERENCE: lambda m: (-m.points, m.reference),
        Order.INSTANT_REFERENCE: lambda m: (m.submitted_at, m.reference),
    }
    general = [
        each.member
        for each in in_order(Terms(order=order), members)
        if each.member.route is Route.GENERAL
    ]
    for first, second in pairwise(general):
        assert keys[order](first) < keys[order](second)


def test_a_digest_covers_what_else_decides() -> None:
    strata = Terms(archetype=Archetype.RANK_WITHIN_STRATA)
    scored = Terms(order=Order.POINTS_SCORED_REFERENCE)
    placed = in_order(Terms(), MEMBERS)
    other = tuple(
        replace(each, member=replace(each.member, stratum="other", scored_at=MORNING))
        for each in placed
    )
    assert digest_by(Terms(), placed) == digest_by(Terms(), other)
    assert digest_by(strata, placed) != digest_by(strata, other)
    assert digest_by(scored, placed) != digest_by(scored, other)
