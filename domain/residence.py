"""The facts of a life here: extensions of stay, the right of abode, and a visa made void.

They are events of a case like those in `events.py`, which gives them their wire names; what is
said there of personal data and of change holds here too.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.decisions import DecisionWords, VoidingCode


class Settlement(StrEnum):
    """What shows that the holder has settled and contributes [S47][S73]."""

    EMPLOYED = "employed"
    """A graduate, specialist or senior post with a stable income."""
    BUSINESS = "business"
    """A real business of reasonable scale."""
    STEPS_TAKEN = "steps-taken"
    """Steps taken to settle, which the first extension may rest on and no later one."""
    TOP_TIER = "top-tier"
    """Two years' stay and the assessable income of the top tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementEvidence:
    """Where the evidence of settlement is found, in the applicant's or the officer's words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionSought:
    """The holder asked to stay on and showed how they have settled.

    `fee_hkd` was paid with it, for everybody who stays on; None where there was no such fee.
    """

    settlement: Settlement
    fee_hkd: int | None = None
    personal: SettlementEvidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StayExtended:
    """The holder may stay until `stay_until`, `years` more than before.

    `stays_left` are the periods of the pattern that are still to come, in years; in the top tier
    there is one for all of them.
    """

    settlement: Settlement
    years: int
    stay_until: date
    stays_left: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRefused:
    """The stay is not extended; it ends when it was to end."""

    personal: DecisionWords | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightOfAbodeReached:
    """The holder has lived here for as long as the right of abode asks, by `reached_on` [S18]."""

    reached_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class VisaVoided:
    """The visa is void, and so is whatever followed from it, even the right of abode [S76]."""

    code: VoidingCode
    personal: DecisionWords | None


ResidenceEvent = (
    ExtensionSought | StayExtended | ExtensionRefused | RightOfAbodeReached | VisaVoided
)
