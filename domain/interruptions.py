"""The facts that stop a case or end it without a decision: holds, lapses, conflicts of interest.

They are events of a case like those in `events.py`, which gives them their wire names; what is
said there of personal data and of change holds here too.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class LapseCause(StrEnum):
    """What was not done in time, so that no further action is taken."""

    DOCUMENTS = "documents-not-sent"
    PAYMENT = "visa-fee-not-paid"
    ACTIVATION = "visa-not-activated"
    STAY = "stay-ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptionReason:
    """Why, in the officer's words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHeld:
    """An investigation holds the case: nothing is decided on it until the hold is lifted."""

    personal: InterruptionReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted:
    """The case goes on where it was held; `personal` is None where nothing was said."""

    personal: InterruptionReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLapsed:
    """What was due by `due_on` was not done, and no further action is taken on the case."""

    cause: LapseCause
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerRecused:
    """`officer` declared a conflict of interest and takes no further part in the case.

    What they proposed and nobody has decided on yet lapses with it.
    """

    officer: str
    personal: InterruptionReason | None


InterruptionEvent = CaseHeld | HoldLifted | CaseLapsed | OfficerRecused
