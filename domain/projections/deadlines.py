"""What time will bring in a case: the days that are open in it, or since when nothing was heard.

Folded from the case's own stream and from the work on it, where what was told stands. A case has
one open day at most: documents are asked for only where its stage sets no day of its own, but for
the originals, whose day waits until those are here and is open again then. While the office is
awaited there is none, and the applicant's waiting counts instead. Beside all of it, at
whatever stage, a request for data can await its answer. Nothing personal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

from domain import events as e
from domain import papers as p
from domain.data_access import DataAccessAnswered, DataAccessDelayed, DataAccessRequested
from domain.days import hong_kong_date
from domain.deadlines import (
    PASSED,
    Deadline,
    DeadlineApproaching,
    DeadlinePassed,
    StillInQueue,
)
from domain.evolving import documents_awaited_after, stays
from domain.interruptions import CaseLapsed
from domain.moves import CaseMovedToRuleset
from domain.particulars import (
    ApplicationCorrected,
    ContactChanged,
    DependantAdded,
    DependantRemoved,
    ErasureDecided,
    RepresentativeAppointed,
    RepresentativeRemoved,
)
from domain.projections.stage_after import (
    CASE_STREAM,
    WORK_STREAM,
    key_after,
    position_of,
    stage_after,
)
from domain.projections.status import AWAITED, Party
from domain.reconsidering import CaseReopened, ReconsiderationRequested, RefusalUpheld
from domain.record import Recorded
from domain.residence import (
    ExtensionRefused,
    ExtensionSought,
    RightOfAbodeReached,
    StayExtended,
    VisaVoided,
)
from domain.stages import Stage
from domain.standing import AssessmentSetAside
from domain.work_events import DuplicateRefused, WorkEvent

VERSION: Final = 3
OPENS: Final[frozenset[type[e.Event]]] = frozenset()

NEWS: Final[frozenset[type[e.Event]]] = frozenset(
    {
        e.ApplicationSubmitted,
        e.ApplicationFeePaid,
        e.ApplicationAcknowledged,
        e.ApplicationScored,
        CaseMovedToRuleset,
        AssessmentSetAside,
        p.DocumentsRequested,
        p.RequestedDocumentsReceived,
        p.DocumentRequestCancelled,
        e.CaseShortlisted,
        e.CaseSelected,
        e.CaseNotSelected,
        e.ApprovedInPrinciple,
        e.ApplicationApproved,
        e.VisaFeePaid,
        e.VisaIssued,
        e.VisaActivated,
        e.ApplicationRefused,
        e.ApplicationWithdrawn,
        CaseLapsed,
        ReconsiderationRequested,
        CaseReopened,
        RefusalUpheld,
        ExtensionSought,
        StayExtended,
        ExtensionRefused,
        RightOfAbodeReached,
        VisaVoided,
        ApplicationCorrected,
        DependantAdded,
        DependantRemoved,
        RepresentativeAppointed,
        RepresentativeRemoved,
        ContactChanged,
        DuplicateRefused,
        DataAccessRequested,
        DataAccessDelayed,
        DataAccessAnswered,
        DeadlineApproaching,
        DeadlinePassed,
        StillInQueue,
    }
)
"""The events of which the applicant hears by letter; a change of these is a new `VERSION`."""

_NO_DAY: Final[Mapping[str, Any]] = MappingProxyType(
    dict.fromkeys(("deadline", "due_on", "opened", "opened_on", "told"))
)
_NO_ACCESS: Final[Mapping[str, Any]] = MappingProxyType(
    dict.fromkeys(("access_due_on", "access_opened", "access_opened_on", "access_told"))
)


class DeadlineRow(NamedTuple):
    """What is due in a case by `due_on`, that day included; no field of it is set without one.

    It was set by the case's event of version `opened`, on the day `opened_on`. `told` is how many
    days ahead the latest reminder of it was due, `PASSED` once the day is over and that was said.
    `quiet_since` is since when the office has the case and the applicant heard nothing, None while
    it is not the office that is awaited. `further_stay` says that a period of stay is still to come
    after the one until `stay_until`. The originals are due by `originals_by`, also while other
    documents are asked for and their day is the one that is open; `originals_told` is what `told`
    was of them, for when theirs is open again. What begins with `access` says the same of the
    request for data that is open, whose day was set by an event of the work on the case.
    """

    reference: str
    stage: Stage
    quiet_since: datetime | None
    position: int
    deadline: Deadline | None = None
    due_on: date | None = None
    opened: int | None = None
    opened_on: date | None = None
    told: int | None = None
    stay_until: date | None = None
    further_stay: bool = False
    originals_by: date | None = None
    originals_told: int | None = None
    access_due_on: date | None = None
    access_opened: int | None = None
    access_opened_on: date | None = None
    access_told: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """A day that is open in a case, as in `DeadlineRow`."""

    deadline: Deadline
    due_on: date
    opened: int
    opened_on: date
    told: int | None


def open_days(row: DeadlineRow) -> Iterator[OpenDay]:
    """Yield every day that is open in a case."""
    if row.deadline and row.due_on and row.opened and row.opened_on:
        yield OpenDay(
            deadline=row.deadline,
            due_on=row.due_on,
            opened=row.opened,
            opened_on=row.opened_on,
            told=row.told,
        )
    if row.access_due_on and row.access_opened and row.access_opened_on:
        yield OpenDay(
            deadline=Deadline.DATA_ACCESS,
            due_on=row.access_due_on,
            opened=row.access_opened,
            opened_on=row.access_opened_on,
            told=row.access_told,
        )


def key(recorded: Recorded[e.Event]) -> str | None:
    """Return the reference of the case that the event or the work is about, None for any other."""
    return key_after(recorded, CASE_STREAM) or key_after(recorded, WORK_STREAM)


def fold(
    row: DeadlineRow | None, recorded: Recorded[e.CaseEvent | WorkEvent]
) -> DeadlineRow | None:
    """Return the row after one more event; None as long as no case was filed."""
    if recorded.stream.startswith(WORK_STREAM):
        if row is None:
            return None
        return _worked(row, cast("Recorded[WorkEvent]", recorded))
    case = cast("Recorded[e.CaseEvent]", recorded)
    event = case.event
    if isinstance(event, e.ApplicationSubmitted):
        row = _first(event, case)
    if row is None:
        raise ValueError(f"{recorded.stream} begins with {type(event).__name__}")
    # Few events tell of later days, and a copy costs more than all else that an event does.
    row = row._replace(**kept) if (kept := _kept(row, event)) else row
    stage, day = stage_after(event, row.stage), _day(row, case)
    open_now = day.get("deadline", row.deadline)
    return row._replace(
        stage=stage,
        quiet_since=_quiet_since(row, case, stage, open_now),
        position=position_of(recorded),
        **day,
    )


def _first(event: e.ApplicationSubmitted, recorded: Recorded[e.CaseEvent]) -> DeadlineRow:
    return DeadlineRow(
        reference=event.reference,
        stage=stage_after(event),
        quiet_since=None,
        position=position_of(recorded),
    )


def _worked(row: DeadlineRow, recorded: Recorded[WorkEvent]) -> DeadlineRow:
    """Return the row after something was told or a request for data went on."""
    event = recorded.event
    if type(event) not in NEWS:
        return row
    of_office = getattr(event, "deadline", None) is Deadline.DATA_ACCESS
    if row.quiet_since is not None and not of_office:
        row = row._replace(quiet_since=_heard_at(recorded))
    return row._replace(position=position_of(recorded), **_of_work(row, recorded))


def _of_work(row: DeadlineRow, recorded: Recorded[WorkEvent]) -> Mapping[str, Any]:
    """Return what an event of the work changes: columns with their new values."""
    match recorded.event:
        case DataAccessRequested(due_on=due) | DataAccessDelayed(due_on=due):
            return {
                "access_due_on": due,
                "access_opened": recorded.version,
                "access_opened_on": hong_kong_date(_heard_at(recorded)),
                "access_told": None,
            }
        case DataAccessAnswered():
            return _NO_ACCESS
        case DeadlineApproaching(days=days) as event:
            return _told(row, event, days)
        case DeadlinePassed() as event:
            return _told(row, event, PASSED)
        case _:
            return {}


def _told(
    row: DeadlineRow, event: DeadlineApproaching | DeadlinePassed, days: int
) -> Mapping[str, Any]:
    """Return that a reminder was told, where it is about a day that is open now."""
    if event.deadline is Deadline.DATA_ACCESS:
        return {"access_told": days} if event.opened == row.access_opened else {}
    told = {"told": days} if event.opened == row.opened else {}
    # Documents may have been asked for between the look and the telling.
    if event.deadline is Deadline.ORIGINALS and event.due_on == row.originals_by:
        return {**told, "originals_told": days}
    return told


def _kept(row: DeadlineRow, event: e.CaseEvent) -> dict[str, Any]:
    """Return what the event says of days to come: columns with their new values."""
    if row.originals_by is not None and not stays(event):
        return {**_stay(event), "originals_by": None, "originals_told": None}
    return _stay(event)


def _stay(event: e.CaseEvent) -> dict[str, Any]:
    match event:
        case e.ApprovedInPrinciple(originals_by=by):
            return {"originals_by": by}
        case e.ApplicationApproved(stay_years=years):
            return {"further_stay": len(years) > 1}
        case e.VisaActivated(stay_until=until):
            return {"stay_until": until}
        case StayExtended(stay_until=until, stays_left=left):
            return {"stay_until": until, "further_stay": bool(left)}
        case _:
            return {}


def _day(row: DeadlineRow, recorded: Recorded[e.CaseEvent]) -> Mapping[str, Any]:  # noqa: PLR0911 - one arm per event
    """Return the day that is open after the event: columns with their new values."""
    match event := recorded.event:
        case p.DocumentsRequested(due_on=due):
            return _opened(recorded, Deadline.DOCUMENTS, due)
        case e.ApplicationApproved(pay_by=due):
            return _opened(recorded, Deadline.VISA_FEE, due)
        case e.VisaIssued(activate_by=due):
            return _opened(recorded, Deadline.ACTIVATION, due)
        case e.VisaActivated() | StayExtended():
            further = Deadline.EXTENSION if row.further_stay else Deadline.STAY
            return _opened(recorded, further, row.stay_until)
        case ExtensionRefused():
            return _opened(recorded, Deadline.STAY, row.stay_until)
        case e.ApplicationRefused(reconsider_by=due) | RefusalUpheld(reconsider_by=due):
            return _opened(recorded, Deadline.RECONSIDERATION, due)
        case ErasureDecided():
            # Of whom nothing is held, nothing can be told.
            return {**_NO_DAY, **_NO_ACCESS}
        case _:
            asked = row.deadline is Deadline.DOCUMENTS
            goes_on = documents_awaited_after(event, before=True) if asked else stays(event)
            return {} if goes_on else _opened_again(row, recorded)


def _opened_again(row: DeadlineRow, recorded: Recorded[e.CaseEvent]) -> Mapping[str, Any]:
    """Return the day of the originals, if there is one: what was told of it is not told again."""
    day = _opened(recorded, Deadline.ORIGINALS, row.originals_by)
    return day if row.originals_by is None else {**day, "told": row.originals_told}


def _opened(
    recorded: Recorded[e.CaseEvent], deadline: Deadline, due_on: date | None
) -> Mapping[str, Any]:
    if due_on is None:
        return _NO_DAY
    return {
        "deadline": deadline,
        "due_on": due_on,
        "opened": recorded.version,
        "opened_on": hong_kong_date(_heard_at(recorded)),
        "told": None,
    }


def _quiet_since(
    row: DeadlineRow, recorded: Recorded[e.CaseEvent], stage: Stage, open_now: Deadline | None
) -> datetime | None:
    """Return since when the applicant heard nothing; the office's turn begins it anew."""
    if open_now is Deadline.DOCUMENTS or AWAITED[stage].party is not Party.OFFICE:
        return None
    if row.quiet_since is None or _is_news(recorded.event, scored_again=stage is row.stage):
        return _heard_at(recorded)
    return row.quiet_since


def _is_news(event: e.Event, *, scored_again: bool) -> bool:
    """Say whether the applicant hears of the event; not of a score that changes nothing."""
    return type(event) in NEWS and not (isinstance(event, e.ApplicationScored) and scored_again)


def _heard_at(recorded: Recorded[Any]) -> datetime:
    """Return when people hear of the event: nobody does before it is recorded."""
    return max(recorded.effective_at, recorded.recorded_at)
