"""What a ruleset must not contradict: bands without overlap or hole, maxima that add up.

Law: every contradiction is found, not only the first.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Protocol, assert_never

from domain.application import Route
from domain.rules.criteria_reading import criteria_faults
from domain.rules.factors import (
    AchievementFactor,
    AgeFactor,
    AgeLimits,
    Factor,
    FamilyFactor,
    FamilyItem,
    FamilyKind,
    LanguageFactor,
    QualificationFactor,
    TalentListFactor,
    WorkFactor,
    WorkRow,
)
from domain.rules.types import Ruleset, Test

FACTOR_NAMES: Final[Mapping[type[Factor], str]] = MappingProxyType(
    {
        AgeFactor: "age",
        QualificationFactor: "qualifications",
        WorkFactor: "work_experience",
        TalentListFactor: "talent_list",
        LanguageFactor: "language",
        FamilyFactor: "family",
        AchievementFactor: "achievement",
    }
)
"""The factors' names, in the order in which they stand in every test and every answer."""

_ROUTES: Final = MappingProxyType(
    {
        Test.POINTS: Route.GENERAL,
        Test.ACHIEVEMENT: Route.ACHIEVEMENT,
        Test.CRITERIA: Route.GENERAL,
    }
)


class _Row(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def points(self) -> int: ...


def faults_of(ruleset: Ruleset) -> tuple[str, ...]:
    """Every contradiction in a ruleset, with its path; empty when there is none."""
    return (*_whole(ruleset), *_factors(ruleset), *_criteria(ruleset), *_ids(ruleset))


def best_of(factor: Factor) -> int:
    """The most that a factor's rows can give together."""
    match factor:
        case AgeFactor():
            return max(band.points for band in factor.bands)
        case QualificationFactor() | WorkFactor():
            return _most(factor.ladder) + sum(bonus.points for bonus in factor.bonuses)
        case LanguageFactor():
            return _most(factor.ladder)
        case TalentListFactor():
            return factor.bonus.points
        case FamilyFactor():
            return sum(item.cap for item in factor.items)
        case AchievementFactor():
            return factor.row.points
        case _:
            assert_never(factor)


def rows_of(factor: Factor) -> tuple[_Row, ...]:
    """Every row of a factor that can give points."""
    match factor:
        case AgeFactor():
            return factor.bands
        case QualificationFactor() | WorkFactor():
            return (*factor.ladder, *factor.bonuses)
        case LanguageFactor():
            return factor.ladder
        case TalentListFactor():
            return (factor.bonus,)
        case FamilyFactor():
            return factor.items
        case AchievementFactor():
            return (factor.row,)
        case _:
            assert_never(factor)


def _most(rows: Iterable[_Row]) -> int:
    return max(row.points for row in rows)


def _whole(ruleset: Ruleset) -> Iterator[str]:
    if _ROUTES[ruleset.test] != ruleset.route:
        yield f"test: a test of {ruleset.test} is not of the {ruleset.route} route"
    total = sum(factor.max.value for factor in ruleset.factors)
    if ruleset.test is not Test.CRITERIA and total != ruleset.max.value:
        yield f"max: is {ruleset.max.value}, but the factors' maxima add up to {total}"
    if not 0 < ruleset.pass_mark.value <= ruleset.max.value:
        yield f"pass_mark: {ruleset.pass_mark.value} is not from 1 to {ruleset.max.value}"
    if ruleset.test is Test.ACHIEVEMENT and ruleset.pass_mark.value != ruleset.max.value:
        yield "pass_mark: an achievement gives all or nothing, so this must be the maximum"
    limits = ruleset.prerequisites.age
    if limits.at_most is not None and limits.at_most < limits.at_least:
        yield f"prerequisites.age.at_most: {limits.at_most} is below {limits.at_least}"


def _factors(ruleset: Ruleset) -> Iterator[str]:
    names = [FACTOR_NAMES[type(factor)] for factor in ruleset.factors]
    if names != [name for name in FACTOR_NAMES.values() if name in names]:
        yield f"factors: must stand once each and in this order: {', '.join(FACTOR_NAMES.values())}"
    achieves = [name == "achievement" for name in names]
    if achieves != [ruleset.test is Test.ACHIEVEMENT] * len(names):
        yield f"factors: {', '.join(names)} do not make a test of {ruleset.test}"
    for number, factor in enumerate(ruleset.factors):
        path = f"factors[{number}]"
        if factor.max.value != best_of(factor):
            yield f"{path}.max: is {factor.max.value}, but its rows give {best_of(factor)} at most"
        yield from (f"{path}.{fault}" for fault in _inside(factor, ruleset.prerequisites.age))


def _criteria(ruleset: Ruleset) -> Iterator[str]:
    asks, number = ruleset.test is Test.CRITERIA, len(ruleset.criteria)
    if asks and ruleset.factors:
        yield "factors: a test of criteria has none"
    if not asks and ruleset.criteria:
        yield f"criteria: a test of {ruleset.test} has none"
    if asks and ruleset.max.value != number:
        yield f"max: is {ruleset.max.value}, but there are {number} criteria"
    yield from criteria_faults(ruleset.criteria)


def _inside(factor: Factor, limits: AgeLimits) -> Iterator[str]:
    match factor:
        case AgeFactor():
            yield from _bands(factor, limits)
        case QualificationFactor() | LanguageFactor():
            yield from _descending(factor.ladder)
        case WorkFactor():
            yield from _descending(factor.ladder)
            yield from _work_ladder(factor.ladder)
        case FamilyFactor():
            for number, item in enumerate(factor.items):
                yield from (f"items[{number}].{fault}" for fault in _item(item))
        case TalentListFactor() | AchievementFactor():
            return
        case _:
            assert_never(factor)


def _bands(factor: AgeFactor, limits: AgeLimits) -> Iterator[str]:
    bands, last = factor.bands, factor.bands[-1]
    if bands[0].lowest != limits.at_least:
        yield f"bands[0].from: must be {limits.at_least}, the age from which one may apply"
    for number, (band, after) in enumerate(pairwise(bands), start=1):
        at = f"bands[{number}].from"
        if band.highest is None or after.lowest <= band.highest:
            yield f"{at}: {after.id} overlaps {band.id}"
        elif after.lowest > band.highest + 1:
            yield f"{at}: ages {band.highest + 1} to {after.lowest - 1} have no band"
    for number, band in enumerate(bands):
        if band.highest is not None and band.highest < band.lowest:
            yield f"bands[{number}].to: {band.highest} is below {band.lowest}"
    if last.highest is not None and last.highest != limits.at_most:
        yield f"bands[{len(bands) - 1}].to: ages from {last.highest + 1} on have no band"


def _descending(ladder: Sequence[_Row]) -> Iterator[str]:
    for number, (row, below) in enumerate(pairwise(ladder), start=1):
        if below.points > row.points:
            yield f"ladder[{number}].points: {below.id} gives more than {row.id} above it"


def _work_ladder(ladder: Sequence[WorkRow]) -> Iterator[str]:
    for number, row in enumerate(ladder):
        if row.senior_years > row.years:
            yield f"ladder[{number}].senior_years: more than the {row.years} years asked in all"
    for number, (row, below) in enumerate(pairwise(ladder), start=1):
        asks = (below.years, below.senior_years)
        if below.years >= row.years and below.senior_years >= row.senior_years:
            yield f"ladder[{number}]: {below.id} asks {asks} years, no less than {row.id} above it"


def _item(item: FamilyItem) -> Iterator[str]:
    if item.points and (item.cap < item.points or item.cap % item.points):
        yield f"cap: {item.cap} is not a multiple of {item.points} points"
    if (item.under is not None) != (item.kind is FamilyKind.DEPENDENT_CHILD):
        yield "under: is for dependent children, and needed there"


def _ids(ruleset: Ruleset) -> Iterator[str]:
    count = Counter(row.id for factor in ruleset.factors for row in rows_of(factor))
    yield from (f"factors: the id {each} stands {n} times" for each, n in count.items() if n > 1)
