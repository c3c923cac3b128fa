"""What is published: figures that add up, and none from which a small one could be worked out."""

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain import exercise_events as x
from domain.application import Route
from domain.exercise_lists import selection_made
from domain.exercise_states import Drawn, Made, Pool
from domain.publishing import SMALL, hide_small, histogram, result_published
from domain.rules.rank import PoolMember
from domain.rules.terms import Archetype, Leftover, Measure, StratumPlaces
from tests.domain.pools import MORNING, POOLS, achiever, member, placing


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([5, 6, 7], (5, 6, 7)),
        ([0, 6, 7], (0, 6, 7)),
        ([4, 6, 20], (None, None, 20)),
        ([1, 1, 20], (None, None, None)),
        ([4, 4, 20, 30], (None, None, None, 30)),
        ([3, 0], (None, None)),
        ([], ()),
    ],
)
def test_small_counts_are_hidden_with_others_beside_them(
    counts: list[int], shown: tuple[int | None, ...]
) -> None:
    assert hide_small(counts) == shown


@given(st.lists(st.integers(min_value=0, max_value=9), min_size=2, max_size=4))
def test_no_hidden_count_follows_from_the_total_and_those_shown(counts: list[int]) -> None:
    shown = hide_small(counts)
    hidden = [number for number, each in enumerate(shown) if each is None]
    assert all(each is None or each == 0 or each >= SMALL for each in shown)
    assume(hidden)
    rest = sum(counts) - sum(each or 0 for each in shown)
    ways = [each for each in product(range(rest + 1), repeat=len(hidden)) if sum(each) == rest]
    for place in range(len(hidden)):
        assert len({each[place] for each in ways}) > 1


@given(POOLS.filter(bool))
def test_a_histogram_counts_every_general_case_once(members: list[PoolMember]) -> None:
    bands = histogram(members, Measure.POINTS)
    general = [each for each in members if each.route is Route.GENERAL]
    assert (bands == ()) == (not general)
    for band in bands:
        inside = sum(band.lowest <= each.points <= band.highest for each in general)
        assert band.cases in {None, inside}
        assert band.cases is not None or len(bands) > 1


def test_criteria_met_have_a_band_each() -> None:
    met = [member(f"{points}-{number}", points) for points in (6, 7) for number in range(9)]
    bands = histogram(met, Measure.CRITERIA)
    assert [(each.lowest, each.highest, each.cases) for each in bands] == [
        (6, 6, 9),
        (7, 7, 9),
        (8, 8, 0),
    ]


def published(
    counts: tuple[x.RouteCounts, ...],
    *,
    committee: tuple[int, int],
    selected: tuple[int, int],
    previous: x.CountsThen | None = None,
) -> x.ResultPublished:
    made = made_of(selected[1], selected[0], ())
    return publish(made, counts, committee, previous)


def publish(
    made: x.SelectionMade,
    counts: tuple[x.RouteCounts, ...] = (),
    committee: tuple[int, int] = (110, 12),
    previous: x.CountsThen | None = None,
) -> x.ResultPublished:
    opened = x.ExerciseOpened(
        exercise="2006-1",
        title="First",
        archetype=Archetype.RANK_TO_QUOTA,
        places=100,
        shortlist_size=None,
        pool_position=1,
        pool_size=122,
        pool_digest="sha256:00",
        counts=counts,
        previous=previous,
    )
    drawn = x.ShortlistDrawn(
        general=committee[0], achievement=committee[1], departed=(), digest="sha256:01"
    )
    members = (member("A", 90), achiever("B"))
    return result_published(Made(opened=opened, drawn=drawn, made=made), members, "supervisor.wong")


def test_the_funnel_of_the_first_exercise() -> None:
    counts = x.RouteCounts(
        route=Route.GENERAL, received=479, prerequisites_failed=24, below_mark=15, withdrawn=25
    )
    funnel = published((counts,), committee=(110, 12), selected=(73, 10)).funnel
    assert funnel == x.Funnel(
        received=479,
        processed=186,
        prerequisites_failed=24,
        below_mark=15,
        withdrawn=25,
        to_committee=122,
        selected=83,
        committee_general=110,
        committee_achievement=12,
        selected_general=73,
        selected_achievement=10,
    )


