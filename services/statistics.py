"""The figures of the office: counted by a worker now and then, and kept for whoever looks.

Law: they are counted from read models alone, as they stood at an instant, and are as good as the
instant that stands beside them. Nothing in them concerns a person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.application import Route
from domain.days import hong_kong_date
from domain.outlook import Outlook, outlooks
from domain.projections.paths import AWAITING
from domain.projections.status import StatusRow
from domain.statistics import Statistics
from domain.waiting import Range, first_day, week_of
from services.imports import start_of
from services.projections import counting
from services.projections.errors import OfAnotherLog
from services.projections.kept import alone, keep, kept
from services.projections.workload import Load, load
from services.wiring import Office

NAME: Final = "statistics"
OUTLOOKS: Final = "outlooks"
COUNTED_AFTER: Final = timedelta(minutes=15)
"""How old figures are at least when they are counted again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted at one instant, and what is expected of those who waited then."""

    statistics: Statistics
    outlooks: tuple[Outlook, ...]


def counted(office: Office, at: datetime) -> Figures:
    """Return the figures as they stood at an instant; nothing is kept. Raises `OfAnotherLog`."""
    waits = counting.waits(office.models, at)
    return Figures(
        statistics=counting.statistics(office.models, at),
        outlooks=outlooks(waits, week_of(hong_kong_date(at))),
    )


def count(office: Office) -> Figures:
    """The figures of now are kept in place of earlier ones; returns them. Raises `OfAnotherLog`."""
    figures = counted(office, office.clock())
    keep_figures(office, figures)
    return figures


def keep_figures(office: Office, figures: Figures) -> None:
    """These figures are those that are looked at, unless newer ones are kept."""
    said = figures.statistics
    # The outlooks stand by themselves too: whoever looks at one status needs nothing else.
    for name, each in ((NAME, figures), (OUTLOOKS, figures.outlooks)):
        keep(office.models, name, said.at, said.position, msgspec.json.encode(each))


def count_when_due(office: Office) -> bool:
    """The figures that are kept are new enough; true when they were counted for that.

    Of several that come at once one counts, for it may take longer than until the next one comes.
    While what they are counted from is of another log, the former ones are kept.
    """
    with alone(office.models, NAME) as may:
        found = latest(office)
        if not may or (found and _is_new(found, office.clock())):
            return False
        try:
            count(office)
        except OfAnotherLog:
            # Whoever folds it tells of that.
            return False
    return True


def _is_new(found: Figures, now: datetime) -> bool:
    """Say whether figures need not be counted again; those of a time to come must be."""
    return timedelta() <= now - found.statistics.at < COUNTED_AFTER


def latest(office: Office) -> Figures | None:
    """Return the figures that were counted last; None where this program counted none yet.

    Nobody who looks waits while a million cases are counted: a worker does that within a minute.
    """
    found = kept(office.models, NAME)
    if found is None:
        return None
    try:
        return msgspec.json.decode(found.body, type=Figures)
    except msgspec.ValidationError:
        # An earlier version of this program counted something else.
        return None


def expected(office: Office, row: StatusRow) -> tuple[Outlook, Range] | None:
    """Return what an applicant may be told of the wait for an answer; None where that is nothing.

    Looking costs two small statements: where nothing is counted yet, nothing is told. Nor is it of
    a reopened case, whose wait ended with the refusal: who waits anew is counted nowhere.
    """
    if row.stage not in AWAITING or (outlook := _outlook(office, row.route)) is None:
        return None
    told = outlook.told(hong_kong_date(row.submitted_at))
    if told is None or counting.has_ended(office.models, row.reference):
        return None
    return outlook, told


def _outlook(office: Office, route: Route) -> Outlook | None:
    found = kept(office.models, OUTLOOKS)
    if found is None:
        return None
    try:
        outlooks_kept = msgspec.json.decode(found.body, type=tuple[Outlook, ...])
    except msgspec.ValidationError:
        return None
    return next((each for each in outlooks_kept if each.route is route), None)


def workload(office: Office) -> Load:
    """Return who has how much, and did how much this week and this month of Hong Kong's."""
    today = hong_kong_date(office.clock())
    return load(
        office.models,
        week=start_of(first_day(week_of(today))),
        month=start_of(today.replace(day=1)),
    )
