"""Rank and tie-break: who comes before whom, and who is the last to get a place."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.application import Route
from domain.rules.rank import PoolMember, digest_of, divide, ranked
from tests.domain.pools import MORNING, POOLS, achiever, member


def order(*pool: PoolMember) -> list[str]:
    return [placed.member.reference for placed in ranked(pool)]


def test_more_points_come_first() -> None:
    assert order(member("A", 80), member("B", 175), member("C", 120)) == ["B", "C", "A"]


def test_at_equal_points_the_earlier_submission_comes_first() -> None:
    assert order(member("A", minutes=2), member("B", minutes=1)) == ["B", "A"]


def test_a_microsecond_is_enough_to_be_earlier() -> None:
    later = replace(member("A"), submitted_at=MORNING + timedelta(microseconds=1))
    assert order(later, member("B")) == ["B", "A"]


def test_at_equal_points_and_instants_the_reference_decides() -> None:
    assert order(member("B"), member("A")) == ["A", "B"]


def test_points_weigh_more_than_time_and_time_more_than_reference() -> None:
    pool = (member("A", 99), member("B", 100, minutes=5), member("C", 100, minutes=1))
    assert order(*pool) == ["C", "B", "A"]


def test_instants_are_compared_and_not_the_clocks_that_showed_them() -> None:
    elsewhere = MORNING.astimezone(timezone(timedelta(hours=-10)))
    earlier = replace(member("B"), submitted_at=elsewhere - timedelta(minutes=1))
    assert order(member("A"), earlier) == ["B", "A"]


def test_achievement_cases_come_first_in_order_of_submission_and_have_no_rank() -> None:
    placed = ranked([member("A", 225), achiever("C", minutes=1), achiever("B", minutes=2)])
    assert [(each.member.reference, each.rank) for each in placed] == [
        ("C", None),
        ("B", None),
        ("A", 1),
    ]


def test_the_quota_binds_at_a_tie() -> None:
    tied = [member(each, 100) for each in ("A", "B", "C")]
    division = divide(ranked([*tied, member("D", 120)]), 2)
    assert [each.member.reference for each in division.taken] == ["D", "A"]
    assert [each.member.reference for each in division.left] == ["B", "C"]
    assert (division.cut_off, division.tie_break) == (100, MORNING)


def test_those_left_keep_their_rank() -> None:
    division = divide(ranked([member("A", 90), member("B", 80), member("C", 85)]), 1)
    assert [(each.member.reference, each.rank) for each in division.left] == [("C", 2), ("B", 3)]


def test_without_a_place_by_rank_there_is_no_cut_off() -> None:
    division = divide(ranked([achiever("A"), member("B")]), 1)
    assert (division.achievement, division.general) == (1, 0)
    assert (division.cut_off, division.tie_break) == (None, None)


@given(POOLS, st.data())
def test_the_order_in_which_a_pool_is_handed_over_never_matters(
    pool: list[PoolMember], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(pool))
    assert ranked(shuffled) == ranked(pool)
    assert digest_of(ranked(shuffled)) == digest_of(ranked(pool))


@given(POOLS, st.integers(min_value=0, max_value=35))
def test_the_quota_is_never_exceeded_and_never_left_unused(
    pool: list[PoolMember], places: int
) -> None:
    division = divide(ranked(pool), places)
    assert len(division.taken) == min(places, len(pool))
    assert division.taken + division.left == ranked(pool)


@given(POOLS, st.integers(min_value=0, max_value=35))
def test_nobody_left_outranks_anybody_taken(pool: list[PoolMember], places: int) -> None:
    division = divide(ranked(pool), places)
    taken = [each.member for each in division.taken if each.rank is not None]
    for left in division.left:
        for better in taken:
            assert left.rank is not None
            assert left.member.points <= better.points


@given(POOLS)
def test_ranks_count_the_general_cases_from_one(pool: list[PoolMember]) -> None:
    ranks = [each.rank for each in ranked(pool) if each.rank is not None]
    general = [each for each in pool if each.route is Route.GENERAL]
    assert ranks == list(range(1, len(general) + 1))


@given(POOLS.filter(bool), st.integers(min_value=0))
def test_who_leaves_moves_nobody_else_out_of_order(pool: list[PoolMember], gone: int) -> None:
    order = [placed.member for placed in ranked(pool)]
    left = order.pop(gone % len(order))
    rest = [each for each in pool if each != left]
    assert [placed.member for placed in ranked(rest)] == order


@pytest.mark.parametrize(
    "changed",
    [
        member("B", 100),
        member("A", 101),
        member("A", 100, minutes=1),
        member("A", 100, version=5),
        achiever("A"),
    ],
)
def test_a_digest_covers_every_field_that_decided(changed: PoolMember) -> None:
    assert digest_of(ranked([changed])) != digest_of(ranked([member("A", 100)]))


def test_a_digest_covers_the_order() -> None:
    placed = ranked([member("A"), member("B")])
    assert digest_of(placed) != digest_of(reversed(placed))


def test_a_digest_never_changes() -> None:
    pool = [member("QM-B", 120), member("QM-A", 120, minutes=1), achiever("QM-C")]
    assert (
        digest_of(ranked(pool))
        == "sha256:182935c6c38a1ff5e61010c93285387aa788c30d4b6f55dc0451e579d0ce18f3"
    )
    assert (
        digest_of(()) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_a_digest_does_not_depend_on_the_clock_that_showed_an_instant() -> None:
    here = member("A")
    there = replace(here, submitted_at=MORNING.astimezone(timezone(timedelta(hours=8))))
    assert digest_of(ranked([here])) == digest_of(ranked([there]))
