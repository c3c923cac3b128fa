"""The facts of a reconsideration: a refusal looked at again because of new material [S81].

They are events of a case like those in `events.py`, which gives them their wire names; what is
said there of personal data and of change holds here too.
"""

from dataclasses import dataclass
from datetime import date

from domain.decisions import DecisionWords


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMaterial:
    """What is new since the refusal, in the applicant's words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconsiderationRequested:
    """The applicant asked for the refusal to be looked at again; `request` counts from 1."""

    request: int
    personal: NewMaterial | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReopened:
    """The refusal no longer stands, and the case is assessed anew from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalUpheld:
    """The refusal stands, for the reasons in `personal`; `reconsider_by` as in the refusal."""

    personal: DecisionWords | None
    reconsider_by: date | None = None


ReconsiderationEvent = ReconsiderationRequested | CaseReopened | RefusalUpheld
