"""The points of each factor, with every award and every shortfall.

Law: of a ladder the best row met is given, bonuses and items add to it, and what was not given is
said with what it would need.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import assert_never

from domain.application import Application
from domain.rules.checks import FACTOR_NAMES
from domain.rules.factors import (
    AchievementFactor,
    AgeFactor,
    Factor,
    FamilyFactor,
    LanguageFactor,
    QualificationFactor,
    TalentListFactor,
    WorkFactor,
)
from domain.rules.family import family_item
from domain.rules.rows import (
    achievement_row,
    age_bands,
    language_rows,
    qualification_rows,
    renowned_bonus,
    talent_list_bonus,
    work_bonus,
    work_rows,
)
from domain.rules.tested import Tested
from domain.rules.types import Award, FactorScore, Lists, Shortfall

_Found = Award | Shortfall


def score(factor: Factor, lists: Lists, application: Application, on: date) -> FactorScore:
    """What a factor gives an application on a reference date."""
    awards: list[Award] = []
    shortfalls: list[Shortfall] = []
    for each in _found(factor, lists, application, on):
        if isinstance(each, Award):
            awards.append(each)
        else:
            shortfalls.append(each)
    return FactorScore(
        factor=FACTOR_NAMES[type(factor)],
        points=sum(each.points for each in awards),
        max=factor.max.value,
        awards=tuple(awards),
        shortfalls=tuple(shortfalls),
    )


def _found(factor: Factor, lists: Lists, application: Application, on: date) -> Iterator[_Found]:
    match factor:
        case AgeFactor():
            yield from _band(age_bands(factor.bands, application, on))
        case QualificationFactor():
            yield from _ladder(qualification_rows(factor.ladder, application, on))
            yield from _each(renowned_bonus(each, application, on) for each in factor.bonuses)
        case WorkFactor():
            yield from _ladder(work_rows(factor.ladder, application, on))
            yield from _each(work_bonus(each, application, on) for each in factor.bonuses)
        case TalentListFactor():
            yield from _each([talent_list_bonus(factor.bonus, lists.talent_list, application, on)])
        case LanguageFactor():
            yield from _ladder(language_rows(factor.ladder, application))
        case FamilyFactor():
            yield from _each(family_item(each, application, on) for each in factor.items)
        case AchievementFactor():
            yield from _each([achievement_row(factor.row, application)])
        case _:
            assert_never(factor)


def _ladder(rows: Sequence[Tested]) -> Iterator[_Found]:
    """The best row met, and the next better one that is not."""
    given = next((row for row in rows if row.met), None)
    points = given.points if given else 0
    if given and points:
        yield _award(given)
    above = [row for row in rows if row.points > points]
    if above:
        yield _shortfall(above[-1], above[-1].points - points)


def _band(bands: Sequence[Tested]) -> Iterator[_Found]:
    """The band met, and the nearest one that gives more (the first one where none is met)."""
    met = next((number for number, band in enumerate(bands) if band.met), 0)
    points = bands[met].points if bands[met].met else 0
    if points:
        yield _award(bands[met])
    better = [number for number, band in enumerate(bands) if band.points > points]
    if better:
        nearest = bands[min(better, key=lambda number: abs(number - met))]
        yield _shortfall(nearest, nearest.points - points)


def _each(rows: Iterable[Tested]) -> Iterator[_Found]:
    """Every row for itself: what it gives, and what it could give besides."""
    for row in rows:
        points = row.points if row.met else 0
        if points:
            yield _award(row)
        if points < row.most:
            yield _shortfall(row, row.most - points)


def _award(row: Tested) -> Award:
    return Award(
        rule=row.rule,
        points=row.points,
        reason=row.reason(),
        evidence=row.evidence,
        source=row.source,
        edition=row.edition,
    )


def _shortfall(row: Tested, points: int) -> Shortfall:
    return Shortfall(
        rule=row.rule,
        points=points,
        reason=row.need(points),
        evidence=row.looked_at,
        source=row.source,
    )
