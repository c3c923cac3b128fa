"""How long an applicant will probably wait for an answer: a range that holds four times in five.

Of applications that had waited as long at a past date, how much longer did they wait in fact? What
is told is the span of the middle eight of ten of them, moved where more is before an application
now than was before those. Nothing here knows a rank or a person: only how many applications of a
week had their answer in which week.

Law: an estimate made at a week follows from what was known in it, in whatever order that is told,
so that the same estimate at a week long past can be held against what became of those who waited
then.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, groupby
from math import ceil, floor, inf
from typing import Final, Self

YEAR: Final = 52
"""Weeks over which a pace is measured, and over which is looked back."""

SETTLED: Final = 26
"""Weeks until it is clear enough what became of those who waited; others may still wait."""

ENOUGH: Final = 50
"""Applications to learn from, below which nothing is said."""

_STEP: Final = 4
_TESTED_EVERY: Final = 13
_ALIKE: Final = 0.25
_WEIGHT: Final = 0.5
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9
_MONDAY: Final = date(2000, 1, 3)
_WEEKS_A_MONTH: Final = 365.2425 / 12 / 7


def week_of(day: date) -> int:
    """Return the number of a day's week; weeks begin on Monday."""
    return (day - _MONDAY).days // 7


def first_day(week: int) -> date:
    """Return the Monday of a week."""
    return _MONDAY + timedelta(weeks=week)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """So many `cases` began to wait in one week and ended in another, None while they wait.

    `answered` tells that they got an answer; others withdrew or lapsed without.
    """

    began: int
    ended: int | None
    answered: bool
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Weeks from now on: as likely as not no more than `middle`, and four times in five in between.

    `middle` and `high` are None where too few of those alike had an answer to know.
    """

    low: float
    middle: float | None
    high: float | None

    @property
    def months(self) -> tuple[int, int | None]:
        """The whole months that the range lies within; the second is None where it is not known."""
        high = None if self.high is None else max(1, ceil(self.high / _WEEKS_A_MONTH))
        return floor(self.low / _WEEKS_A_MONTH), high


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a way to estimate did.

    `error` is by how many weeks half of the cases were off at most, None where it is not known;
    `held` is of how many in ten thousand the range held.
    """

    error: float | None
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """Estimates of past weeks, held against what became of `cases` who waited then.

    `naive` did the same with the waits that had ended in the year before. `first` and `last` are
    the weeks at which it was estimated; `waiting` counts cases that are not counted, for they wait
    still and may yet prove the range right or wrong.
    """

    first: int
    last: int
    cases: int
    waiting: int
    ours: Score
    naive: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alike:
    """So many who had waited for `age` weeks, with so much `before` them, waited so much longer."""

    age: int
    before: float
    longer: float
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Queue:
    """Who waited at a week, by the weeks in which they began, and how many waits end in a week."""

    began: tuple[int, ...]
    totals: tuple[int, ...]
    rate: float

    @classmethod
    def at(cls, waits: Iterable[Waits], week: int) -> Self:
        waiting: Counter[int] = Counter()
        ended, first = 0, week
        for each in waits:
            if each.began > week:
                continue
            first = min(first, each.began)
            if each.ended is None or each.ended > week:
                waiting[each.began] += each.cases
            elif each.ended > week - YEAR:
                ended += each.cases
        began = tuple(sorted(waiting))
        totals = (0, *accumulate(waiting[each] for each in began))
        return cls(began=began, totals=totals, rate=ended / min(YEAR, max(1, week - first)))

    def before(self, began: int) -> float:
        """Return the weeks in which those end that began before, and half of those beside."""
        first, last = bisect_left(self.began, began), bisect_right(self.began, began)
        return (self.totals[first] + self.totals[last]) / 2 / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What can be said at a week of those who wait in it."""

    at: int
    queue: _Queue
    past: tuple[_Alike, ...]

    def of(self, began: int) -> Range | None:
        """Return how much longer those will wait who began in a week; None where it is not known.

        Those like them are the quarter of the past ones whose age was nearest, with all others of
        whom the last of these is one: as far from that age.
        """
        # Half of what more is before them counts: with all of it the estimate did worse in offices
        # that keep pace, with nothing of it in those that fall behind (benchmarks/waiting.py).
        alike = _nearest(self.past, self.at - began)
        cases = sum(each.cases for each in alike)
        before = sum(each.before * each.cases for each in alike) / cases
        moved = _WEIGHT * (self.queue.before(began) - before)
        longer = sorted((each.longer, each.cases) for each in alike)
        return _range(longer, moved)


def forecast(waits: Sequence[Waits], at: int) -> Forecast | None:
    """Return what can be said at a week from what was known; None where that is too little."""
    queue = _Queue.at(waits, at)
    # In one order, however they are told: fractions that are added in another sum to another.
    past = sorted(_past(waits, at), key=lambda each: (each.age, each.longer, each.before))
    if not queue.rate or sum(each.cases for each in past) < ENOUGH:
        return None
    return Forecast(at=at, queue=queue, past=tuple(past))


def back_test(waits: Sequence[Waits], at: int) -> BackTest | None:
    """Return how estimates of past weeks did, as far as it is known; None where none could be made.

    They are those of a year, the latest of which is half a year ago.
    """
    weeks = range(at - SETTLED - YEAR, at - SETTLED + 1, _TESTED_EVERY)
    made = [(week, found) for week in weeks if (found := forecast(waits, week)) is not None]
    ours, naive = _Tally(), _Tally()
    for week, found in made:
        answered = _answered(waits, week)
        became = sorted(_became(waits, week, at))
        for began, those in groupby(became, key=lambda each: each[0]):
            estimates = found.of(began), _naive(answered, week - began)
            for _, longer, cases in those:
                ours.add(estimates[0], longer, cases, at - week)
                naive.add(estimates[1], longer, cases, at - week)
    if not made or ours.cases < ENOUGH or not naive.cases:
        return None
    return BackTest(
        first=made[0][0],
        last=made[-1][0],
        cases=ours.cases,
        waiting=ours.waiting,
        ours=ours.score(),
        naive=naive.score(),
    )


def _past(waits: Sequence[Waits], at: int) -> Iterator[_Alike]:
    for week in range(at - SETTLED - YEAR, at - SETTLED + 1, _STEP):
        queue = _Queue.at(waits, week)
        if queue.rate:
            for began, longer, cases in _became(waits, week, at):
                before = queue.before(began)
                yield _Alike(age=week - began, before=before, longer=longer, cases=cases)


def _became(waits: Iterable[Waits], week: int, at: int) -> Iterator[tuple[int, float, int]]:
    """Yield how much longer those waited, by the week they began, who waited at a week.

    It is infinite for those who wait still at `at`; who gave up is left out.
    """
    found: Counter[tuple[int, float]] = Counter()
    for each in waits:
        if each.began <= week and (each.ended is None or each.ended > at):
            found[each.began, inf] += each.cases
        elif each.began <= week and each.ended is not None and each.ended > week and each.answered:
            found[each.began, each.ended - week] += each.cases
    for (began, longer), cases in found.items():
        yield began, longer, cases


def _nearest(past: Sequence[_Alike], age: int) -> Sequence[_Alike]:
    """Return those of the past whose age is nearest: as many as count as alike, or a few more.

    All who are equally far away are in or out, for nothing says which of them would be more alike.
    """
    wanted = _ALIKE * sum(each.cases for each in past)
    first = last = bisect_left(past, age, key=lambda each: each.age)
    got = 0
    while got < wanted:
        younger = age - past[first - 1].age if first > 0 else inf
        older = past[last].age - age if last < len(past) else inf
        far = min(younger, older)
        begin = bisect_left(past, age - far, key=lambda each: each.age)
        end = bisect_right(past, age + far, key=lambda each: each.age)
        got += sum(each.cases for each in (*past[begin:first], *past[last:end]))
        first, last = begin, end
    return past[first:last]


def _answered(waits: Iterable[Waits], week: int) -> list[tuple[float, int]]:
    """Return how long the waits took that were answered in the year up to a week."""
    return sorted(
        (each.ended - each.began, each.cases)
        for each in waits
        if each.answered and each.ended is not None and week - YEAR < each.ended <= week
    )


def _naive(answered: Sequence[tuple[float, int]], age: int) -> Range | None:
    """Return what the waits of the past year say of one that has taken so long."""
    longer = [(each - age, cases) for each, cases in answered if each > age]
    return _range(longer, 0) if longer else None


def _range(longer: Sequence[tuple[float, int]], moved: float) -> Range | None:
    low, middle, high = (_quantile(longer, part) + moved for part in (_LOW, _MIDDLE, _HIGH))
    if low == inf:
        return None
    return Range(
        low=max(0.0, low),
        middle=None if middle == inf else max(0.0, middle),
        high=None if high == inf else max(0.0, high),
    )


def _quantile(ordered: Sequence[tuple[float, int]], part: float) -> float:
    """Return the least number that so large a part of the cases does not exceed."""
    upto = [*accumulate(cases for _, cases in ordered)]
    return ordered[bisect_left(upto, part * upto[-1])][0]


class _Tally:
    """Counts how estimates did."""

    def __init__(self) -> None:
        self.errors: Counter[float] = Counter()
        self.cases = self.held = self.waiting = 0

    def add(self, found: Range | None, longer: float, cases: int, elapsed: int) -> None:
        """Count what was estimated, where anything was, against what became of it."""
        if found is None:
            return
        high = inf if found.high is None else found.high
        if longer == inf and high >= elapsed:
            self.waiting += cases
            return
        self.cases += cases
        self.held += cases if found.low <= longer <= high else 0
        self.errors[inf if found.middle is None else abs(longer - found.middle)] += cases

    def score(self) -> Score:
        """Return how they did."""
        error = _quantile(sorted(self.errors.items()), _MIDDLE)
        return Score(
            error=None if error == inf else round(error, 1),
            held=round(10_000 * self.held / self.cases),
        )
