"""Who has a case after an event of the work on it."""

from typing import Any, Final

from domain import work_events as w
from domain.events import Event
from domain.record import Recorded

PASSES_ON: Final[frozenset[type[Event]]] = frozenset(
    {w.CaseAssigned, w.CaseTaken, w.CaseReleased, w.CaseHandedOver, w.CaseReturned}
)
"""The events after which somebody else may have the case, or nobody."""


def passes_on(recorded: Recorded[Any]) -> bool:
    """Say whether somebody else may have the case after the event, or nobody."""
    return type(recorded.event) in PASSES_ON


def holder_after(event: w.WorkEvent, before: str | None) -> str | None:
    """Return who has the case after an event of the work on it, None where nobody does."""
    match event:
        case w.CaseReleased():
            return None
        case w.CaseAssigned() | w.CaseTaken() | w.CaseHandedOver() | w.CaseReturned():
            return event.officer
        case _:
            return before
