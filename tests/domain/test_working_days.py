"""Working days: Mondays to Fridays that are no general holiday, counted without walking them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.working_days import Calendar, HolidaysNotLoaded
from tests.domain.deciding import real_rulebook

FIRST, LAST = date(2019, 1, 1), date(2020, 12, 31)
DAY = timedelta(days=1)

days = st.dates(FIRST, LAST)
holidays = st.frozensets(st.one_of(days, st.dates(date(2019, 12, 20), date(2020, 1, 10))))


def between(first: date, last: date, closed: frozenset[date]) -> int:
    """Count working days from one to another, both included, one after the other."""
    span = (first + DAY * step for step in range((last - first).days + 1))
    return sum(day.weekday() < 5 and day not in closed for day in span)


def of(closed: frozenset[date]) -> Calendar:
    return Calendar.of(FIRST.year, LAST.year, closed)


@given(holidays, days, days)
def test_the_count_is_that_of_a_walk_from_day_to_day(
    closed: frozenset[date], one: date, other: date
) -> None:
    after, until = sorted((one, other))
    found = of(closed).working_days_between(after, until)
    assert found == between(after + DAY, until, closed) >= 0


@given(holidays, days)
def test_a_day_is_a_working_day_when_it_counts_as_one(closed: frozenset[date], day: date) -> None:
    assert of(closed).is_working_day(day) == (between(day, day, closed) == 1)


@given(holidays, st.lists(days, min_size=3, max_size=3))
def test_two_spans_end_to_end_have_the_working_days_of_both(
    closed: frozenset[date], three: list[date]
) -> None:
    one, two, three_ = sorted(three)
    count = of(closed).working_days_between
    assert count(one, two) + count(two, three_) == count(one, three_)
    assert count(one, two) <= count(one, three_)


@given(holidays, days, st.integers(0, 300))
def test_working_days_that_were_added_are_counted_again(
    closed: frozenset[date], day: date, count: int
) -> None:
    calendar = of(closed)
    if count > calendar.working_days_between(day, LAST):
        with pytest.raises(HolidaysNotLoaded, match="after 2020"):
            calendar.add_working_days(day, count)
        return
    found = calendar.add_working_days(day, count)
    assert calendar.working_days_between(day, found) == count
    assert found == day if count == 0 else calendar.is_working_day(found)


@given(holidays, days, st.integers(0, 200))
def test_one_more_working_day_is_always_later(
    closed: frozenset[date], day: date, count: int
) -> None:
    calendar = of(closed)
    if count < calendar.working_days_between(day, LAST):
        more = calendar.add_working_days(day, count + 1)
        assert more > calendar.add_working_days(day, count)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2019, 5, 1), False),  # Labour Day, a Wednesday
        (date(2019, 5, 2), True),
        (date(2019, 5, 4), False),  # a Saturday is none, whatever the gazette calls it
        (date(2019, 5, 5), False),
        (date(2019, 5, 13), False),  # the day after the Buddha's birthday, which was a Sunday
        (date(2015, 9, 3), False),  # the one holiday that a single year had
        (date(2016, 9, 2), True),
        (date(2012, 10, 2), False),  # National Day fell on another holiday
    ],
)
def test_the_days_of_hong_kong_are_as_they_were(day: date, *, works: bool) -> None:
    assert real_rulebook().calendar.is_working_day(day) == works


def test_working_days_are_added_across_a_long_holiday() -> None:
    calendar = real_rulebook().calendar
    assert calendar.add_working_days(date(2019, 4, 18), 1) == date(2019, 4, 23)  # Easter
    assert calendar.add_working_days(date(2019, 12, 24), 1) == date(2019, 12, 27)
    assert calendar.working_days_between(date(2018, 12, 31), date(2019, 12, 31)) == 246


@pytest.mark.parametrize("day", [date(2005, 12, 31), date(2028, 1, 1)])
def test_a_year_that_is_not_loaded_is_refused_by_name(day: date) -> None:
    calendar, known = real_rulebook().calendar, date(2019, 5, 1)
    for asked in (
        lambda: calendar.is_working_day(day),
        lambda: calendar.add_working_days(day, 0),
        lambda: calendar.working_days_between(min(day, known), max(day, known)),
    ):
        with pytest.raises(HolidaysNotLoaded, match=f"{day.year}; loaded are the years 2006 to"):
            asked()


def test_a_span_that_ends_before_it_begins_is_an_error() -> None:
    calendar = real_rulebook().calendar
    with pytest.raises(ValueError, match="is before"):
        calendar.working_days_between(date(2019, 5, 2), date(2019, 5, 1))
    with pytest.raises(ValueError, match="cannot be added"):
        calendar.add_working_days(date(2019, 5, 2), -1)
