"""How long each class of record is kept, as dated data, and when its time is over.

Law: a period runs from one instant that is recorded, and is over on the same day of the calendar in
Hong Kong. That it is over erases nothing: it says what somebody may propose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.days import add_months
from domain.rules.life import Life
from domain.rules.reading import Table


class RecordClass(StrEnum):
    """What is kept: a case by how it ended, or what stands beside cases."""

    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    """No further action is taken: something due was not done, or a stay ended."""
    APPROVED = "approved"
    """The right of abode was reached, and nothing more is to come."""
    VOIDED = "voided"
    NEVER_COMPLETED = "never-completed"
    """The application fee was never paid."""
    LOOKS = "looks"
    """The record of who looked."""
    LETTERS = "letters"
    """Letters and e-mails as they were composed."""
    SESSIONS = "sessions"
    SERVICE_TOKENS = "service-tokens"
    CODES = "codes"
    """Codes by which applicants come in."""


class RunsFrom(StrEnum):
    """The instant from which a period runs."""

    END = "end"
    """When the case came to the stage at which it is."""
    SUBMISSION = "submission"
    """When the application counts as submitted."""
    MADE = "made"
    """When the record came to be."""
    SETTLED = "settled"
    """When it was sent, given up or withheld."""
    EXPIRY = "expiry"
    """When it can be used no more."""


class Authority(StrEnum):
    """Who says how long."""

    LAW = "law"
    LOCAL_POLICY = "local-policy"


OF_CASES: Final = (
    RecordClass.REFUSED,
    RecordClass.WITHDRAWN,
    RecordClass.CLOSED,
    RecordClass.APPROVED,
    RecordClass.VOIDED,
    RecordClass.NEVER_COMPLETED,
)
"""The classes whose records are cases."""

_OF_A_CASE: Final = frozenset({RunsFrom.END, RunsFrom.SUBMISSION})
RUNS_FROM: Final[Mapping[RecordClass, frozenset[RunsFrom]]] = MappingProxyType(
    {
        **dict.fromkeys(OF_CASES, _OF_A_CASE),
        RecordClass.LOOKS: frozenset({RunsFrom.MADE}),
        RecordClass.LETTERS: frozenset({RunsFrom.SETTLED}),
        RecordClass.SESSIONS: frozenset({RunsFrom.MADE}),
        RecordClass.SERVICE_TOKENS: frozenset({RunsFrom.EXPIRY}),
        RecordClass.CODES: frozenset({RunsFrom.MADE}),
    }
)
"""The instants that are recorded of each class, from which its period can run."""

_LONGEST_MONTHS: Final = 1_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long records of a class are kept, in months or days, from an instant on."""

    record: RecordClass
    months: int
    days: int
    runs_from: RunsFrom
    authority: Authority
    life: Life

    def over_on(self, day: date) -> date:
        """Return the first day on which the time of what began on a day is over."""
        return add_months(day, self.months) + timedelta(days=self.days)

    def last_over(self, on: date) -> date:
        """Return the last day of which what began then has its time over on a day."""
        day = add_months(on - timedelta(days=self.days), -self.months)
        # A month may be too short for a day, so that several days end on one.
        while self.over_on(day + timedelta(days=1)) <= on:
            day += timedelta(days=1)
        return day

    @property
    def period(self) -> str:
        """The period in words."""
        number, unit = (self.months, "month") if self.months else (self.days, "day")
        return f"{number} {unit}{'' if number == 1 else 's'}"


def read_retention(row: Table) -> Retention:
    """Return one row of the schedule; what is wrong in it is noted."""
    record = row.one_of("record", RecordClass)
    months = row.whole_or_none("months", least=1)
    days = row.whole_or_none("days", least=1)
    if (months is None) is (days is None):
        row.fault("months", "must stand, or days must, and not both")
    for unit, number in (("months", months), ("days", days)):
        if number is not None and number > _LONGEST_MONTHS:
            row.fault(unit, f"must be at most {_LONGEST_MONTHS}, not {number}")
    runs_from = row.one_of("runs_from", RunsFrom)
    if runs_from not in RUNS_FROM[record]:
        known = ", ".join(sorted(RUNS_FROM[record]))
        row.fault("runs_from", f"of {record} must be {known}, not {runs_from}")
    return Retention(
        record=record,
        months=min(months or 0, _LONGEST_MONTHS),
        days=min(days or 0, _LONGEST_MONTHS),
        runs_from=runs_from,
        authority=row.one_of("authority", Authority),
        life=row.life(),
    )