def counted(
    received: int, unmet: int, below: int, withdrawn: int, route: Route = Route.GENERAL
) -> x.RouteCounts:
    return x.RouteCounts(
        route=route,
        received=received,
        prerequisites_failed=unmet,
        below_mark=below,
        withdrawn=withdrawn,
    )


def test_a_later_exercise_counts_what_came_since_the_one_before() -> None:
    then = x.CountsThen(frozen_at=MORNING, counts=(counted(479, 24, 15, 25),))
    now = (counted(900, 54, 45, 30), counted(20, 5, 0, 0, Route.ACHIEVEMENT))
    result = published(now, committee=(110, 12), selected=(73, 10), previous=then)
    funnel = result.funnel
    assert (funnel.received, funnel.prerequisites_failed, funnel.below_mark, funnel.withdrawn) == (
        441,
        35,
        30,
        5,
    )
    assert (funnel.processed, result.counted_since) == (35 + 30 + 5 + 122, MORNING)


def test_who_was_brought_back_since_makes_no_number_negative() -> None:
    then = x.CountsThen(frozen_at=MORNING, counts=(counted(479, 24, 15, 25),))
    funnel = published(
        (counted(500, 24, 9, 25),), committee=(110, 12), selected=(73, 10), previous=then
    ).funnel
    assert (funnel.received, funnel.below_mark, funnel.processed) == (21, 0, 122)


def made_of(achievement: int, beside: int, strata: Sequence[int]) -> x.SelectionMade:
    """A selection of so many by achievement, of each stratum, and by rank beside these."""
    return x.SelectionMade(
        general=beside + sum(strata),
        achievement=achievement,
        passed_over=0,
        cut_off=80,
        tie_break=MORNING,
        departed=(),
        digest="sha256:02",
        strata=tuple(
            x.StratumCut(stratum=str(place), selected=count, cut_off=80, tie_break=MORNING)
            for place, count in enumerate(strata)
        ),
    )


COUNTS = st.integers(min_value=0, max_value=7)


@given(achievement=COUNTS, beside=COUNTS, strata=st.lists(COUNTS, max_size=2))
def test_no_hidden_number_of_those_selected_follows_from_the_others(
    achievement: int, beside: int, strata: list[int]
) -> None:
    told = publish(made_of(achievement, beside, strata))
    funnel = told.funnel
    if funnel.selected is None:
        shown = (funnel.selected_general, funnel.selected_achievement)
        assert shown == (None, None)
        return
    rows = [
        (by_achievement, others, *by_stratum)
        for by_achievement in range(funnel.selected + 1)
        for by_stratum in product(range(funnel.selected + 1), repeat=len(strata))
        if (others := funnel.selected - by_achievement - sum(by_stratum)) >= 0
        and funnel.selected_achievement in {None, by_achievement}
        and funnel.selected_general in {None, others + sum(by_stratum)}
        and all(
            each.selected in {None, count}
            for each, count in zip(told.strata, by_stratum, strict=True)
        )
    ]
    true = (achievement, beside, *strata)
    assert true in rows
    for place, count in enumerate(true):
        if 0 < count < SMALL and (place != 1 or strata):
            assert len({row[place] for row in rows}) > 1, (place, rows)


def test_few_achievement_cases_of_a_pool_hide_a_band() -> None:
    general = [member(f"{points}-{n}", points) for points in (80, 90) for n in range(20)]
    few = [achiever(f"E-{number}") for number in range(3)]
    shown = [each.cases for each in histogram([*general, *few], Measure.POINTS)]
    assert shown == [None, 20, 0]


@pytest.mark.parametrize(("general", "told"), [(1, None), (4, None), (5, 80)])
def test_where_few_are_selected_by_rank_it_is_not_told_where_it_was_cut(
    general: int, told: int | None
) -> None:
    result = publish(made_of(50, general, ()))
    assert (result.cut_off, result.tie_break is None) == (told, told is None)


