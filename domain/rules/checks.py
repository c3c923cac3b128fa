"""What a ruleset must not contradict: bands without overlap or hole, maxima that add up.

Law: every contradiction is found, not only the first. What could not be read has a stand-in, and
a contradiction that reads a stand-in is none.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Protocol, assert_never

from domain.application import Route
from domain.rules.criteria_reading import criteria_faults
from domain.rules.factors import (
    AchievementFactor,
    AgeBand,
    AgeFactor,
    AgeLimits,
    Factor,
    FamilyFactor,
    FamilyItem,
    FamilyKind,
    LanguageFactor,
    LanguageRow,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """What contradicts what, and the paths that were read to see it."""

    at: str
    what: str
    reads: tuple[str, ...]

    def stands(self, unread: Collection[str]) -> bool:
        """True unless something that was read to see it is only a stand-in."""
        return not any(_overlap(one, other) for one in self.reads for other in unread)


_Found = Iterator[Contradiction]


def faults_of(
    ruleset: Ruleset, *, places: Sequence[str] | None = None, unread: Collection[str] = ()
) -> tuple[str, ...]:
    """Every contradiction in a ruleset, with its path; empty when there is none.

    ``places`` are the paths of the factors in the data, where some could not be read; ``unread``
    are the paths that have a stand-in.
    """
    at = places or [f"factors[{number}]" for number in range(len(ruleset.factors))]
    factors = dict(zip(at, ruleset.factors, strict=True))
    found = [*_whole(ruleset), *_factors(ruleset, factors)]
    if not any(each == "factors" or each.endswith("].factor") for each in unread):
        found += [*_sum(ruleset, factors), *_kinds(ruleset)]
    if not any(each == "criteria" or each.endswith("].asks") for each in unread):
        found += _criteria(ruleset)
    return (
        *(f"{each.at}: {each.what}" for each in found if each.stands(unread)),
        *_ids(ruleset),
    )


def best_of(factor: Factor) -> int:
    """The most that a factor's rows can give together."""
    match factor:
        case AgeFactor():
            return _most(factor.bands)
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


def _against(at: str, what: str, reads: tuple[str, ...] | None = None) -> Contradiction:
    return Contradiction(at=at, what=what, reads=(at,) if reads is None else reads)


def _most(rows: Iterable[_Row]) -> int:
    return max((row.points for row in rows), default=0)


