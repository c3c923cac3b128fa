"""Days as Hong Kong counts them: where a day begins, how months, years and ranges are counted."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.days import (
    add_months,
    add_years,
    age_on,
    days_covered,
    hong_kong_date,
    stay_ends,
    written_out,
)

DAYS = st.dates(min_value=date(1940, 1, 1), max_value=date(2090, 12, 31))


def test_a_day_begins_at_four_in_the_afternoon_of_utc() -> None:
    assert hong_kong_date(datetime(2019, 4, 30, 15, 59, 59, tzinfo=UTC)) == date(2019, 4, 30)
    assert hong_kong_date(datetime(2019, 4, 30, 16, 0, tzinfo=UTC)) == date(2019, 5, 1)


def test_a_naive_instant_has_no_day() -> None:
    with pytest.raises(ValueError, match="no offset"):
        hong_kong_date(datetime(2019, 5, 1))  # noqa: DTZ001 - the fault under test


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2019, 1, 31), 1, date(2019, 2, 28)),
        (date(2020, 1, 31), 1, date(2020, 2, 29)),
        (date(2019, 8, 31), 6, date(2020, 2, 29)),
        (date(2019, 12, 1), 1, date(2020, 1, 1)),
        (date(2019, 6, 30), 6, date(2019, 12, 30)),
        (date(2019, 6, 30), 0, date(2019, 6, 30)),
    ],
)
def test_months_are_counted_on_the_calendar(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


def test_a_leap_day_has_its_years_on_the_last_of_february() -> None:
    assert add_years(date(2020, 2, 29), 1) == date(2021, 2, 28)
    assert add_years(date(2020, 2, 29), 4) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(2001, 5, 2), date(2019, 5, 1), 17),
        (date(2001, 5, 1), date(2019, 5, 1), 18),
        (date(2000, 2, 29), date(2019, 2, 28), 18),
        (date(2000, 2, 29), date(2019, 3, 1), 19),
        (date(2000, 2, 29), date(2020, 2, 29), 20),
    ],
)
def test_an_age_is_completed_years(born: date, on: date, age: int) -> None:
    assert age_on(born, on) == age


@given(DAYS, st.integers(min_value=0, max_value=60))
def test_nobody_is_younger_a_day_later(born: date, years: int) -> None:
    birthday = add_years(born, years)
    assert years - 1 <= age_on(born, birthday) <= years
    assert age_on(born, birthday + timedelta(days=1)) == years


def test_days_in_several_ranges_count_once() -> None:
    may = (date(2019, 5, 1), date(2019, 5, 31))
    inside = (date(2019, 5, 10), date(2019, 5, 20))
    across = (date(2019, 5, 31), date(2019, 6, 1))
    assert days_covered([may]) == 31
    assert days_covered([inside, may]) == 31
    assert days_covered([across, inside, may]) == 32
    assert days_covered([]) == 0


@given(st.lists(st.tuples(st.dates(date(2019, 1, 1), date(2019, 3, 1)), st.integers(0, 40))))
def test_the_days_covered_are_those_of_the_union(spans: list[tuple[date, int]]) -> None:
    ranges = [(first, first + timedelta(days=length)) for first, length in spans]
    union = {
        first + timedelta(days=step)
        for first, last in ranges
        for step in range((last - first).days + 1)
    }
    assert days_covered(ranges) == len(union)


def test_a_stay_includes_the_day_of_entry() -> None:
    assert stay_ends(date(2019, 10, 1), 2) == date(2021, 9, 30)
    assert stay_ends(date(2019, 1, 1), 1) == date(2019, 12, 31)


def test_a_day_is_written_out_whatever_the_locale() -> None:
    assert written_out(date(2019, 5, 1)) == "1 May 2019"
