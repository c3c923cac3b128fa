"""The processing clock of a case: how many working days the office had it, and who stopped it.

Law: a working day counts once, for whatever held when it began: it runs for the office while
nothing stops the clock; where several causes do, it is put down to the one that stopped it first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain import events as e
from domain import papers as p
from domain.days import hong_kong_date
from domain.interruptions import CaseHeld, CaseLapsed, HoldLifted
from domain.projections.status import Party
from domain.reconsidering import CaseReopened, ReconsiderationRequested, RefusalUpheld
from domain.record import Recorded
from domain.residence import ExtensionRefused, ExtensionSought, StayExtended, VisaVoided
from domain.standing import AssessmentSetAside
from domain.working_days import Calendar


class StopCause(StrEnum):
    """Why a clock stands still."""

    FEE_AWAITED = "fee-awaited"
    DOCUMENTS_AWAITED = "documents-awaited"
    ORIGINALS_AWAITED = "originals-awaited"
    VISA_FEE_AWAITED = "visa-fee-awaited"
    ACTIVATION_AWAITED = "activation-awaited"
    INVESTIGATION = "investigation"
    DECIDED = "decided"


class Turn(StrEnum):
    """What a change does to a clock; a cause that has ended no longer stops it."""

    STOPS = "stops"
    STARTS = "starts"


STOPPED_BY: Final[Mapping[StopCause, Party]] = MappingProxyType(
    {
        StopCause.FEE_AWAITED: Party.APPLICANT,
        StopCause.DOCUMENTS_AWAITED: Party.APPLICANT,
        StopCause.ORIGINALS_AWAITED: Party.APPLICANT,
        StopCause.VISA_FEE_AWAITED: Party.APPLICANT,
        StopCause.ACTIVATION_AWAITED: Party.APPLICANT,
        StopCause.INVESTIGATION: Party.OFFICE,
        StopCause.DECIDED: Party.NOBODY,
    }
)
"""Of whom something is awaited while a cause stops the clock."""

TURNS: Final[tuple[tuple[type[e.CaseEvent], Turn, StopCause], ...]] = (
    (e.ApplicationSubmitted, Turn.STOPS, StopCause.FEE_AWAITED),  # where a fee is due
    (e.ApplicationFeePaid, Turn.STARTS, StopCause.FEE_AWAITED),
    (p.DocumentsRequested, Turn.STOPS, StopCause.DOCUMENTS_AWAITED),
    (p.RequestedDocumentsReceived, Turn.STARTS, StopCause.DOCUMENTS_AWAITED),
    (p.DocumentRequestCancelled, Turn.STARTS, StopCause.DOCUMENTS_AWAITED),
    (e.ApplicationApproved, Turn.STARTS, StopCause.DOCUMENTS_AWAITED),
    (e.ApprovedInPrinciple, Turn.STOPS, StopCause.ORIGINALS_AWAITED),
    (e.OriginalsVerified, Turn.STARTS, StopCause.ORIGINALS_AWAITED),
    (e.ApplicationApproved, Turn.STARTS, StopCause.ORIGINALS_AWAITED),
    (AssessmentSetAside, Turn.STARTS, StopCause.ORIGINALS_AWAITED),
    (e.ApplicationApproved, Turn.STOPS, StopCause.VISA_FEE_AWAITED),
    (e.VisaFeePaid, Turn.STARTS, StopCause.VISA_FEE_AWAITED),
    (e.VisaIssued, Turn.STOPS, StopCause.ACTIVATION_AWAITED),
    (e.VisaActivated, Turn.STARTS, StopCause.ACTIVATION_AWAITED),
    (e.VisaActivated, Turn.STOPS, StopCause.DECIDED),
    (e.ApplicationRefused, Turn.STARTS, StopCause.DOCUMENTS_AWAITED),
    (e.ApplicationRefused, Turn.STARTS, StopCause.ORIGINALS_AWAITED),
    (e.ApplicationRefused, Turn.STOPS, StopCause.DECIDED),
    (e.ApplicationWithdrawn, Turn.STOPS, StopCause.DECIDED),
    (CaseLapsed, Turn.STOPS, StopCause.DECIDED),
    (ReconsiderationRequested, Turn.STARTS, StopCause.DECIDED),
    (CaseReopened, Turn.STARTS, StopCause.DOCUMENTS_AWAITED),
    (RefusalUpheld, Turn.STARTS, StopCause.DOCUMENTS_AWAITED),
    (RefusalUpheld, Turn.STOPS, StopCause.DECIDED),
    (ExtensionSought, Turn.STARTS, StopCause.DECIDED),
    (StayExtended, Turn.STARTS, StopCause.DOCUMENTS_AWAITED),
    (StayExtended, Turn.STOPS, StopCause.DECIDED),
    (ExtensionRefused, Turn.STARTS, StopCause.DOCUMENTS_AWAITED),
    (ExtensionRefused, Turn.STOPS, StopCause.DECIDED),
    (VisaVoided, Turn.STOPS, StopCause.DECIDED),
    (CaseHeld, Turn.STOPS, StopCause.INVESTIGATION),
    (HoldLifted, Turn.STARTS, StopCause.INVESTIGATION),
)
"""Every event that turns a case's clock, a line a turn; all others leave it as it is."""

