"""Legal holds: what is held on a person has to be kept, because somebody with the power says so.

They stand in the case's own stream, as the erasure does that they forbid: of a hold and an erasure
at the same moment one comes first, and the other is decided anew. Commands and facts are as in
`commands.py` and `events.py`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Authority(StrEnum):
    """Who asks for data to be kept, or for what."""

    COURT = "court"
    PRIVACY_COMMISSIONER = "privacy-commissioner"
    OMBUDSMAN = "ombudsman"
    AUDIT = "audit"
    INVESTIGATION = "investigation"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLegalHold:
    """Keep what is held on the person until the hold is lifted; `reason` names the matter."""

    authority: Authority
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftLegalHold:
    """Lift a legal hold that somebody else placed; they count from 1."""

    hold: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWords:
    """Which matter it is about, in the officer's words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldPlaced:
    """What is held on the person is kept from now on; `hold` counts those of the case from 1."""

    hold: int
    authority: Authority
    placed_by: str
    personal: HoldWords | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHoldLifted:
    """A legal hold is over; `lifted_by` is another than who placed it."""

    hold: int
    lifted_by: str
    personal: HoldWords | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold that stands."""

    number: int
    authority: Authority
    placed_by: str


LegalHoldCommand = PlaceLegalHold | LiftLegalHold
LegalHoldEvent = LegalHoldPlaced | LegalHoldLifted


def after(holds: tuple[Hold, ...], event: LegalHoldEvent) -> tuple[Hold, ...]:
    """Return the holds that stand after an event."""
    match event:
        case LegalHoldPlaced(hold=number, authority=authority, placed_by=by):
            return (*holds, Hold(number=number, authority=authority, placed_by=by))
        case LegalHoldLifted(hold=number):
            return tuple(each for each in holds if each.number != number)
