"""What the office counts of its cases: a funnel, times at stages, and who was passed over.

The funnel here follows the cases that were received in a month to where they are. What is published
of an exercise counts a period instead, over all cases, and comes from the exercise's own events.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from domain.stages import Stage

STEPS: Final = (
    Stage.ACKNOWLEDGED,
    Stage.IN_POOL,
    Stage.SHORTLISTED,
    Stage.SELECTED,
    Stage.IN_PRINCIPLE,
    Stage.APPROVED,
    Stage.ACTIVE,
    Stage.REFUSED,
    Stage.WITHDRAWN,
)
"""The stages that a table of a funnel shows; the figures have them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """So many cases came to a stage at least once, and so many are there."""

    stage: Stage
    reached: int
    there: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What became of the cases that were received in the month that begins on `month`.

    `ruleset` is the one that they were assessed under last, None for those that were not yet.
    """

    month: date
    ruleset: str | None
    received: int
    stages: tuple[Reached, ...]

    def reached(self, stage: Stage) -> int:
        """Return how many of them came to a stage."""
        return sum(each.reached for each in self.stages if each.stage is stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Half of them took at most `half` days, 80 and 95 of a hundred at most the others."""

    half: float
    p80: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays:
    """How long stays at a stage took that ended in a year; `year` None is the latest 365 days."""

    stage: Stage
    year: int | None
    ended: int
    days: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The cases that are at a stage, and how long they have been there.

    `passed_over` counts those that newer ones went past: came to the stage on a later day and have
    gone on from it. `by_most` is how many newer ones went past the one that most did.
    """

    stage: Stage
    cases: int
    days: Spread
    passed_over: int
    by_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What was counted of the cases as they stood at `at`, from the log up to `position`."""

    at: datetime
    position: int
    funnels: tuple[Intake, ...]
    stays: tuple[Stays, ...]
    inventory: tuple[Inventory, ...]


def years(funnels: Iterable[Intake]) -> tuple[Intake, ...]:
    """Return the funnels of whole years, the latest first; each begins on its first of January."""
    summed: dict[tuple[date, str | None], list[Intake]] = {}
    for each in funnels:
        summed.setdefault((each.month.replace(month=1), each.ruleset), []).append(each)
    latest = sorted(summed.items(), key=lambda each: each[0][0], reverse=True)
    return tuple(_summed(year, ruleset, those) for (year, ruleset), those in latest)


def _summed(month: date, ruleset: str | None, those: Sequence[Intake]) -> Intake:
    reached, there = Counter[Stage](), Counter[Stage]()
    for each in (count for funnel in those for count in funnel.stages):
        reached[each.stage] += each.reached
        there[each.stage] += each.there
    return Intake(
        month=month,
        ruleset=ruleset,
        received=sum(each.received for each in those),
        stages=tuple(
            Reached(stage=stage, reached=reached[stage], there=there[stage])
            for stage in Stage
            if stage in reached
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Of those that came to a stage on one day, so many are there and so many have gone on."""

    day: date
    there: int
    gone_on: int


def passed_over(arrivals: Sequence[Arrivals]) -> tuple[int, int]:
    """Return how many were passed over by newer ones, and by how many the one that most passed.

    Those of one day are equally new.
    """
    number = most = newer = 0
    for each in sorted(arrivals, key=lambda each: each.day, reverse=True):
        if newer and each.there:
            number += each.there
            most = newer
        newer += each.gone_on
    return number, most
