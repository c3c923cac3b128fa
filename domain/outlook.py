"""What may be told of the wait for an answer, and to whom: an estimate that held when it was tried.

It is worked out once for all who wait, by the week in which they filed, and looked up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.application import Route
from domain.waiting import BackTest, Range, Waits, back_test, forecast, week_of

TRUSTED: Final = 6_000
"""Of how many in ten thousand a range must have held before applicants are told one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Those who filed in a week will probably wait so much longer."""

    began: int
    range: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is expected of a route at the week `at`; `tested` is how such estimates did before."""

    route: Route
    at: int
    expected: tuple[Expected, ...]
    tested: BackTest | None

    @property
    def is_trusted(self) -> bool:
        """Whether what is expected held often enough to be told to applicants."""
        return self.tested is not None and self.tested.ours.held >= TRUSTED

    def of(self, filed: date) -> Range | None:
        """Return what is expected of an application that was filed on a day; None where nothing is.

        One that was filed after this was worked out waits like the latest that was.
        """
        week = min(week_of(filed), self.at)
        return next((each.range for each in self.expected if each.began == week), None)

    def told(self, filed: date) -> Range | None:
        """Return what an applicant may be told who filed on a day; None where that is nothing."""
        return self.of(filed) if self.is_trusted else None


def outlooks(waits: Mapping[Route, Sequence[Waits]], at: int) -> tuple[Outlook, ...]:
    """Return what is expected at a week, by route."""
    return tuple(_outlook(route, of_route, at) for route, of_route in waits.items())


def _outlook(route: Route, waits: Sequence[Waits], at: int) -> Outlook:
    found = forecast(waits, at)
    began = {each.began for each in waits if each.ended is None or each.ended > at}
    weeks = sorted(week for week in began | {at} if week <= at)
    ranges = ((week, found.of(week)) for week in weeks) if found else ()
    return Outlook(
        route=route,
        at=at,
        expected=tuple(Expected(began=week, range=each) for week, each in ranges if each),
        tested=back_test(waits, at),
    )
