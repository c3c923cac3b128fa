"""Quiet hours are told by Hong Kong's clocks, and end at the next morning that comes."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.days import HONG_KONG
from domain.hours import QuietHours

NIGHT = QuietHours(begins=time(22), ends=time(8))
NOON = QuietHours(begins=time(12), ends=time(13, 30))
_CLOCKS = st.times().map(lambda each: each.replace(microsecond=0))
_INSTANTS = st.integers(0, 20 * 366 * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def hong_kong(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=HONG_KONG)


@pytest.mark.parametrize(
    ("quiet", "at", "over"),
    [
        (NIGHT, hong_kong(2, 21, 59), hong_kong(2, 21, 59)),
        (NIGHT, hong_kong(2, 22), hong_kong(3, 8)),
        (NIGHT, hong_kong(3, 7, 59), hong_kong(3, 8)),
        (NIGHT, hong_kong(3, 8), hong_kong(3, 8)),
        (NOON, hong_kong(3, 12), hong_kong(3, 13, 30)),
        (NOON, hong_kong(3, 13, 30), hong_kong(3, 13, 30)),
        (NOON, hong_kong(3, 23), hong_kong(3, 23)),
    ],
)
def test_what_is_quiet_waits_until_it_is_over(
    quiet: QuietHours, at: datetime, over: datetime
) -> None:
    assert quiet.over_at(at) == quiet.over_at(at.astimezone(UTC)) == over


def test_hours_that_begin_when_they_end_are_none() -> None:
    none = QuietHours(begins=time(8), ends=time(8))
    assert none.over_at(hong_kong(3, 8)) == hong_kong(3, 8)


def test_an_instant_without_an_offset_has_no_hour() -> None:
    with pytest.raises(ValueError, match="no offset"):
        NIGHT.over_at(datetime(2026, 3, 3, 8))  # noqa: DTZ001 - that is what is refused


@given(begins=_CLOCKS, ends=_CLOCKS, at=_INSTANTS)
def test_it_is_over_within_a_day_and_then_nothing_waits(
    begins: time, ends: time, at: datetime
) -> None:
    quiet = QuietHours(begins=begins, ends=ends)
    over = quiet.over_at(at)
    assert at <= over < at + timedelta(days=1)
    assert quiet.over_at(over) == over
