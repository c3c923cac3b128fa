"""What becomes of something that is handed over, whoever was asked to take it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


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

    `wait` is the least that the other side asked for before another attempt.
    """

    verdict: Verdict
    reason: str = ""
    wait: timedelta | None = None
