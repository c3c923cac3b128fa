"""What a test of criteria must find at, just below and just above every figure in its data.

The figures are read from a ruleset; what is expected at them is worked out here by plain numbers,
and not by the code that assesses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

from domain.application import Application, Business, Level, Sector, Skill
from domain.rules.assess import assess
from domain.rules.criteria import (
    AgeAtMost,
    AnnualIncome,
    BusinessProfit,
    Criterion,
    GoodLanguages,
    ListedCompany,
    ListedDegree,
    NamedLanguage,
    StemDegree,
    YearsOfWork,
)
from domain.rules.types import CriterionFinding, Ruleset
from tests.rules.filing import ON, application, born, held, post, skill

AROUND = (-1, 0, 1)
TRUTHS = (False, True)
LANGUAGES = ("yue", "en", "fr", "es")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An application near an edge and whether it must meet a criterion."""

    label: str
    filed: Application
    criterion: str
    expected: bool


def business(*, percent: float, profit: int = 0, listed: bool = False, name: str = "A") -> Business:
    """A business of which so many per cent are owned."""
    return Business(name=name, listed=listed, ownership_percent=percent, annual_profit_hkd=profit)


def criterion(ruleset: Ruleset, filed: Application, name: str) -> CriterionFinding:
    """What is found of one criterion on the fixed day."""
    return next(each for each in assess(ruleset, filed, ON).criteria if each.id == name)


def met(ruleset: Ruleset, filed: Application) -> set[str]:
    """The ids of the criteria that are met on the fixed day."""
    return {each.id for each in assess(ruleset, filed, ON).criteria if each.met}


def edges(ruleset: Ruleset) -> tuple[Edge, ...]:
    """Every edge of a ruleset, approached from both sides."""
    return tuple(
        Edge(label=f"{each.id}: {label}", filed=filed, criterion=each.id, expected=expected)
        for each in ruleset.criteria
        for label, filed, expected in _drawn(ruleset, each)
    )


_Drawn = Iterator[tuple[str, Application, bool]]


def _drawn(ruleset: Ruleset, asked: Criterion) -> _Drawn:
    match asked:
        case AgeAtMost():
            yield from _ages(asked)
        case ListedDegree():
            yield from _degrees(asked)
        case StemDegree():
            of = next(each for each in ruleset.criteria if each.id == asked.of)
            assert isinstance(of, ListedDegree)
            yield from _stem(of)
        case GoodLanguages():
            yield from _languages(asked)
        case NamedLanguage():
            yield from _language(asked)
        case YearsOfWork():
            yield from _work(asked)
        case AnnualIncome():
            yield from _income(asked)
        case BusinessProfit():
            yield from _profit(asked)
        case ListedCompany():
            yield from _company(asked)


def _ages(asked: AgeAtMost) -> _Drawn:
    for step in AROUND:
        age = asked.years + step
        yield f"{age} today", application(date_of_birth=born(age)), step <= 0
        eve = born(age + 1, days_before_birthday=1)
        yield f"{age}, older tomorrow", application(date_of_birth=eve), step <= 0


def _degrees(asked: ListedDegree) -> _Drawn:
    for level, listed, step in product(Level, TRUTHS, AROUND):
        awarded_on = ON + timedelta(days=step)
        one = held(level, listed_university=listed, awarded_on=awarded_on)
        filed = application(qualifications=(one,))
        expected = level in asked.levels and listed and step <= 0
        yield f"{level} listed={listed} {step:+}", filed, expected


def _stem(of: ListedDegree) -> _Drawn:
    kinds = tuple(product(Level, TRUTHS, TRUTHS))
    for one, other in product(kinds, ((Level.BACHELOR, True, True), *kinds)):
        both = tuple(
            held(level, listed_university=listed, stem=stem) for level, listed, stem in (one, other)
        )
        expected = any(
            level in of.levels and listed and stem for level, listed, stem in (one, other)
        )
        yield f"{one} {other}", application(qualifications=both), expected


def _languages(asked: GoodLanguages) -> _Drawn:
    for step in AROUND:
        number = asked.number + step
        good = tuple(skill(each) for each in LANGUAGES[:number])
        yield f"{number} good", application(languages=good), step >= 0
        # One language under several names is one, and a language that is only fair is none.
        same = tuple(skill(each) for each in ("yue", "cmn", "zh-Hant")[: number + 1])
        yield f"{number + 1} kinds of Chinese", application(languages=same), asked.number <= 1
        fair = (*good[:-1], skill("it", Skill.FAIR, Skill.GOOD))
        yield f"{number} with one fair", application(languages=fair), number - 1 >= asked.number


def _language(asked: NamedLanguage) -> _Drawn:
    for tag, spoken, written in product((*LANGUAGES, "en-GB"), Skill, Skill):
        ours = asked.language == tag.split("-")[0]
        expected = ours and spoken == written == Skill.GOOD
        filed = application(languages=(skill(tag, spoken, written),))
        yield f"{tag} {spoken} {written}", filed, expected


def _work(asked: YearsOfWork) -> _Drawn:
    edge = asked.years * 365
    for step, sector, graduate, abroad, large in product(AROUND, Sector, *(TRUTHS,) * 3):
        marks = {"outside_home_jurisdiction": abroad, "multinational_or_reputable": large}
        counts = graduate and (asked.mark is None or marks[asked.mark.value])
        counts = counts and (not asked.sectors or sector in asked.sectors)
        given: dict[str, Any] = {"sector": sector, "graduate_or_specialist": graduate, **marks}
        label = f"{edge + step} days {sector} {graduate} {abroad} {large}"
        filed = application(employment=(post(edge + step, **given),))
        yield label, filed, counts and step >= 0
        twice = application(employment=(post(edge + step, **given),) * 2)
        yield f"{label}, twice at once", twice, counts and step >= 0


def _income(asked: AnnualIncome) -> _Drawn:
    yield "no income", application(), False
    for step in AROUND:
        income = asked.hkd + step
        yield f"HK${income}", application(annual_income_hkd=income), step >= 0


def _profit(asked: BusinessProfit) -> _Drawn:
    yield "no business", application(), False
    asks = {False: asked.unlisted_percent.value, True: asked.listed_percent.value}
    for listed, step, share in product(TRUTHS, AROUND, AROUND):
        percent = asks[listed] + share * 0.01
        one = business(percent=percent, profit=asked.hkd + step, listed=listed)
        label = f"{percent} % of HK${asked.hkd + step} listed={listed}"
        yield label, application(businesses=(one,)), step >= 0 and share >= 0
    halves = (
        business(percent=100, profit=asked.hkd - 1),
        business(percent=asks[False] - 1, profit=asked.hkd),
    )
    yield "half of it in each of two", application(businesses=halves), False


def _company(asked: ListedCompany) -> _Drawn:
    yield "no business", application(), False
    for listed, share in product(TRUTHS, AROUND):
        percent = asked.percent.value + share * 0.01
        one = business(percent=percent, listed=listed)
        label = f"{percent} % listed={listed}"
        yield label, application(businesses=(one,)), listed and share >= 0
