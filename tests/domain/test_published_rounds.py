"""Our order against the rounds that Canada published: how many, the cut-off and the tie-break.

Canada invites whoever submitted *before* its instant; `Division.tie_break` is the last instant
that still got a place. Between the two lies the edge that each of these pools has somebody on:
one who submitted at the published instant, and one who did so a microsecond earlier.
"""

from collections import Counter
from datetime import timedelta

import pytest

from domain.rules.rank import divide, ranked
from tests.domain.rounds import SUBTOTALS, TICK, Round, counts, entrants, is_invited, rounds

ROUNDS = rounds()


def of(number: str) -> Round:
    return next(each for each in ROUNDS if each.round == number)


def test_the_record_has_as_many_rounds_as_were_published() -> None:
    assert len(ROUNDS) == len({each.round for each in ROUNDS}) == 292
    assert sum(each.tie_break is not None for each in ROUNDS) == 216
    assert sum(each.pool is not None for each in ROUNDS) == 77
    assert sum(each.invited for each in ROUNDS) == 731_042


def test_bands_add_up_to_their_subtotals_and_total_but_for_one_misprint() -> None:
    wrong = []
    for each in (one for one in ROUNDS if one.pool):
        assert each.pool is not None
        fine = {band for parts in SUBTOTALS.values() for band in parts}
        for subtotal, parts in SUBTOTALS.items():
            if each.pool[subtotal] != sum(each.pool[part] for part in parts):
                wrong.append((each.round, subtotal))
        coarse = sum(count for band, count in each.pool.items() if band not in {*fine, "total"})
        assert coarse == each.pool["total"]
    # 55,867 where its five bands make 55,687.
    assert wrong == [("247", "451-500")]


def test_no_tie_break_is_later_than_its_round() -> None:
    late = [
        each.round
        for each in ROUNDS
        if each.tie_break is not None and each.tie_break >= each.held_at
    ]
    # In one round nobody who had the cut-off was left out: the instant is that of the round.
    assert late == ["139"]


@pytest.mark.parametrize("published", ROUNDS, ids=lambda each: each.round)
def test_a_pool_that_fits_a_round_gives_its_number_its_cut_off_and_its_tie_break(
    published: Round, *, whole_pools: bool
) -> None:
    pool = entrants(published, whole=whole_pools)
    division = divide(ranked(pool), published.invited)

    assert {each.member.reference for each in division.taken} == {
        each.reference for each in pool if is_invited(published, each)
    }
    assert len(division.taken) == published.invited
    assert division.cut_off == published.cut_off
    assert division.left
    tied = [each.member for each in division.left if each.member.points == published.cut_off]
    assert bool(tied) == published.is_tied
    if published.tie_break is not None:
        assert division.tie_break == published.tie_break - TICK
    if tied:
        assert min(each.submitted_at for each in tied) == published.tie_break


@pytest.mark.parametrize(
    "published", [each for each in ROUNDS if each.pool], ids=lambda each: each.round
)
def test_a_pool_has_the_published_distribution(published: Round) -> None:
    told = counts(published)
    made = Counter(told.above) + Counter(told.below) + Counter(told.others)
    made[published.cut_off] += told.before + told.since
    by_band = {
        band: sum(made[score] for score in band) - count for band, count in published.bands.items()
    }
    (cut,) = (band for band in by_band if published.cut_off in band)
    assert by_band.pop(cut) == told.arrived
    assert set(by_band.values()) == {0}
    assert sum(told.above.values()) + told.before == published.invited


def test_more_came_before_few_rounds_than_had_been_counted() -> None:
    arrived = {each.round: counts(each).arrived for each in ROUNDS if counts(each).arrived}
    # All of them for provincial nominees, counted up to three days before.
    assert {of(each).name for each in arrived} == {"Provincial Nominee Program"}
    assert max(arrived.values()) < 300


def test_a_round_without_a_tie_break_takes_everybody_from_a_mark_on() -> None:
    for published in (each for each in ROUNDS if each.tie_break is None):
        pool = entrants(published)
        assert sum(each.points >= published.cut_off for each in pool) == published.invited


def test_a_place_more_goes_to_whoever_submitted_at_the_very_instant() -> None:
    published = of("231")
    pool = entrants(published)
    division = divide(ranked(pool), published.invited + 1)
    assert published.tie_break is not None
    assert division.tie_break == published.tie_break
    assert timedelta() < published.held_at - published.tie_break
