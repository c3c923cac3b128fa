"""What is to be told of a case because time has passed: decided from its own history alone.

Law: the same fact follows once. Of several that would be due, as after a month in which nobody
looked, only the latest does: who can no longer act on a reminder does not get it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from domain.days import hong_kong_date
from domain.deadlines import (
    PASSED,
    Deadline,
    DeadlineApproaching,
    DeadlineEvent,
    DeadlinePassed,
    StillInQueue,
)
from domain.projections.deadlines import DeadlineRow, OpenDay, open_days
from domain.rules.choose import limit
from domain.rules.limits import Limit
from domain.rules.types import Rulebook

_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How many days ahead each deadline is told of, `PASSED` for that it is over.

    That it is over is `news` to an applicant for so long. After `silence` an applicant is told that
    the case is still in the queue.
    """

    days: Mapping[Deadline, tuple[int, ...]]
    news: timedelta
    silence: timedelta


def schedule(rulebook: Rulebook, on: date) -> Schedule:
    """Return when people are told, by the rules in force on the day on which it is looked."""
    first = limit(rulebook, Limit.FIRST_REMINDER_DAYS, on)
    last = limit(rulebook, Limit.LAST_REMINDER_DAYS, on)
    window = limit(rulebook, Limit.EXTENSION_WEEKS, on) * _WEEK
    return Schedule(
        days=MappingProxyType(
            {
                Deadline.DOCUMENTS: (first, last, PASSED),
                Deadline.ORIGINALS: (first, last, PASSED),
                Deadline.VISA_FEE: (first, last, PASSED),
                Deadline.ACTIVATION: (first, last, PASSED),
                # The first one says that it can be applied for from now on.
                Deadline.EXTENSION: (window, first, last, PASSED),
                Deadline.STAY: (first, PASSED),
                # A window that nobody needs to use: that it closed asks nothing of anybody.
                Deadline.RECONSIDERATION: (first,),
                Deadline.DATA_ACCESS: (first, last, PASSED),
            }
        ),
        news=timedelta(days=limit(rulebook, Limit.NEWS_DAYS, on)),
        silence=timedelta(weeks=limit(rulebook, Limit.SILENCE_WEEKS, on)),
    )


def due(row: DeadlineRow, at: datetime, told_when: Schedule) -> DeadlineEvent | None:
    """Return what is to be told of a case at an instant, None where there is nothing."""
    if row.quiet_since is not None and at - row.quiet_since >= told_when.silence:
        return StillInQueue(since=row.quiet_since)
    found = (_of_day(each, hong_kong_date(at), told_when) for each in open_days(row))
    return next((each for each in found if each is not None), None)


def _of_day(open_day: OpenDay, today: date, told_when: Schedule) -> DeadlineEvent | None:
    """Return what is to be told of one day that is open, None where there is nothing."""
    days = _latest(open_day, today, told_when.days[open_day.deadline])
    if days is None:
        return None
    deadline, due_on, opened = open_day.deadline, open_day.due_on, open_day.opened
    if days == PASSED:
        belated = today - due_on > told_when.news
        return DeadlinePassed(deadline=deadline, due_on=due_on, opened=opened, belated=belated)
    return DeadlineApproaching(deadline=deadline, due_on=due_on, opened=opened, days=days)


def name_of(reference: str, fact: DeadlineEvent) -> str:
    """Return what tells a fact of a case apart from every other one, and is the same for it."""
    match fact:
        case StillInQueue(since=since):
            what = f"still-in-queue/{since.isoformat()}"
        case DeadlineApproaching(days=days):
            what = f"{fact.deadline}/{fact.opened}/{fact.due_on}/{days}"
        case DeadlinePassed():
            what = f"{fact.deadline}/{fact.opened}/{fact.due_on}/passed"
    return f"{reference}/{what}"


def _latest(open_day: OpenDay, today: date, told_when: tuple[int, ...]) -> int | None:
    """Return the latest of the days that has come and was not told, nor anything later."""
    due_on, told = open_day.due_on, open_day.told
    left = (due_on - today).days
    come = (
        days
        for days in told_when
        if left <= days
        and (told is None or days < told)
        # Nobody is reminded of a day that is over, nor, at short notice, of how long it never was.
        and (days == PASSED or (left >= 0 and open_day.opened_on < due_on - timedelta(days)))
    )
    return min(come, default=None)
