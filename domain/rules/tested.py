"""What testing one row finds, with reasons that are made only for the rows that are told."""

from collections.abc import Callable
from typing import NamedTuple

from domain.rules.reasons import FactValue, Message, Reason

Why = Callable[[], Reason]
"""Why a row gives what it gives; asked only of one that gives something."""

Need = Callable[[int], Reason]
"""What it would take to be given so many points more; asked only of one that could give them."""


class Tested(NamedTuple):
    """A row and whether it is met: ``points`` is what it gives, ``most`` what it could give.

    ``evidence`` is what gave them, ``looked_at`` where all that could have given them stands. Two
    dozen are made for every application, and most are never told: a tuple takes a third of the
    time that a frozen dataclass does.
    """

    rule: str
    met: bool
    points: int
    most: int
    reason: Why
    need: Need
    evidence: tuple[str, ...]
    looked_at: tuple[str, ...]
    source: tuple[str, ...]
    edition: str | None = None


def because(message: Message, **facts: FactValue) -> Reason:
    """Return the reason that says this."""
    return Reason(message=message, facts=facts)


def needing(message: Message, points: int, **facts: FactValue) -> Reason:
    """Return the reason that says what lacks, and the points that having it would give."""
    return Reason(message=message, facts={"points": points, **facts})
