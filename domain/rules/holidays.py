"""The general holidays of each year, read from their document.

Law: a year is there whole or not at all, and none is missing between two that are.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Final

from domain.rules.reading import Table
from domain.rules.types import Holiday, HolidayYear

_NO_YEAR: Final = date.min.year
"""What stands for a year or a day that did not read."""
_SUNDAY: Final = 6


def read_holidays(table: Table) -> tuple[HolidayYear, ...]:
    """Every year with its holidays, in order."""
    found = tuple(_year(row) for row in table.rows("years", least=1))
    for fault in _gaps([each.year for each in found]):
        table.fault("years", fault)
    return found


def _gaps(years: list[int]) -> Iterator[str]:
    if _NO_YEAR in years:
        return
    for one, other in pairwise(years):
        if other <= one:
            yield f"{other} stands after {one}; each year must stand once, in order"
        elif other > one + 1:
            missing = f"{one + 1} to {other - 1} are" if other > one + 2 else f"{one + 1} is"
            yield f"{missing} missing between {one} and {other}"


def _year(row: Table) -> HolidayYear:
    year, cited = row.whole("year", least=_NO_YEAR), row.citation()
    days: list[Holiday] = []
    for each in row.rows("days", least=1):
        holiday = Holiday(
            on=each.day("on"),
            name=each.text("name"),
            substitute=each.truth_or_false("substitute"),
            cited=each.citation() if each.has("source") else cited,
        )
        for fault in _faults(holiday.on, year, days):
            each.fault("on", fault)
        days.append(holiday)
    return HolidayYear(year=year, days=tuple(days), cited=cited)


def _faults(on: date, year: int, above: list[Holiday]) -> Iterator[str]:
    if _NO_YEAR in {on.year, year}:
        return
    if on.year != year:
        yield f"{on} is not in {year}"
    if on.weekday() == _SUNDAY:
        yield f"{on} is a Sunday, and every Sunday is a general holiday already"
    if above and on == above[-1].on:
        yield f"{on} stands twice"
    elif above and on < above[-1].on:
        yield f"{on} must stand before {above[-1].on}"