def selected_from(
    members: Sequence[PoolMember],
    *strata: str,
    ahead: Sequence[str] = (),
    places: int | None = None,
    departed: Sequence[str] = (),
) -> tuple[x.SelectionMade, x.ResultPublished]:
    """What is selected from these and published of it, with some ahead and some departed since."""
    opened = x.ExerciseOpened(
        exercise="first",
        title="First",
        archetype=Archetype.RANK_WITHIN_STRATA if strata else Archetype.RANK_TO_QUOTA,
        places=places,
        shortlist_size=None,
        pool_position=1,
        pool_size=len(members),
        pool_digest="sha256:00",
        strata=tuple(StratumPlaces(stratum=each, places=20) for each in strata),
        leftover=Leftover.BEST_OF_REST,
    )
    drawn = x.ShortlistDrawn(achievement=0, general=0, departed=(), digest="sha256:01")
    before = placing(Drawn(opened=opened, drawn=drawn), *ahead)
    pool = Pool(position=1, members=tuple(members), departed=frozenset(departed))
    made = selection_made(before, pool)
    after = Made(opened=opened, drawn=drawn, departures=before.departures, made=made)
    return made, result_published(after, tuple(members), "supervisor.lee")


def crowd(many: int, points: int, stratum: str | None = None) -> list[PoolMember]:
    return [member(f"{stratum}-{points}-{n}", points, stratum=stratum) for n in range(many)]


def test_who_was_given_a_place_does_not_hide_who_was_selected_by_rank() -> None:
    low = [member(f"L-{n}", 85) for n in range(6)]
    ahead = [each.reference for each in low]
    made, told = selected_from([*crowd(1, 120), *low], ahead=ahead)
    assert (made.general, made.cut_off) == (7, 120)
    assert (told.cut_off, told.tie_break) == (None, None)
    # Achievement cases that were given one are none of the general cases.
    few = [achiever(f"E-{n}") for n in range(6)]
    _, told = selected_from([*crowd(5, 120), *few], ahead=[each.reference for each in few])
    assert told.cut_off == 120
    # And whoever was given one and departed has none.
    _, told = selected_from([*crowd(5, 120), *low], ahead=ahead, departed=ahead)
    assert told.cut_off == 120
    # Where not even those given one all find a place, nobody was selected by rank.
    made, told = selected_from([*crowd(1, 120), *low], ahead=ahead, places=5)
    assert (made.general, told.cut_off, told.tie_break) == (5, None, None)


def test_nor_within_a_stratum() -> None:
    low = [member(f"L-{n}", 85, stratum="finance") for n in range(6)]
    others = crowd(8, 90, "catering")
    members = [*crowd(1, 120, "finance"), *low, *others]
    made, told = selected_from(members, "finance", "catering", ahead=[f"L-{n}" for n in range(6)])
    assert [(each.selected, each.cut_off) for each in made.strata] == [(7, 120), (8, 90)]
    assert [(each.selected, each.cut_off, each.tie_break) for each in told.strata] == [
        (7, None, None),
        (8, 90, MORNING),
    ]


@pytest.mark.parametrize("stratum", [None, "catering"])
@pytest.mark.parametrize(("few", "told"), [(0, 90), (1, None), (4, None), (5, 80)])
def test_the_cut_in_all_is_not_told_where_it_makes_out_few(
    stratum: str | None, few: int, told: int | None
) -> None:
    # They have fewer points than the stratum that is told: the lowest in all is one of them.
    achievers = [achiever(f"E-{n}") for n in range(12)]
    members = [*achievers, *crowd(20, 90, "finance"), *crowd(few, 80, stratum)]
    made, result = selected_from(members, "finance", "catering", places=60)
    assert made.cut_off == (80 if few else 90)
    assert (result.strata[0].selected, result.strata[0].cut_off) == (20, 90)
    assert (result.cut_off, result.tie_break is None) == (told, told is None)


def test_few_of_a_route_are_hidden_with_the_other_route() -> None:
    funnel = published((), committee=(110, 3), selected=(73, 2)).funnel
    assert (funnel.selected, funnel.selected_general, funnel.selected_achievement) == (
        75,
        None,
        None,
    )
    assert (funnel.committee_general, funnel.committee_achievement) == (None, None)
