"""How long an applicant will probably wait, and how that is held against what came of it."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.waiting import OFFICES, Years, back_tested, waits_of
from domain.application import Route
from domain.outlook import outlooks
from domain.waiting import ENOUGH, Range, Waits, back_test, forecast, week_of

AT = 400


def steady(weeks: int, *, cases: int = 10, until: int = AT) -> tuple[Waits, ...]:
    """Return the waits of an office that answers everybody after so many weeks."""
    return tuple(
        Waits(began=began, ended=ended, answered=ended is not None, cases=cases)
        for began in range(until - 200, until + 1)
        for ended in [began + weeks if began + weeks <= until else None]
    )


def test_weeks_begin_on_monday() -> None:
    assert week_of(date(2026, 11, 29)) == week_of(date(2026, 11, 23))
    assert week_of(date(2026, 11, 30)) == week_of(date(2026, 11, 29)) + 1


@pytest.mark.parametrize("age", [0, 5, 15])
def test_where_everybody_waits_as_long_that_is_what_is_left(age: int) -> None:
    found = forecast(steady(20), AT)
    assert found is not None
    said = found.of(AT - age)
    assert said is not None
    assert said.middle is not None
    assert said.low <= 20 - age <= (said.high or 0)
    assert abs(said.middle - (20 - age)) <= 4


def test_more_before_them_than_before_those_of_the_past_is_a_longer_wait() -> None:
    usual = steady(20)
    more = (*usual, Waits(began=AT - 25, ended=None, answered=False, cases=100))
    now, then = (forecast(each, AT) for each in (more, usual))
    assert now is not None
    assert then is not None
    longer, shorter = now.of(AT - 2), then.of(AT - 2)
    assert longer is not None
    assert shorter is not None
    # A hundred more at ten a week are ten weeks, half of which count.
    assert longer.low == pytest.approx(shorter.low + 5, abs=0.5)


def test_nothing_is_said_where_there_is_too_little_to_learn_from() -> None:
    assert forecast((), AT) is None
    assert forecast(steady(20, until=AT - 120), AT) is None
    few = [replace(each, cases=1) for each in steady(2)[-60:]]
    assert sum(each.cases for each in few) > ENOUGH
    assert forecast(few, AT) is None


def test_where_many_of_those_alike_wait_still_no_end_is_told() -> None:
    stuck = tuple(
        Waits(began=began, ended=None, answered=False, cases=2) for began in range(AT - 200, AT)
    )
    found = forecast((*steady(10), *stuck), AT)
    assert found is not None
    young, old = found.of(AT), found.of(AT - 150)
    assert young is not None
    assert young.middle is not None
    assert young.high is None
    assert old is None


def test_whoever_gave_up_tells_nothing_of_how_long_an_answer_takes() -> None:
    quick = tuple(
        Waits(began=began, ended=began + 60, answered=False, cases=5)
        for began in range(AT - 200, AT - 60)
    )
    with_them, without = forecast((*steady(20), *quick), AT), forecast(steady(20), AT)
    assert with_them is not None
    assert without is not None
    assert with_them.past != ()
    assert {each.longer for each in with_them.past} == {each.longer for each in without.past}


@given(
    later=st.lists(
        st.builds(
            Waits,
            began=st.integers(AT - 60, AT + 30),
            ended=st.integers(AT + 1, AT + 60),
            answered=st.booleans(),
            cases=st.integers(1, 9),
        )
    ),
    began=st.integers(AT - 40, AT),
)
def test_what_came_later_makes_no_difference_to_an_estimate(later: list[Waits], began: int) -> None:
    usual = steady(20)
    unknown = [replace(each, ended=None, answered=False) for each in later if each.began <= AT]
    now = forecast((*usual, *unknown), AT)
    afterwards = forecast((*usual, *later), AT)
    assert now is not None
    assert afterwards is not None
    assert now.of(began) == afterwards.of(began)


@settings(max_examples=20)
@given(years=st.sampled_from(OFFICES), seed=st.integers(1, 50), order=st.integers())
def test_in_whatever_order_the_waits_are_told_the_same_is_said(
    years: Years, seed: int, order: int
) -> None:
    waits, at = waits_of(replace(years, weekly=8), seed)
    shuffled = Random(order).sample(waits, len(waits))  # noqa: S311 - believable, not secret
    assert outlooks({Route.GENERAL: shuffled}, at) == outlooks({Route.GENERAL: waits}, at)


def test_all_who_are_equally_far_away_in_age_are_alike() -> None:
    found = forecast(steady(20), AT)
    assert found is not None
    one = replace(found.past[0], before=found.queue.before(AT - 10), cases=10)
    # A quarter are the first ten alone, but others of that age, or as far on its other side, are no
    # less alike.
    past = ((9, 5), (9, 6), (11, 30), (12, 90), (13, 90), (14, 90))
    alike = tuple(replace(one, age=age, longer=longer) for age, longer in past)
    said = replace(found, past=alike).of(AT - 10)
    assert said == Range(low=5, middle=6, high=30)


def test_an_estimate_that_always_holds_is_told_to_have_held() -> None:
    found = back_test(steady(20), AT)
    assert found is not None
    assert found.ours.held >= 8_000
    assert (found.ours.error or 0) <= 4
    assert found.naive.held == 10_000
    assert found.last == AT - 26


def test_nothing_is_tested_where_nothing_was_estimated() -> None:
    assert back_test((), AT) is None


@pytest.mark.parametrize("years", OFFICES, ids=lambda each: each.told)
def test_the_range_holds_in_offices_of_many_kinds(years: Years) -> None:
    found = back_tested(replace(years, weekly=8))
    assert found is not None
    assert found.ours.error is not None
    assert found.naive.error is not None
    assert found.ours.held >= 6_500
    assert found.ours.error <= found.naive.error + 2


def test_after_a_surge_it_is_better_than_the_waits_of_the_year_before() -> None:
    found = back_tested(replace(OFFICES[2], weekly=8))
    assert found is not None
    assert found.ours.error is not None
    assert found.naive.error is not None
    assert found.ours.error < found.naive.error
    assert found.ours.held > found.naive.held


@pytest.mark.parametrize(
    ("low", "high", "months"),
    [(0, 3, (0, 1)), (30.5, 47, (7, 11)), (30.5, None, (7, None)), (0, 0, (0, 1))],
)
def test_a_range_is_told_in_whole_months_that_hold_it(
    low: float, high: float | None, months: tuple[int, int | None]
) -> None:
    assert Range(low=low, middle=None, high=high).months == months
