"""What the person of a case is given of all that is held on them, and what of others is not.

Law: a copy for the one tells nothing of another: officers stand in it by a number, for they are
persons too [S122], and why one of them stepped aside is not in it. Whatever else is recorded is,
unless an officer keeps back a part that is named here.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from domain import work_events as w
from domain.access import Role
from domain.data_access import KeptBack
from domain.decisions import DecisionConfirmed, DecisionDeclined, DecisionProposed, Matter
from domain.events import CaseEvent, Event
from domain.evolving import held_after
from domain.interruptions import CaseHeld, HoldLifted, OfficerRecused
from domain.legal_holds import LegalHoldLifted, LegalHoldPlaced
from domain.papers import CheckOutcome, DocumentChecked, DocumentVerified, Finding
from domain.record import Recorded

STAFF_FIELDS: Final = frozenset(
    {
        "author",
        "cancelled_by",
        "checked_by",
        "confirmed_by",
        "decided_by",
        "declined_by",
        "graded_by",
        "lifted_by",
        "officer",
        "placed_by",
        "proposed_by",
        "received_from",
        "requested_by",
        "verified_by",
    }
)
"""The fields of events, at any depth, that name somebody of the office."""

BEFORE_IS_STAFF: Final[frozenset[type[Event]]] = frozenset(
    {w.CaseAssigned, w.CaseHandedOver, w.CaseReturned}
)
"""The events whose `before` names an officer too."""

OF_STAFF: Final[frozenset[type[Event]]] = frozenset({OfficerRecused})
"""The events whose sealed words are about somebody of the office."""

STAFF: Final = frozenset({*Role} - {Role.APPLICANT, Role.SERVICE})
"""The roles of people of the office."""

KEPT_BACK: Final[Mapping[type[Event], KeptBack]] = MappingProxyType(
    {
        w.NoteAdded: KeptBack.NOTES,
        w.NoteSuperseded: KeptBack.NOTES,
        CaseHeld: KeptBack.INVESTIGATIONS,
        HoldLifted: KeptBack.INVESTIGATIONS,
        LegalHoldPlaced: KeptBack.LEGAL_HOLDS,
        LegalHoldLifted: KeptBack.LEGAL_HOLDS,
    }
)
"""The part of an export that an event belongs to, of those that may be kept back.

What else belongs to an investigation is told by what an event says, and by what came after it.
"""


def parts_of(
    case: Iterable[Recorded[CaseEvent]], work: Iterable[Recorded[w.WorkEvent]]
) -> Mapping[str, KeptBack]:
    """Return the part that each event belongs to, by its id, of those that may be kept back."""
    case = tuple(case)
    parts = {each.event_id: _part_of(each.event) for each in (*case, *work)}
    voidings = dict.fromkeys(_voidings_in_vain(case), KeptBack.INVESTIGATIONS)
    return {name: part for name, part in parts.items() if part is not None} | voidings


def _part_of(event: Event) -> KeptBack | None:
    """Return the part of an event; that a document is doubted is as good as an investigation."""
    match event:
        case (
            DocumentChecked(outcome=CheckOutcome.SUSPECT)
            | DocumentVerified(finding=Finding.NOT_GENUINE)
        ):
            return KeptBack.INVESTIGATIONS
        case _:
            return KEPT_BACK.get(type(event))


def _voidings_in_vain(case: Iterable[Recorded[CaseEvent]]) -> Iterator[str]:
    """Yield the ids of what proposed a voiding while the case was held, and of what declined it.

    What was confirmed is none of these: the person was told.
    """
    held, proposed = False, ""
    for each in case:
        match each.event:
            case DecisionProposed(matter=Matter.VOIDING):
                yield from filter(None, (proposed,))
                proposed = each.event_id if held else ""
            case DecisionDeclined(matter=Matter.VOIDING):
                yield from (proposed, each.event_id) if proposed else ()
                proposed = ""
            case DecisionConfirmed(matter=Matter.VOIDING):
                proposed = ""
            case _:
                pass
        held = held_after(each.event, before=held)
    yield from filter(None, (proposed,))


class StaffNumbers:
    """The people of the office by numbers, in the order in which they are first met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def told(self, name: str) -> str:
        """Return what stands for a name."""
        return f"staff {self._numbers.setdefault(name, len(self._numbers) + 1)}"
