"""What is due in a case, as every edge shows it: by when, of whom, and how much time is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain.days import hong_kong_date
from domain.deadlines import Deadline
from domain.outstanding import DUE_OF, outstanding
from domain.projections.status import Party
from domain.record import Recorded
from domain.working_days import Calendar, HolidaysNotLoaded
from services.cases import CaseAt
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDay:
    """What is due of somebody by a day, that day included; `over` once it has passed.

    `working_days` are left until it, or have gone by since; None where the holidays of a year
    between are not loaded.
    """

    deadline: Deadline
    on: date
    of: Party
    over: bool
    working_days: int | None


def due_in(
    office: Office, case: CaseAt, work: Sequence[Recorded[Any]], *, at: datetime | None = None
) -> tuple[DueDay, ...]:
    """Return what is due in a case at a moment, now without one, the next first."""
    today, calendar = hong_kong_date(at or office.clock()), office.rulebook.calendar
    return tuple(
        DueDay(
            deadline=each.deadline,
            on=each.due_on,
            of=DUE_OF[each.deadline],
            over=each.due_on < today,
            working_days=_between(calendar, *sorted((today, each.due_on))),
        )
        for each in outstanding(case.events, work, today)
    )


def _between(calendar: Calendar, first: date, last: date) -> int | None:
    try:
        return calendar.working_days_between(first, last)
    except HolidaysNotLoaded:
        return None
