"""What becomes of something that is handed over, whoever was asked to take it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

LONGEST_ASKED: Final = timedelta(days=1)
"""The longest wait that the other side may ask for."""


class Verdict(StrEnum):
    """What became of a message; `GONE` says that nothing more is wanted there."""

    TAKEN = "taken"
    PUT_OFF = "put off"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The verdict on one message and, unless it was taken, why, without anything personal.

    `wait` is the least that the other side asked for before another attempt. What is `of_ours` says
    nothing of the other side, who was not asked.
    """

    verdict: Verdict
    reason: str = ""
    wait: timedelta | None = None
    of_ours: bool = False


def refused_by_us(reason: str) -> Reply:
    """Return what becomes of something that nobody can be asked to take."""
    return Reply(verdict=Verdict.REFUSED, reason=reason, of_ours=True)
