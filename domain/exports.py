"""What the person of a case is given of all that is held on them, and what of others is not.

Law: a copy for the one tells nothing of another: officers stand in it by a number, for they are
persons too [S122], and why one of them stepped aside is not in it. Whatever else is recorded is,
unless an officer keeps back a part that is named here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain import work_events as w
from domain.access import Role
from domain.data_access import KeptBack
from domain.events import Event
from domain.interruptions import CaseHeld, HoldLifted, OfficerRecused
from domain.legal_holds import LegalHoldLifted, LegalHoldPlaced

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
"""The part of an export that an event belongs to, of those that may be kept back."""


class StaffNumbers:
    """The people of the office by numbers, in the order in which they are first met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def told(self, name: str) -> str:
        """Return what stands for a name."""
        return f"staff {self._numbers.setdefault(name, len(self._numbers) + 1)}"
