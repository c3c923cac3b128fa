"""The work of the office: who has each case and how many notes there are. Nothing personal.

A case on which nothing was done yet has no row: nobody has it.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

from domain import work_events as w
from domain.data_access import (
    DataAccessAnswered,
    DataAccessDelayed,
    DataAccessRequested,
    DataExported,
)
from domain.deadlines import DeadlineApproaching, DeadlinePassed, StillInQueue
from domain.events import Event
from domain.projections.stage_after import WORK_STREAM, key_after, position_of
from domain.record import Recorded

VERSION: Final = 2
OPENS: Final[frozenset[type[Event]]] = frozenset()


class WorkRow(NamedTuple):
    """The work on one case.

    `holder` has the case since `since`, both None where nobody does; it was `returned` if its last
    way went back. `notes` counts those that no other has superseded, `duplicates` the applications
    by the same person that were refused; `changed_at` is when anything was done last, and `version`
    counts the events of the work.
    """

    reference: str
    holder: str | None
    since: datetime | None
    returned: bool
    notes: int
    duplicates: int
    changed_at: datetime
    version: int
    position: int


def key(recorded: Recorded[Event]) -> str | None:
    """Return the reference of the case that was worked on, None for any other event."""
    return key_after(recorded, WORK_STREAM)


def fold(row: WorkRow | None, recorded: Recorded[w.WorkEvent]) -> WorkRow:
    """Return the row after one more event."""
    before = row or _untouched(recorded)
    return before._replace(
        changed_at=recorded.effective_at,
        version=recorded.version,
        position=position_of(recorded),
        **_said(before, recorded),
    )


def _said(row: WorkRow, recorded: Recorded[w.WorkEvent]) -> dict[str, Any]:  # noqa: PLR0911 - one arm per event
    """Return what the event says: columns with their new values."""
    match recorded.event:
        case (
            w.CaseAssigned(officer=officer)
            | w.CaseTaken(officer=officer)
            | w.CaseHandedOver(officer=officer)
        ):
            return {"holder": officer, "since": recorded.effective_at, "returned": False}
        case w.NoteAdded():
            return {"notes": row.notes + 1}
        case (
            w.NoteSuperseded()
            | w.LetterPosted()
            | DeadlineApproaching()
            | DeadlinePassed()
            | StillInQueue()
            | DataAccessRequested()
            | DataAccessDelayed()
            | DataAccessAnswered()
            | DataExported()
        ):
            return {}
        case w.DuplicateRefused() | w.CorrectionRefused():
            return {"duplicates": row.duplicates + 1}
        case w.CaseReleased():
            return {"holder": None, "since": None, "returned": False}
        case w.CaseReturned(officer=None):
            return {"holder": None, "since": None, "returned": True}
        case w.CaseReturned(officer=officer):
            return {"holder": officer, "since": recorded.effective_at, "returned": True}


def _untouched(recorded: Recorded[w.WorkEvent]) -> WorkRow:
    return WorkRow(
        reference=recorded.stream.removeprefix(WORK_STREAM),
        holder=None,
        since=None,
        returned=False,
        notes=0,
        duplicates=0,
        changed_at=recorded.effective_at,
        version=recorded.version,
        position=position_of(recorded),
    )
