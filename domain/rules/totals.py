"""What an application is worth under a ruleset, and nothing of why.

Law: the total and the eligibility are those of `assess`, without the time that telling takes.
For thousands of applications at once, of which nobody reads the reasons.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, assert_never

from domain.application import Application
from domain.rules.assess import assess, require_route
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
from domain.rules.prerequisites import find_prerequisites
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
from domain.rules.types import Lists, Ruleset, Test


class Worth(NamedTuple):
    """The total, in points or criteria met, and whether the application is eligible."""

    total: int
    eligible: bool


def worth(ruleset: Ruleset, application: Application, on: date) -> Worth:
    """The total and eligibility that `assess` finds on a reference date; WrongRoute as there."""
    if ruleset.test is Test.CRITERIA:
        found = assess(ruleset, application, on)
        return Worth(found.total, found.eligible)
    require_route(ruleset, application.route)
    total = sum([_given(each, ruleset.lists, application, on) for each in ruleset.factors])
    met = all(each.met for each in find_prerequisites(ruleset, application, on))
    return Worth(total, met and total >= ruleset.pass_mark.value)


def _given(factor: Factor, lists: Lists, application: Application, on: date) -> int:  # noqa: PLR0911 - one arm per factor is the clearest table of them
    match factor:
        case AgeFactor():
            return _best(age_bands(factor.bands, application, on))
        case QualificationFactor():
            bonuses = [renowned_bonus(each, application, on) for each in factor.bonuses]
            return _best(qualification_rows(factor.ladder, application, on)) + _all(bonuses)
        case WorkFactor():
            bonuses = [work_bonus(each, application, on) for each in factor.bonuses]
            return _best(work_rows(factor.ladder, application, on)) + _all(bonuses)
        case TalentListFactor():
            return _all([talent_list_bonus(factor.bonus, lists.talent_list, application, on)])
        case LanguageFactor():
            return _best(language_rows(factor.ladder, application))
        case FamilyFactor():
            return _all([family_item(each, application, on) for each in factor.items])
        case AchievementFactor():
            return _all([achievement_row(factor.row, application)])
        case _:
            assert_never(factor)


def _best(rows: Iterable[Tested]) -> int:
    """What a ladder gives: its best row that is met, which is at most one of its bands."""
    return max([row.points for row in rows if row.met], default=0)


def _all(rows: Iterable[Tested]) -> int:
    """What bonuses and items give: each for itself."""
    return sum([row.points for row in rows if row.met])
