"""What a points table must give at, just below and just above every edge in its data.

The edges are read from a ruleset; what is expected at them is worked out here from its rows, by
plain numbers, and not by the code that assesses. A test of the tests feeds mutated rulesets to
`wrong` and must see each caught.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

from domain.application import Application, Family, Level, Relative, Route, Spouse
from domain.days import DAYS_PER_YEAR
from domain.rules.assess import assess
from domain.rules.factors import (
    AchievementFactor,
    AgeFactor,
    FamilyFactor,
    FamilyItem,
    FamilyKind,
    LanguageFactor,
    LanguageRow,
    PostMark,
    QualificationFactor,
    TalentListFactor,
    WorkFactor,
)
from domain.rules.types import Ruleset
from tests.rules.filing import ON, achieved, application, born, child, held, points, post, skill

AROUND = (-1, 0, 1)
MOST_HELD = 3
LANGUAGES = ("yue", "en", "fr", "es")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An application near an edge and the points that a factor must give it."""

    label: str
    filed: Application
    factor: str
    expected: int


def edges(ruleset: Ruleset) -> tuple[Edge, ...]:
    """Every edge of a ruleset, approached from both sides."""
    return tuple(edge for factor in ruleset.factors for edge in _DRAWN[type(factor)](factor))


def wrong(ruleset: Ruleset, table: tuple[Edge, ...]) -> list[str]:
    """The labels of the edges at which a ruleset gives other points than the table says."""
    return [
        edge.label
        for edge in table
        if points(assess(ruleset, edge.filed, ON), edge.factor) != edge.expected
    ]


def _ages(factor: AgeFactor) -> Iterator[Edge]:
    limits = {each for band in factor.bands for each in (band.lowest, band.highest) if each}
    for age in sorted({limit + step for limit in limits for step in AROUND}):
        given = [
            band.points
            for band in factor.bands
            if age in range(band.lowest, (band.highest or 200) + 1)
        ]
        for label, filed in (
            (f"{age} today", application(date_of_birth=born(age))),
            (
                f"{age}, {age + 1} tomorrow",
                application(date_of_birth=born(age + 1, days_before_birthday=1)),
            ),
        ):
            yield Edge(label=label, filed=filed, factor="age", expected=sum(given))


def _qualifications(factor: QualificationFactor) -> Iterator[Edge]:
    levels = (Level.BACHELOR, Level.MASTER, Level.DOCTORATE, Level.PROFESSIONAL, Level.TECHNICAL)
    numbers = [dict.fromkeys(levels, 0)]
    numbers += [{each: n} for each in levels for n in range(1, MOST_HELD + 1)]
    numbers += [{one: 1, other: 1} for one, other in combinations(levels, 2)]
    for number, renowned in product(numbers, (False, True)):
        ladder = max(
            (
                row.points
                for row in factor.ladder
                if any(number.get(each.level, 0) >= each.count for each in row.any_of)
            ),
            default=0,
        )
        bonus = sum(
            each.points
            for each in factor.bonuses
            if renowned and any(number.get(level, 0) for level in each.levels)
        )
        filed = application(
            qualifications=tuple(
                held(level, renowned_institution=renowned)
                for level, n in number.items()
                for _ in range(n)
            )
        )
        label = f"{number}{' renowned' if renowned else ''}"
        yield Edge(label=label, filed=filed, factor="qualifications", expected=ladder + bonus)


def _work(factor: WorkFactor) -> Iterator[Edge]:
    overall = {row.years * DAYS_PER_YEAR + step for row in factor.ladder for step in AROUND}
    senior = {row.senior_years * DAYS_PER_YEAR + step for row in factor.ladder for step in AROUND}
    for all_days, senior_days in product(sorted(overall), sorted(senior)):
        if 0 <= senior_days <= all_days:
            yield _worked(factor, all_days, senior_days)
    for bonus, step in product(factor.bonuses, AROUND):
        yield _marked(factor, bonus.mark, bonus.years * DAYS_PER_YEAR + step)


