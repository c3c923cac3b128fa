"""What a change of the rules does to all cases together: counted while they come by.

Law: what is kept does not grow with the number of cases.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from services.simulation.comparing import Compared, Effect

NAMED: Final = 10
"""How many cases of each kind a tally names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many cases, with what effect.

    `changes` says how many cases change by so many points (those only that both tests count
    alike); `gained` and `lost` are the sums of its upper and lower half, the latter not negative.
    The tuples name at most `NAMED` cases each: those that change most, and those whose eligibility
    changes, who were submitted first coming first among equals.
    """

    cases: int
    effects: Mapping[Effect, int]
    changes: Mapping[int, int]
    becomes_eligible: int
    loses_eligibility: int
    most_gained: tuple[Compared, ...]
    most_lost: tuple[Compared, ...]
    newly_eligible: tuple[Compared, ...]
    no_longer_eligible: tuple[Compared, ...]

    @property
    def gained(self) -> int:
        """Points that all cases gain together."""
        return sum(change * number for change, number in self.changes.items() if change > 0)

    @property
    def lost(self) -> int:
        """Points that all cases lose together."""
        return -sum(change * number for change, number in self.changes.items() if change < 0)


class Counting:
    """A tally as it is made, one case after another."""

    def __init__(self) -> None:
        self._effects: Counter[Effect] = Counter()
        self._changes: Counter[int] = Counter()
        self._up, self._down = _Most(), _Most()
        self._in, self._out = _Most(), _Most()

    def add(self, case: Compared) -> None:
        """Count one more case."""
        self._effects[case.effect] += 1
        change = case.change
        if change is not None:
            self._changes[change] += 1
            if change:
                (self._up if change > 0 else self._down).offer(abs(change), case)
        if case.becomes_eligible:
            self._in.offer(abs(change or 0), case)
        if case.loses_eligibility:
            self._out.offer(abs(change or 0), case)

    def tally(self) -> Tally:
        """Return what was counted so far."""
        return Tally(
            cases=self._effects.total(),
            effects={each: self._effects[each] for each in Effect},
            changes=dict(sorted(self._changes.items(), reverse=True)),
            becomes_eligible=self._in.offered,
            loses_eligibility=self._out.offered,
            most_gained=self._up.kept(),
            most_lost=self._down.kept(),
            newly_eligible=self._in.kept(),
            no_longer_eligible=self._out.kept(),
        )


class _Most:
    """The cases of the largest size among all that were offered, and how many those were."""

    def __init__(self) -> None:
        self.offered = 0
        self._heap: list[tuple[int, int, Compared]] = []

    def offer(self, size: int, case: Compared) -> None:
        # The number settles ties, so that two cases are never compared with one another.
        item = (size, -self.offered, case)
        self.offered += 1
        if len(self._heap) < NAMED:
            heapq.heappush(self._heap, item)
        elif item > self._heap[0]:
            heapq.heapreplace(self._heap, item)

    def kept(self) -> tuple[Compared, ...]:
        return tuple(case for _, _, case in sorted(self._heap, reverse=True))


def tally_of(cases: Iterable[Compared]) -> Tally:
    """Return the tally of these cases."""
    counting = Counting()
    for each in cases:
        counting.add(each)
    return counting.tally()
