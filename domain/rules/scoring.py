"""The points of each factor, with every award and every shortfall.

Law: of a ladder the best row met is given, bonuses and items add to it, and what was not given is
said with what it would need.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import assert_never

from domain.application import Application
from domain.rules.checks import FACTOR_NAMES
from domain.rules.counting import posted_until
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
from domain.rules.overriding import NO_OVERRIDES, Overrides, decide_rows, differences
from domain.rules.rows import (
    achievement_row,
    age_bands,
    language_rows,
    place_of_age,
    qualification_rows,
    renowned_bonus,
    talent_list_bonus,
    work_bonus,
    work_rows,
)
from domain.rules.tested import Tested
from domain.rules.types import Award, FactorScore, Lists, Overridden, Shortfall

_Found = Award | Shortfall
_Choice = Callable[[Sequence[Tested]], Iterator[_Found]]
_Group = tuple[_Choice, Sequence[Tested]]


def score(
    factor: Factor,
    lists: Lists,
    application: Application,
    on: date,
    overrides: Overrides = NO_OVERRIDES,
) -> tuple[FactorScore, tuple[Overridden, ...]]:
    """What a factor gives an application on a reference date, and what was decided otherwise.

    An override stands in place of its rule's own test; which rows of the factor then give points
    is chosen as ever, so that no override can lift a factor above its maximum.
    """
    groups = tuple(_groups(factor, lists, application, on))
    found = _scored(factor, groups)
    if not overrides:
        return found, ()
    decided = tuple((choice, decide_rows(rows, overrides)) for choice, rows in groups)
    overridden = tuple(
        each
        for (_, tested), (_, rows) in zip(groups, decided, strict=True)
        for each in differences(tested, rows)
    )
    if not overridden:
        return found, ()
    return replace(_scored(factor, decided), computed=found.points), overridden


def given(factor: Factor, lists: Lists, application: Application, on: date) -> int:
    """The points of a factor without what tells why: the sum of the awards of ``score``."""
    groups = _groups(factor, lists, application, on)
    return sum([_all(rows) if choice is _each else _best(rows) for choice, rows in groups])


def _best(rows: Sequence[Tested]) -> int:
    """What a ladder or the bands give: the best row that is met."""
    return max([row.points for row in rows if row.met], default=0)


def _all(rows: Sequence[Tested]) -> int:
    """What bonuses and items give: each for itself."""
    return sum([row.points for row in rows if row.met])


def _scored(factor: Factor, groups: Iterable[_Group]) -> FactorScore:
    awards: list[Award] = []
    shortfalls: list[Shortfall] = []
    for choice, rows in groups:
        for each in choice(rows):
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


def _groups(factor: Factor, lists: Lists, application: Application, on: date) -> Iterator[_Group]:
    """Every row of a factor tested, with how those that give points are chosen among them."""
    match factor:
        case AgeFactor():
            place = place_of_age(factor.bands, application, on)
            yield partial(_band, place), age_bands(factor.bands, application, on)
        case QualificationFactor():
            yield _ladder, qualification_rows(factor.ladder, application, on)
            yield _each, [renowned_bonus(each, application, on) for each in factor.bonuses]
        case WorkFactor():
            posted = posted_until(application, on)
            yield _ladder, work_rows(factor.ladder, posted)
            yield _each, [work_bonus(each, posted) for each in factor.bonuses]
        case TalentListFactor():
            yield _each, [talent_list_bonus(factor.bonus, lists.talent_list, application, on)]
        case LanguageFactor():
            yield _ladder, language_rows(factor.ladder, application)
        case FamilyFactor():
            yield _each, [family_item(each, application, on) for each in factor.items]
        case AchievementFactor():
            yield _each, [achievement_row(factor.row, application)]
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


def _band(place: int, bands: Sequence[Tested]) -> Iterator[_Found]:
    """The best band met, and the nearest one that gives more (to the age, where none is met).

    An age is in one band; only where an officer decided of another can two be met.
    """
    found = (number for number, band in enumerate(bands) if band.met)
    met = max(found, key=lambda number: bands[number].points, default=place)
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
