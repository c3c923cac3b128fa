"""Every comparison that decides points or a prerequisite, turned round, shows in some table.

What only words a reason is left out here: `test_reasons.py` holds those to what they say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import CodeType, FunctionType
from typing import Final

import pytest

from domain import days
from domain.application import Application, Level, Skill
from domain.rules import counting, family, prerequisites, rows
from domain.rules.assess import assess
from domain.rules.choose import named
from domain.rules.factors import WorkFactor
from domain.rules.types import Assessment, Rulebook, Ruleset
from tests.rules.edges import Edge, edges, wrong
from tests.rules.filing import ON, application, born, held, met, post, skill
from tests.rules.flipping import flips
from tests.rules.published import ACHIEVEMENT_TESTS, POINTS_TESTS

DECIDE: Final = (
    (rows, "_age_band"),
    (rows, "_qualification_row"),
    (rows, "renowned_bonus"),
    (rows, "_language_row"),
    (rows, "achievement_row"),
    (family, "_spouse"),
    (family, "_children"),
    (counting, "held_on"),
    (counting, "posted_until"),
    (counting, "good_languages"),
    (counting, "subtag_of"),
    (counting, "is_foreign"),
    (days, "age_on"),
    (prerequisites, "_age"),
    (prerequisites, "_language"),
    (prerequisites, "_education"),
    (prerequisites, "_nationality"),
)
"""The functions in which a comparison decides, by their modules; `reaches` is a method of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """An application at an edge of a prerequisite, and whether it meets that one."""

    filed: Application
    prerequisite: str
    met: bool


def _needs(ruleset: Ruleset) -> Iterator[Need]:
    limits = ruleset.prerequisites.age
    ages = {limits.at_least - 1: False, limits.at_least: True, 40: True}
    if limits.at_most is not None:
        ages |= {limits.at_most: True, limits.at_most + 1: False}
    for age, is_met in ages.items():
        yield Need(filed=application(date_of_birth=born(age)), prerequisite="age", met=is_met)
    for language, is_met in (("en", True), ("cmn", True), ("fr", False)):
        filed = application(languages=(skill(language),))
        yield Need(filed=filed, prerequisite="language", met=is_met)
    for later, is_met in ((0, True), (1, False)):
        filed = application(
            qualifications=(held(Level.BACHELOR, awarded_on=ON + timedelta(later)),)
        )
        yield Need(filed=filed, prerequisite="education", met=is_met)
    for nationality, is_met in (("USA", True), ("AFG", False)):
        filed = application(nationality=nationality)
        yield Need(filed=filed, prerequisite="nationality", met=is_met)


def _at_the_end(ruleset: Ruleset) -> Iterator[Edge]:
    """What the bands and ladders do not reach: the reference date itself, and half a language."""
    (work,) = (each for each in ruleset.factors if isinstance(each, WorkFactor))
    least = work.ladder[-1]
    short = post(least.years * days.DAYS_PER_YEAR - 1, ending=ON - timedelta(1))
    for first_day, expected in ((ON, least.points), (ON + timedelta(1), 0)):
        last = post(1, ending=first_day)
        filed = application(employment=(short, last))
        yield Edge(label="a last day", filed=filed, factor="work_experience", expected=expected)
    for half in (skill("zh", written=Skill.FAIR), skill("zh", spoken=Skill.FAIR)):
        filed = application(languages=(half,))
        yield Edge(label="half a language", filed=filed, factor="language", expected=0)


def _caught(ruleset: Ruleset, table: tuple[Edge, ...], needs: tuple[Need, ...]) -> bool:
    """True when an edge or a need is found wrong, an award has no evidence, or finding stops."""
    try:
        return (
            wrong(ruleset, table) != []
            or any(
                met(assess(ruleset, each.filed, ON), each.prerequisite) is not each.met
                for each in needs
            )
            or any(_unproven(assess(ruleset, each.filed, ON)) for each in table)
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return True


def _unproven(found: Assessment) -> bool:
    return any(not award.evidence for factor in found.factors for award in factor.awards)


MUTANTS: Final = [
    (getattr(module, name), before, code)
    for module, name in DECIDE
    for before, code in flips(getattr(module, name), module)
] + [
    (counting.Experience.reaches, before, code)
    for before, code in flips(counting.Experience.reaches, counting)
]


@pytest.fixture(scope="module")
def tables(
    rulebook: Rulebook,
) -> list[tuple[Ruleset, tuple[Edge, ...], tuple[Need, ...]]]:
    general = [named(rulebook, each) for each in POINTS_TESTS]
    achievement = named(rulebook, ACHIEVEMENT_TESTS[0])
    return [
        *((each, (*edges(each), *_at_the_end(each)), tuple(_needs(each))) for each in general),
        (achievement, edges(achievement), ()),
    ]


def test_nothing_is_wrong_as_long_as_nothing_is_turned_round(
    tables: list[tuple[Ruleset, tuple[Edge, ...], tuple[Need, ...]]],
) -> None:
    assert [ruleset.id for ruleset, table, needs in tables if _caught(ruleset, table, needs)] == []


@pytest.mark.parametrize(
    ("function", "code"),
    [(function, code) for function, _, code in MUTANTS],
    ids=[before for _, before, _ in MUTANTS],
)
def test_a_comparison_turned_round_is_caught(
    tables: list[tuple[Ruleset, tuple[Edge, ...], tuple[Need, ...]]],
    monkeypatch: pytest.MonkeyPatch,
    function: FunctionType,
    code: CodeType,
) -> None:
    monkeypatch.setattr(function, "__code__", code)
    assert any(_caught(ruleset, table, needs) for ruleset, table, needs in tables)
