"""Days as Hong Kong counts them.

Law: every step from an instant to a day is made here, at Hong Kong's fixed offset (no summer time
since 1979, so no time zone table is needed).
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone

HONG_KONG = timezone(timedelta(hours=8), "HKT")
DAYS_PER_YEAR = 365  # the scheme's count of experience: N years are N times this many days


# Named here because strftime would follow the machine's locale.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def hong_kong_date(instant: datetime) -> date:
    """The day on Hong Kong's calendar at an instant; a naive instant is a ValueError."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no offset, so its day is not known")
    return instant.astimezone(HONG_KONG).date()


def last_instant(day: date) -> datetime:
    """The last instant of a day on Hong Kong's calendar, to the microsecond."""
    return datetime.combine(day, time.max, HONG_KONG)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of a month that is too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_years(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 28 in a common year."""
    return add_months(day, 12 * years)


def age_on(born: date, on: date) -> int:
    """Completed years on a day; whoever is born on 29 February is older on 1 March."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def days_covered(ranges: Iterable[tuple[date, date]]) -> int:
    """Days in the union of ranges, both ends included; a day in several counts once."""
    total, covered_to = 0, 0
    for first, last in sorted(ranges):
        start = max(first.toordinal(), covered_to + 1)
        covered_to = max(covered_to, last.toordinal())
        total += max(0, last.toordinal() - start + 1)
    return total


def written_out(day: date) -> str:
    """A day as an English sentence has it: 1 May 2019."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def stay_ends(entered_on: date, years: int) -> date:
    """The last day of a stay of so many years that begins on a day."""
    return add_years(entered_on, years) - timedelta(days=1)
