"""The work on a case as people read it: its notes with their texts, and how it last changed hands.

Texts and reasons are None once their person was erased.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain import work_events as e
from domain.data_access import Access, DataAccessRequested
from domain.record import Recorded

History = Iterable[Recorded[e.WorkEvent]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNote:
    """A note as it was written; `supersedes` and `superseded_by` are the notes beside it."""

    number: int
    author: str
    noted_at: datetime
    text: str | None
    supersedes: int | None = None
    superseded_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a case last changed hands; `since` is when, None where it never did or nobody has it.

    It was `returned` if its last way went back, for a `reason`.
    """

    since: datetime | None = None
    returned: bool = False
    reason: str | None = None


def notes_told(history: History) -> tuple[ToldNote, ...]:
    """Return every note in order, those that others superseded too."""
    told: dict[int, ToldNote] = {}
    for each in history:
        match each.event:
            case e.NoteAdded(note=number):
                told[number] = _note(each.event, each.effective_at)
            case e.NoteSuperseded(note=number, supersedes=before):
                told[number] = replace(_note(each.event, each.effective_at), supersedes=before)
                if before in told:
                    told[before] = replace(told[before], superseded_by=number)
            case _:
                pass
    return tuple(told.values())


def last_way(history: History) -> Way:
    """Return how the case last changed hands."""
    way = Way()
    for each in history:
        match each.event:
            case e.CaseReturned(officer=officer, personal=said):
                since = each.effective_at if officer else None
                way = Way(since=since, returned=True, reason=said.text if said else None)
            case e.CaseReleased():
                way = Way()
            case e.CaseAssigned() | e.CaseTaken() | e.CaseHandedOver():
                way = Way(since=each.effective_at)
            case _:
                pass
    return way


def access_told(history: History, access: Access) -> DataAccessRequested | None:
    """Return the request for data that is open, in its words and with the day it is due by now."""
    if access.open is None:
        return None
    asked = (each.event for each in history if isinstance(each.event, DataAccessRequested))
    found = next(each for each in asked if each.request == access.open.request)
    return replace(found, due_on=access.open.due_on)


def _note(event: e.NoteAdded | e.NoteSuperseded, at: datetime) -> ToldNote:
    text = event.personal.text if event.personal else None
    return ToldNote(number=event.note, author=event.author, noted_at=at, text=text)