def _overlap(one: str, other: str) -> bool:
    """True where one path is the other or leads to it."""
    shorter, longer = sorted((one, other), key=len)
    return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}["))


def _whole(ruleset: Ruleset) -> _Found:
    highest, mark = ruleset.max.value, ruleset.pass_mark.value
    if _ROUTES[ruleset.test] != ruleset.route:
        what = f"a test of {ruleset.test} is not of the {ruleset.route} route"
        yield _against("test", what, ("test", "route"))
    if not 0 < mark <= highest:
        yield _against("pass_mark", f"{mark} is not from 1 to {highest}", ("pass_mark", "max"))
    if ruleset.test is Test.ACHIEVEMENT and mark != highest:
        what = "an achievement gives all or nothing, so this must be the maximum"
        yield _against("pass_mark", what, ("pass_mark", "max", "test"))
    limits = ruleset.prerequisites.age
    if limits.at_most is not None and limits.at_most < limits.at_least:
        what = f"{limits.at_most} is below {limits.at_least}"
        yield _against("prerequisites.age.at_most", what, ("prerequisites.age",))


def _sum(ruleset: Ruleset, factors: Mapping[str, Factor]) -> _Found:
    total = sum(factor.max.value for factor in ruleset.factors)
    if ruleset.test is not Test.CRITERIA and total != ruleset.max.value:
        what = f"is {ruleset.max.value}, but the factors' maxima add up to {total}"
        yield _against("max", what, ("max", "test", *(f"{each}.max" for each in factors)))


def _kinds(ruleset: Ruleset) -> _Found:
    names = [FACTOR_NAMES[type(factor)] for factor in ruleset.factors]
    order = ", ".join(FACTOR_NAMES.values())
    if names != [name for name in FACTOR_NAMES.values() if name in names]:
        yield _against("factors", f"must stand once each and in this order: {order}", ())
    achieves = [name == "achievement" for name in names]
    if achieves != [ruleset.test is Test.ACHIEVEMENT] * len(names):
        what = f"{', '.join(names)} do not make a test of {ruleset.test}"
        yield _against("factors", what, ("test",))


def _criteria(ruleset: Ruleset) -> _Found:
    asks, number = ruleset.test is Test.CRITERIA, len(ruleset.criteria)
    if asks and ruleset.factors:
        yield _against("factors", "a test of criteria has none", ("test",))
    if not asks and ruleset.criteria:
        yield _against("criteria", f"a test of {ruleset.test} has none", ("test",))
    if asks and ruleset.max.value != number:
        what = f"is {ruleset.max.value}, but there are {number} criteria"
        yield _against("max", what, ("max", "test"))
    for fault in criteria_faults(ruleset.criteria):
        at, _, what = fault.partition(": ")
        yield _against(at, what)


def _factors(ruleset: Ruleset, factors: Mapping[str, Factor]) -> _Found:
    for path, factor in factors.items():
        most = best_of(factor)
        if factor.max.value != most:
            what = f"is {factor.max.value}, but its rows give {most} at most"
            yield _against(f"{path}.max", what, (path,))
        yield from _above(factor, path)
        yield from _inside(factor, path, ruleset.prerequisites.age)


def _above(factor: Factor, path: str) -> _Found:
    """Rows that give more than their factor may."""
    highest = factor.max.value
    for place, row in _placed(factor):
        at = f"{path}.{place}.points"
        if row.points > highest:
            what = f"{row.points} is more than the {highest} of the whole factor"
            yield _against(at, what, (at, f"{path}.max"))


def _placed(factor: Factor) -> Iterator[tuple[str, _Row]]:
    """Each row with its place in the factor."""
    for each in fields(factor):
        rows = getattr(factor, each.name)
        if each.name != "max" and isinstance(rows, tuple):
            yield from ((f"{each.name}[{number}]", row) for number, row in enumerate(rows))
        elif each.name != "max":
            yield each.name, rows


def _inside(factor: Factor, path: str, limits: AgeLimits) -> _Found:
    match factor:
        case AgeFactor():
            yield from _bands(factor.bands, f"{path}.bands", limits)
        case QualificationFactor():
            yield from _descending(factor.ladder, f"{path}.ladder")
        case LanguageFactor():
            yield from _descending(factor.ladder, f"{path}.ladder")
            yield from _language_ladder(factor.ladder, f"{path}.ladder")
        case WorkFactor():
            yield from _descending(factor.ladder, f"{path}.ladder")
            yield from _work_ladder(factor.ladder, f"{path}.ladder")
        case FamilyFactor():
            for number, item in enumerate(factor.items):
                yield from _item(item, f"{path}.items[{number}]")
        case TalentListFactor() | AchievementFactor():
            return
        case _:
            assert_never(factor)


def _bands(bands: Sequence[AgeBand], path: str, limits: AgeLimits) -> _Found:
    age = "prerequisites.age"
    for number, band in enumerate(bands):
        at = f"{path}[{number}]"
        if band.highest is not None and band.highest < band.lowest:
            yield _against(f"{at}.to", f"{band.highest} is below {band.lowest}", (at,))
        if number == 0 and band.lowest != limits.at_least:
            what = f"must be {limits.at_least}, the age from which one may apply"
            yield _against(f"{at}.from", what, (f"{at}.from", age))
        if number == len(bands) - 1 and band.highest not in (None, limits.at_most):
            what = f"ages from {band.highest + 1} on have no band"
            yield _against(f"{at}.to", what, (at, age))
    for number, (band, after) in enumerate(pairwise(bands), start=1):
        at, reads = f"{path}[{number}].from", (f"{path}[{number - 1}]", f"{path}[{number}]")
        if band.highest is None or after.lowest <= band.highest:
            yield _against(at, f"{after.id} overlaps {band.id}", reads)
        elif after.lowest > band.highest + 1:
            what = f"ages {band.highest + 1} to {after.lowest - 1} have no band"
            yield _against(at, what, reads)


def _descending(ladder: Sequence[_Row], path: str) -> _Found:
    for number, (row, below) in enumerate(pairwise(ladder), start=1):
        if below.points > row.points:
            at = f"{path}[{number}].points"
            what = f"{below.id} gives more than {row.id} above it"
            yield _against(at, what, (at, f"{path}[{number - 1}].points"))


def _work_ladder(ladder: Sequence[WorkRow], path: str) -> _Found:
    for number, row in enumerate(ladder):
        if row.senior_years > row.years:
            at, what = f"{path}[{number}]", f"more than the {row.years} years asked in all"
            yield _against(f"{at}.senior_years", what, (at,))
    for number, (row, below) in enumerate(pairwise(ladder), start=1):
        asks = (below.years, below.senior_years)
        if below.years >= row.years and below.senior_years >= row.senior_years:
            at, what = f"{path}[{number}]", f"{below.id} asks {asks} years, no less than {row.id}"
            yield _against(at, f"{what} above it", (at, f"{path}[{number - 1}]"))


def _language_ladder(ladder: Sequence[LanguageRow], path: str) -> _Found:
    for number, row in enumerate(ladder):
        if row.all_of and row.any_of:
            # What lacks is said of all or of any: no test of the scheme asks both in one row.
            at, what = f"{path}[{number}]", "a row asks for all_of or for any_of, not for both"
            yield _against(f"{at}.any_of", what, (at,))


def _item(item: FamilyItem, path: str) -> _Found:
    if item.points and (item.cap < item.points or item.cap % item.points):
        what = f"{item.cap} is not a multiple of {item.points} points"
        yield _against(f"{path}.cap", what, (f"{path}.cap", f"{path}.points"))
    if (item.under is not None) != (item.kind is FamilyKind.DEPENDENT_CHILD):
        what = "is for dependent children, and needed there"
        yield _against(f"{path}.under", what, (f"{path}.under", f"{path}.kind"))


def _ids(ruleset: Ruleset) -> Iterator[str]:
    count = Counter(row.id for factor in ruleset.factors for row in rows_of(factor))
    yield from (f"factors: the id {each} stands {n} times" for each, n in count.items() if n > 1)
