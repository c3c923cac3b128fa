"""Working days in Hong Kong: Mondays to Fridays that are no general holiday.

Law: a year whose holidays are not loaded is refused by name; it never counts as one without any.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from domain.days import written_out
from domain.errors import Refusal

_WEEK: Final = 7
_WEEKDAYS: Final = 5


class HolidaysNotLoaded(Refusal):
    """The general holidays of a year are not loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The working days of the years from `first_year` to `last_year`, both included.

    `closed` are the ordinals of the holidays from Monday to Friday, each once and rising.
    """

    first_year: int
    last_year: int
    closed: tuple[int, ...]

    @classmethod
    def of(cls, first_year: int, last_year: int, holidays: Iterable[date]) -> Self:
        """The calendar of some years with these holidays, in any order."""
        closed = {each.toordinal() for each in holidays if _is_weekday(each)}
        return cls(first_year=first_year, last_year=last_year, closed=tuple(sorted(closed)))

    def is_working_day(self, day: date) -> bool:
        """True from Monday to Friday but on general holidays."""
        return self._number(day) > self._number_until(day.toordinal() - 1)

    def working_days_between(self, after: date, until: date) -> int:
        """How many working days there are after one day and until another, which counts too."""
        if until < after:
            raise ValueError(f"{until} is before {after}")
        return self._number(until) - self._number(after)

    def add_working_days(self, day: date, count: int) -> date:
        """The working day so many working days after a day; after none it is that day itself."""
        if count < 0:
            raise ValueError(f"{count} working days cannot be added")
        wanted = self._number(day) + count
        if not count:
            return day
        # A holiday comes before the wanted day where fewer working days than wanted do.
        before = bisect_left(range(len(self.closed)), wanted, key=self._working_days_before)
        weeks, rest = divmod(wanted + before - 1, _WEEKDAYS)
        found = weeks * _WEEK + rest + 1
        if found > date(self.last_year, 12, 31).toordinal():
            raise self.not_loaded(f"after {self.last_year}")
        return date.fromordinal(found)

    def not_loaded(self, when: str) -> HolidaysNotLoaded:
        """The refusal of what falls out of the years that are loaded."""
        return HolidaysNotLoaded(
            f"no general holidays are loaded {when}; "
            f"loaded are the years {self.first_year} to {self.last_year}"
        )

    def _number(self, day: date) -> int:
        """Count the working days from the first of all until a day of a loaded year."""
        if not self.first_year <= day.year <= self.last_year:
            raise self.not_loaded(f"for {written_out(day)}")
        return self._number_until(day.toordinal())

    def _number_until(self, ordinal: int) -> int:
        return _weekdays_until(ordinal) - bisect_right(self.closed, ordinal)

    def _working_days_before(self, holiday: int) -> int:
        return _weekdays_until(self.closed[holiday]) - 1 - holiday


def _is_weekday(day: date) -> bool:
    return day.weekday() < _WEEKDAYS


def _weekdays_until(ordinal: int) -> int:
    """Count Mondays to Fridays from the first day of year 1, which was a Monday."""
    weeks, rest = divmod(ordinal, _WEEK)
    return weeks * _WEEKDAYS + min(rest, _WEEKDAYS)