def _ladder(factor: WorkFactor, all_days: int, senior_days: int) -> int:
    given = [
        row.points
        for row in factor.ladder
        if all_days >= row.years * DAYS_PER_YEAR and senior_days >= row.senior_years * DAYS_PER_YEAR
    ]
    return max(given, default=0)


def _worked(factor: WorkFactor, all_days: int, senior_days: int) -> Edge:
    posts = [post(all_days)]
    if senior_days:
        posts.append(post(senior_days, senior_role=True))
    return Edge(
        label=f"{all_days} days, {senior_days} senior",
        filed=application(employment=tuple(posts)),
        factor="work_experience",
        expected=_ladder(factor, all_days, senior_days),
    )


def _marked(factor: WorkFactor, mark: PostMark, days: int) -> Edge:
    bonus = sum(
        each.points
        for each in factor.bonuses
        if each.mark is mark and days >= each.years * DAYS_PER_YEAR
    )
    return Edge(
        label=f"{days} days {mark}",
        filed=application(employment=(post(days, **{mark.value: True}),)),
        factor="work_experience",
        expected=_ladder(factor, days, 0) + bonus,
    )


def _talent_list(factor: TalentListFactor) -> Iterator[Edge]:
    for claimed, expected in ((None, 0), ("", 0), ("A profession", factor.bonus.points)):
        filed = application(talent_list_profession=claimed)
        yield Edge(
            label=f"claims {claimed!r}", filed=filed, factor="talent_list", expected=expected
        )


def _languages(factor: LanguageFactor) -> Iterator[Edge]:
    for size in range(len(LANGUAGES) + 1):
        for good in combinations(LANGUAGES, size):
            expected = max((row.points for row in factor.ladder if _speaks(row, good)), default=0)
            filed = application(languages=tuple(map(skill, good)))
            yield Edge(label=f"good {good}", filed=filed, factor="language", expected=expected)


def _speaks(row: LanguageRow, good: tuple[str, ...]) -> bool:
    known = {"zh" if each == "yue" else each for each in good}
    return (
        set(row.all_of) <= known
        and (not row.any_of or bool(set(row.any_of) & known))
        and len(known - {"zh", "en"}) >= row.foreign
    )


def _family(factor: FamilyFactor) -> Iterator[Edge]:
    most = max(item.cap // item.points for item in factor.items) + 1
    ages = {item.under + step for item in factor.items if item.under for step in AROUND}
    relatives = (None, *Relative)
    spouses = [
        None,
        *(Spouse(accompanying=a, degree_or_above=d) for a, d in product((False, True), repeat=2)),
    ]
    for relative, spouse, number, age in product(relatives, spouses, range(most + 1), ages):
        children = tuple(child(age) for _ in range(number))
        family = Family(permanent_resident_relative=relative, spouse=spouse, children=children)
        yield Edge(
            label=f"{relative} {spouse} {number} of {age}",
            filed=application(family=family),
            factor="family",
            expected=sum(_gives(item, family, age) for item in factor.items),
        )


def _gives(item: FamilyItem, family: Family, age: int) -> int:
    spouse = family.spouse
    number = {
        FamilyKind.PERMANENT_RESIDENT_RELATIVE: int(family.permanent_resident_relative is not None),
        FamilyKind.SPOUSE_WITH_DEGREE: int(
            spouse == Spouse(accompanying=True, degree_or_above=True)
        ),
        FamilyKind.DEPENDENT_CHILD: len(family.children) if age < (item.under or 0) else 0,
    }[item.kind]
    return min(number * item.points, item.cap)


def _achievements(factor: AchievementFactor) -> Iterator[Edge]:
    for kinds in ((), *((kind,) for kind in factor.row.any_of), factor.row.any_of):
        filed = application(route=Route.ACHIEVEMENT, achievements=tuple(map(achieved, kinds)))
        expected = factor.row.points if kinds else 0
        yield Edge(label=f"{kinds}", filed=filed, factor="achievement", expected=expected)


_DRAWN = {
    AgeFactor: _ages,
    QualificationFactor: _qualifications,
    WorkFactor: _work,
    TalentListFactor: _talent_list,
    LanguageFactor: _languages,
    FamilyFactor: _family,
    AchievementFactor: _achievements,
}
