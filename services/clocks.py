"""The processing clock of a case, as every edge shows it."""

from datetime import datetime

from domain.clocks import Clock, of_case, read_clock
from domain.working_days import HolidaysNotLoaded
from services.cases import CaseAt
from services.wiring import Office


def clock_of(
    office: Office,
    case: CaseAt,
    *,
    as_of: datetime | None = None,
    believed_at: datetime | None = None,
) -> Clock | HolidaysNotLoaded:
    """The clock of a case, read at the moment that the case was asked for, and now at the latest.

    A clock that runs through a year whose holidays are not loaded cannot be read; why is returned
    and not raised, for it refuses nothing else that can be told of the case.
    """
    now = office.clock()
    at = min(as_of or believed_at or now, now)
    calendar, begun = office.rulebook.calendar, case.events[0].effective_at
    try:
        return read_clock(of_case(case.events), calendar, begun=begun, at=at)
    except HolidaysNotLoaded as missing:
        return missing
