"""Whether two kinds of requests can be told apart by how long they take.

Samples are taken in turns, so that whatever else the machine does falls on all kinds alike, and are
compared by rank, so that one that took very long counts no more than any other that took longer.
A sample is the fastest of a few, for what others do on the machine only ever makes one slower.
"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import sqrt
from statistics import NormalDist

Act = Callable[[], object]

FEW = 3
FALSE_ALARM = 1e-4
"""How often kinds that are alike are told apart, by chance alone."""


def in_turns(kinds: Mapping[str, Act], rounds: int) -> dict[str, list[float]]:
    """Return how long each act took in each round, at its fastest of `FEW`."""
    names = list(kinds)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            taken[name].append(min(_seconds(kinds[name]) for _ in range(FEW)))
    return taken


def _seconds(act: Act) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def deviations(one: Sequence[float], two: Sequence[float]) -> float:
    """Return by how many standard deviations the rank sum of `one` is off (Mann and Whitney)."""
    others = sorted(two)
    # Half of those that are equal count as below.
    above = sum(bisect_left(others, each) + bisect_right(others, each) for each in one) / 2
    pairs = len(one) * len(two)
    return (above - pairs / 2) / sqrt(pairs * (len(one) + len(two) + 1) / 12)


def told_apart(taken: Mapping[str, Sequence[float]]) -> dict[tuple[str, str], float]:
    """Return the pairs of kinds that differ, each with by how many deviations."""
    found = {(one, two): deviations(taken[one], taken[two]) for one, two in combinations(taken, 2)}
    most = NormalDist().inv_cdf(1 - FALSE_ALARM / len(found) / 2)
    return {pair: off for pair, off in found.items() if abs(off) > most}