_TURNS_OF: Final[Mapping[type[e.CaseEvent], tuple[tuple[Turn, StopCause], ...]]] = MappingProxyType(
    {
        kind: tuple((turn, cause) for each, turn, cause in TURNS if each is kind)
        for kind, _, _ in TURNS
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From `at` on a cause stops a clock, or no longer does."""

    at: datetime
    turn: Turn
    cause: StopCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The working days that are put down to a cause, and to whom."""

    cause: StopCause
    by: Party
    working_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A cause that stops a clock since an instant, and of whom something is awaited."""

    cause: StopCause
    by: Party
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A case's clock as it stands at `read_at`.

    `running` are the working days that the office had the case and `stopped` those that it did
    not, by cause, in the order in which the causes are named. `stops` are the causes that stop it
    now, the first one first; of a case that is decided only that, and no later day counts.
    """

    read_at: datetime
    running: int
    stopped: tuple[Stopped, ...]
    stops: tuple[Stop, ...]

    @property
    def runs(self) -> bool:
        """True while nothing stops it."""
        return not self.stops

    @property
    def elapsed(self) -> int:
        """Every working day that it counted, running or stopped."""
        return self.running + sum(each.working_days for each in self.stopped)


def read_clock(
    changes: Iterable[Change], calendar: Calendar, *, begun: datetime, at: datetime
) -> Clock:
    """The clock that began at an instant, as the changes until `at` leave it, in any order.

    To stop what is stopped already, or to start what is not, changes nothing.
    """
    days: Counter[StopCause | None] = Counter()
    stops: tuple[Stop, ...] = ()
    counted_to = begun
    for change in sorted((each for each in changes if each.at <= at), key=lambda each: each.at):
        turned = _turned(stops, change)
        # Days after a decision count, and for it, only where it was taken back.
        if not (_decided(stops) and _decided(turned)):
            days[_first(stops)] += _working_days(calendar, counted_to, change.at)
            counted_to = max(counted_to, change.at)
        stops = turned
    if not _decided(stops):
        days[_first(stops)] += _working_days(calendar, counted_to, at)
    return Clock(
        read_at=at,
        running=days[None],
        stopped=tuple(
            Stopped(cause=each, by=STOPPED_BY[each], working_days=days[each])
            for each in StopCause
            if days[each]
        ),
        stops=stops[:1] if _decided(stops) else stops,
    )


def of_case(events: Iterable[Recorded[e.CaseEvent]]) -> tuple[Change, ...]:
    """What the events of a case do to its clock, in their order."""
    return tuple(
        Change(at=each.effective_at, turn=turn, cause=cause)
        for each in events
        for turn, cause in _TURNS_OF.get(type(each.event), ())
        if not _free(each.event)
    )


def _free(event: e.CaseEvent) -> bool:
    """Say whether an application was filed for which no fee is due."""
    return isinstance(event, e.ApplicationSubmitted) and event.application_fee_hkd is None


def _working_days(calendar: Calendar, after: datetime, until: datetime) -> int:
    if until <= after:
        return 0
    return calendar.working_days_between(hong_kong_date(after), hong_kong_date(until))


def _first(stops: tuple[Stop, ...]) -> StopCause | None:
    return stops[0].cause if stops else None


def _decided(stops: tuple[Stop, ...]) -> bool:
    return _first(stops) is StopCause.DECIDED


def _turned(stops: tuple[Stop, ...], change: Change) -> tuple[Stop, ...]:
    """Return the stops after a change, the one that days are put down to first."""
    others = tuple(each for each in stops if each.cause is not change.cause)
    if change.turn is Turn.STARTS:
        return others
    if others != stops:
        return stops
    stop = Stop(cause=change.cause, by=STOPPED_BY[change.cause], since=change.at)
    # A decided case waits for nothing, whatever was awaited when it was decided.
    return (stop, *stops) if stop.cause is StopCause.DECIDED else (*stops, stop)
