"""Whose names somebody sees in a case, beside what `domain.access` says of which cases they see.

Law: whoever reads cases and not who did what in them is given nobody's name but their own, and not
what officers say to each other, by whatever door; so is one who was let in for less than their role
may do.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar

from domain.access import PERMITTED, Action, Person
from domain.case import load
from domain.decisions import DecisionDeclined, DecisionProposed
from domain.events import Event
from domain.exports import OF_STAFF, STAFF_FIELDS
from domain.interruptions import CaseHeld, HoldLifted
from domain.legal_holds import LegalHoldLifted, LegalHoldPlaced
from domain.overrides import OverrideDeclined, OverrideProposed
from domain.projections.case_list import CaseRow
from domain.record import Recorded
from domain.stages import decision_of, proposals_of

RecordedT = TypeVar("RecordedT", bound=Recorded[Any])

UNNAMED: Final = "somebody else"
"""What stands in place of a name."""

NAMES: Final = STAFF_FIELDS | {"actor"}
"""The fields of facts that hold who did something, or sent it."""

LINKS: Final = frozenset({"refiles", "refiled_as"})
"""The fields of facts that name another case."""

AMONG_OFFICERS: Final[frozenset[type[Event]]] = OF_STAFF | {
    CaseHeld,
    DecisionDeclined,
    HoldLifted,
    LegalHoldLifted,
    LegalHoldPlaced,
    OverrideDeclined,
}
"""The events whose sealed words officers say to each other; the words may tell who said them."""

_OF_THE_PERSON: Final = "personal"
_READ_NO_NAMES: Final = PERMITTED[Action.READ_CASES] - PERMITTED[Action.READ_HISTORY]


def sees_names(person: Person) -> bool:
    """Say whether a person may know who did what."""
    in_scope = person.only is None or Action.READ_HISTORY in person.only
    return in_scope and person.role not in _READ_NO_NAMES


def name_for(person: Person, name: str | None) -> str | None:
    """Return a name as that person may see it; None stays None."""
    return name if name in {None, person.name} or sees_names(person) else UNNAMED


def as_seen_by(
    person: Person, reference: str, recorded: tuple[RecordedT, ...]
) -> tuple[RecordedT, ...]:
    """Return what happened to a case as that person may see it: whole, or without others' names.

    Without names there is no other case in it either, and no word among officers, as once erased:
    those of a proposal go when it awaits nobody any more, from all that was before too.
    The applicant is known by the reference.
    """
    if sees_names(person):
        return recorded
    kept, ended = frozenset({person.name, reference}), _ended(recorded)
    return tuple(_without_names(_without_words(each, ended), kept) for each in recorded)


def row_as_seen_by(person: Person, row: CaseRow) -> CaseRow:
    """Return a row of the list with what that person is shown of the case itself, and no more."""
    if sees_names(person):
        return row
    return row._replace(refiles=None, refiled_as=None, holder=None, recused=())


def _ended(recorded: tuple[Recorded[Any], ...]) -> tuple[Event, ...]:
    """Return the proposals that await no second officer any more."""
    events = [each.event for each in recorded]
    proposed = [each for each in events if isinstance(each, DecisionProposed | OverrideProposed)]
    if not proposed:
        return ()
    state = load(events)
    awaited = (decision_of(state), *proposals_of(state))
    return tuple(each for each in proposed if each not in awaited)


def _without_words(recorded: RecordedT, ended: tuple[Event, ...]) -> RecordedT:
    event = recorded.event
    if type(event) in AMONG_OFFICERS or event in ended:
        return recorded._replace(event=replace(event, personal=None))
    return recorded


def _without_names(given: Any, kept: frozenset[str]) -> Any:
    if isinstance(given, Recorded):
        return given._replace(
            **{name: _told(name, value, kept) for name, value in given._asdict().items()}
        )
    if isinstance(given, tuple):
        return tuple(_without_names(each, kept) for each in given)
    if not is_dataclass(given) or isinstance(given, type):
        return given
    told = ((each.name, getattr(given, each.name)) for each in fields(given))
    return replace(given, **{name: _told(name, value, kept) for name, value in told})


def _told(name: str, value: Any, kept: frozenset[str]) -> Any:
    if name == _OF_THE_PERSON:
        return value
    if name in LINKS:
        return None
    if name in NAMES:
        return value if value in kept or not value else UNNAMED
    return _without_names(value, kept)
