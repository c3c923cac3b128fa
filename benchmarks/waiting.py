"""How good the estimate of waiting times is, in offices whose years are made up: none are public.

Each office works its queue about in the order of arrival, refuses some, and holds an exercise every
quarter, after which whoever had no place waits on. `python -m benchmarks.waiting` prints how the
estimate did there beside the naive one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from rich.console import Console
from rich.table import Table

from domain.waiting import YEAR, BackTest, Score, Waits, back_test

_REFUSED, _WITHDRAWN = 0.4, 0.47
_QUARTER = 13
_PLACES = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Years:
    """The years of an office: how many file in a week at first, and by what part more each year.

    In the year `surge` half as many again file, and the office works no faster.
    """

    told: str
    weekly: int = 40
    growth: float = 0.0
    surge: int | None = None
    years: int = 7


OFFICES = (
    Years(told="keeps pace"),
    Years(told="grows by 15 % a year", growth=0.15),
    Years(told="a surge two years ago", surge=4),
    Years(told="a surge last year", surge=5),
)


def waits_of(years: Years, seed: int) -> tuple[tuple[Waits, ...], int]:
    """Return the waits of an office, and the week up to which they are known."""
    random = Random(seed)  # noqa: S311 - believable, not secret
    last = years.years * YEAR - 1
    found: Counter[tuple[int, int | None, bool]] = Counter()
    for began, ended, answered in _ended(years, random, last):
        known = ended is not None and ended <= last
        found[began, ended if known else None, answered and known] += 1
    waits = (
        Waits(began=began, ended=ended, answered=answered, cases=cases)
        for (began, ended, answered), cases in found.items()
    )
    return tuple(waits), last


def _ended(years: Years, random: Random, last: int) -> Iterator[tuple[int, int | None, bool]]:
    """Yield of each case in which week it began and ended, and whether with an answer."""
    queue: list[tuple[float, int]] = []
    pool: list[tuple[float, int]] = []
    for week in range(last + 1):
        size = years.weekly * (1 + years.growth) ** (week / YEAR)
        filed = size * (1.5 if week // YEAR == years.surge else 1)
        arrived = max(0, round(random.gauss(filed, filed**0.5)))
        queue += ((week + random.gauss(0, 6), week) for _ in range(arrived))
        queue.sort()
        done = round(size * random.uniform(0.7, 1.3)) if week > _QUARTER else 0
        for _, began in queue[:done]:
            becomes = random.random()
            if becomes < _WITHDRAWN:
                yield began, week + random.randrange(1, 8), becomes < _REFUSED
            else:
                pool.append((random.random(), began))
        del queue[:done]
        if week % _QUARTER == _QUARTER - 1:
            pool.sort()
            places = round(_PLACES * len(pool))
            yield from ((began, week + random.randrange(2, 6), True) for _, began in pool[:places])
            del pool[:places]
    yield from ((began, None, False) for _, began in (*queue, *pool))


def back_tested(years: Years, seed: int = 1) -> BackTest | None:
    """Return how the estimate did in the last years of an office."""
    return back_test(*waits_of(years, seed))


def main() -> None:
    """Print how the estimate did in each of the offices."""
    table = Table(title="Waiting times: error at half of the cases, and how often the range held")
    for heading in ("office", "cases", "estimate", "naive"):
        table.add_column(heading)
    for years in OFFICES:
        if (found := back_tested(years)) is not None:
            table.add_row(years.told, str(found.cases), _told(found.ours), _told(found.naive))
    Console().print(table)


def _told(score: Score) -> str:
    error = "not known" if score.error is None else f"{score.error} weeks"
    return f"{error}, {score.held / 100:.0f} %"


if __name__ == "__main__":
    main()
