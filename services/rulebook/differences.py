"""Two rulesets side by side: what differs, and what is the same in both.

Law: whatever would be counted, asked or dated otherwise is told. That a figure rests on another
source is told only where it is asked for.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from domain.rules.checks import FACTOR_NAMES
from domain.rules.factors import AgeFactor
from domain.rules.types import Rulebook, Ruleset
from services.rulebook import words
from services.rulebook.shapes import (
    Asked,
    Authority,
    Days,
    FactorShown,
    RowShown,
    RulesetLine,
    RulesetShown,
    in_full,
)

_Item = TypeVar("_Item", Asked, RowShown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs, under the part of the test that it belongs to.

    ``a`` and ``b`` say how it is in either, null where it is not there at all.
    """

    part: str
    item: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two rulesets compared; ``same`` names each part and figure that does not differ."""

    a: RulesetLine
    b: RulesetLine
    differences: tuple[Difference, ...]
    same: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """A ruleset of the two, as data and as it is shown."""

    ruleset: Ruleset
    shown: RulesetShown


_Cells = tuple[str, str | None, str | None]


def compare(
    book: Rulebook, one: Ruleset, other: Ruleset, *, with_sources: bool = False
) -> Comparison:
    """What differs between two rulesets, in the order of the test; with sources, also in those."""
    a, b = (_Side(ruleset=each, shown=in_full(book, each)) for each in (one, other))
    differences: list[Difference] = []
    same: list[str] = []
    for part, same_as, cells in _parts(a, b, with_sources=with_sources):
        found = [Difference(part=part, item=item, a=left, b=right) for item, left, right in cells]
        differences += found
        if not found and same_as:
            same.append(same_as)
    return Comparison(
        a=a.shown.ruleset, b=b.shown.ruleset, differences=tuple(differences), same=tuple(same)
    )


def days_in_words(days: Days) -> str:
    """The days of a ruleset; `?` marks a day that is not certain."""
    first = f"{days.first}{' ?' if days.first_uncertain else ''}"
    if days.last is None:
        return f"from {first}"
    return f"{first} to {days.last}{' ?' if days.last_uncertain else ''}"


def _parts(a: _Side, b: _Side, *, with_sources: bool) -> Iterator[tuple[str, str, list[_Cells]]]:
    """Each part with what it is called where nothing differs, and its differences."""
    for item, told, authority in _WHOLE:
        left, right = told(a.shown.ruleset), told(b.shown.ruleset)
        cells: list[_Cells] = [(item, left, right)] if left != right else []
        if with_sources and authority is not None:
            cells += _rests(item, authority(a.shown), authority(b.shown))
        yield "test", f"{item} {left}", cells
    yield (
        "prerequisites",
        "prerequisites",
        [*_asked(a.shown.prerequisites, b.shown.prerequisites, with_sources=with_sources)],
    )
    for name in _names(a, b):
        of_a = _factor(a, name)
        called = f"{name} ({of_a.max})" if of_a else ""
        yield name, called, [*_of_factor(a, b, name, with_sources=with_sources)]
    if a.shown.criteria or b.shown.criteria:
        asked = _asked(a.shown.criteria, b.shown.criteria, with_sources=with_sources)
        yield "criteria", "criteria", [*asked]


_Told = Callable[[RulesetLine], str]
_WHOLE: tuple[tuple[str, _Told, Callable[[RulesetShown], Authority] | None], ...] = (
    ("route", lambda line: line.route, None),
    ("test of", lambda line: line.test, None),
    ("in force", lambda line: days_in_words(line.days), lambda shown: shown.authorities.life),
    ("known from", lambda line: line.days.known_from.isoformat(), None),
    ("catches", lambda line: line.transition, lambda shown: shown.authorities.transition),
    ("pass mark", lambda line: str(line.pass_mark), lambda shown: shown.authorities.pass_mark),
    ("maximum", lambda line: str(line.max), lambda shown: shown.authorities.max),
)


def _names(a: _Side, b: _Side) -> list[str]:
    """The factors of either, each once, in the order in which they stand in tests."""
    found = {each.factor for side in (a, b) for each in side.shown.factors}
    return [name for name in FACTOR_NAMES.values() if name in found]


def _factor(side: _Side, name: str) -> FactorShown | None:
    return next((each for each in side.shown.factors if each.factor == name), None)


def _of_factor(a: _Side, b: _Side, name: str, *, with_sources: bool) -> Iterator[_Cells]:
    of_a, of_b = _factor(a, name), _factor(b, name)
    most_a, most_b = (str(each.max) if each else None for each in (of_a, of_b))
    if most_a != most_b:
        yield "at most", most_a, most_b
    if with_sources and of_a and of_b:
        yield from _rests("at most", of_a.authority, of_b.authority)
    if a.ruleset.test is not b.ruleset.test:
        return
    pairs = [*_paired(of_a.rows if of_a else (), of_b.rows if of_b else ())]
    ages = [each for side in (a, b) for each in side.ruleset.factors if isinstance(each, AgeFactor)]
    if name == FACTOR_NAMES[AgeFactor] and of_a and of_b:
        yield from _by_age(*ages)
    else:
        yield from (cells for pair in pairs for cells in _points(*pair))
    if with_sources:
        for left, right in pairs:
            if left and right:
                yield from _rests(left.id, left.authority, right.authority)


def _points(left: RowShown | None, right: RowShown | None) -> Iterator[_Cells]:
    if left and right and left.asks != right.asks:
        yield left.id, f"{_gives(left)}: {left.asks}", f"{_gives(right)}: {right.asks}"
        return
    gives = _gives(left) if left else None, _gives(right) if right else None
    if gives[0] != gives[1]:
        yield _either(left, right).asks, *gives


def _gives(row: RowShown) -> str:
    capped = f" each, at most {row.at_most}" if row.at_most != row.points else ""
    return f"{'+' if row.adds else ''}{row.points}{capped}"


def _asked(a: Iterable[Asked], b: Iterable[Asked], *, with_sources: bool) -> Iterator[_Cells]:
    for left, right in _paired(a, b):
        item = _either(left, right).id
        asks = left.asks if left else None, right.asks if right else None
        if asks[0] != asks[1]:
            yield item, *asks
        if with_sources and left and right:
            yield from _rests(item, left.authority, right.authority)


def _either(left: _Item | None, right: _Item | None) -> _Item:
    found = left or right
    if found is None:
        raise AssertionError("a pair has at least one of the two")
    return found


def _paired(
    first: Iterable[_Item], second: Iterable[_Item]
) -> Iterator[tuple[_Item | None, _Item | None]]:
    """What stands in both, by its id or else by what it asks, and what stands in one alone.

    In the order of the first, each of the second's own behind what it follows there.
    """
    a, b = tuple(first), tuple(second)
    partner = {left.id: _partner(left, a, b) for left in a}
    taken = {right.id for right in partner.values() if right}
    behind: dict[str | None, list[_Item]] = {}
    last: str | None = None
    for right in b:
        if right.id in taken:
            last = next(left for left, each in partner.items() if each and each.id == right.id)
        else:
            behind.setdefault(last, []).append(right)
    yield from ((None, right) for right in behind.get(None, ()))
    for left in a:
        yield left, partner[left.id]
        yield from ((None, right) for right in behind.get(left.id, ()))


def _partner(of: _Item, among: Iterable[_Item], others: tuple[_Item, ...]) -> _Item | None:
    ids = {each.id for each in among}
    alike = (each for each in others if each.asks == of.asks and each.id not in ids)
    return next((each for each in others if each.id == of.id), None) or next(alike, None)


def _by_age(one: AgeFactor, other: AgeFactor) -> Iterator[_Cells]:
    """Ages, cut wherever a band of either begins, and joined again where nothing changes."""
    bands = (*one.bands, *other.bands)
    cuts = {band.lowest for band in bands}
    cuts |= {band.highest + 1 for band in bands if band.highest is not None}
    starts = ((age, _at(one, age), _at(other, age)) for age in sorted(cuts))
    runs = [next(run) for _, run in groupby(starts, key=lambda each: each[1:])]
    ends: list[int | None] = [lowest - 1 for lowest, _, _ in runs[1:]]
    for (lowest, left, right), highest in zip(runs, [*ends, None], strict=True):
        if left != right:
            yield words.ages(lowest, highest), left, right


def _at(factor: AgeFactor, age: int) -> str | None:
    for band in factor.bands:
        if band.lowest <= age and (band.highest is None or age <= band.highest):
            return str(band.points)
    return None


def _rests(item: str, a: Authority, b: Authority) -> list[_Cells]:
    left, right = _authority(a), _authority(b)
    return [(f"{item} (source)", left, right)] if left != right else []


def _authority(of: Authority) -> str:
    day = ", the day uncertain" if of.day_uncertain else ""
    note = f": {of.note}" if of.note else ""
    return f"[{' '.join(of.source)}] {of.confidence}{day}{note}"
