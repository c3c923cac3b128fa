"""What is said of each row: the facts are what the person has, and exactly what lacks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.application import (
    Application,
    Correspondence,
    Family,
    Level,
    Relative,
    Route,
    Sector,
    Spouse,
)
from domain.rules.assess import assess
from domain.rules.choose import named
from domain.rules.reasons import Kind, Message, Reason
from domain.rules.types import Assessment, Award, Ruleset, Shortfall
from services.reasons import say
from services.rules import load_rulebook
from tests.rules.filing import ON, achieved, application, born, child, factor, held, post, skill
from tests.rules.strategies import applications

YEAR = 365
BOOK = load_rulebook()
GENERAL = named(BOOK, "gpt-2018")
ACHIEVEMENT = named(BOOK, "apt-225")


def _texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) for each in value)


def _day(value: Any) -> bool:
    return isinstance(value, str) and date.fromisoformat(value).isoformat() == value


def _number(value: Any) -> bool:
    return type(value) is int and value >= 0


IS_OF: Final[Mapping[Kind, Callable[[Any], bool]]] = {
    Kind.NUMBER: _number,
    Kind.DAYS: _number,
    Kind.HKD: lambda value: type(value) is int,
    Kind.TEXT: lambda value: isinstance(value, str) and bool(value),
    Kind.TEXTS: _texts,
    Kind.DAY: _day,
    Kind.COUNTRY: lambda value: isinstance(value, str) and len(value) == 3,
    Kind.LANGUAGES: _texts,
    Kind.LEVEL: lambda value: value in list(Level),
    Kind.LEVELS: lambda value: set(value) <= set(Level),
    Kind.COUNTED_LEVELS: lambda value: (
        set(value) <= set(Level) and all(map(_number, value.values()))
    ),
    Kind.SECTORS: lambda value: set(value) <= set(Sector),
    Kind.RELATIVE: lambda value: value in list(Relative),
}


def _reasons(found: Assessment) -> Iterator[Reason]:
    for each in (*found.prerequisites, *found.criteria):
        yield each.reason
    for score in found.factors:
        yield from (each.reason for each in (*score.awards, *score.shortfalls))


@pytest.mark.parametrize("ruleset", BOOK.rulesets, ids=lambda each: each.id)
@given(st.data())
@settings(max_examples=100)
def test_every_reason_has_the_facts_that_its_message_declares_and_can_be_said(
    ruleset: Ruleset, data: st.DataObject
) -> None:
    found = assess(ruleset, data.draw(applications(ruleset)), ON)
    for reason in _reasons(found):
        assert set(reason.facts) == set(reason.message.facts), reason
        for name, kind in reason.message.facts.items():
            assert IS_OF[kind](reason.facts[name]), (reason, name)
        assert all(say(reason, language) for language in Correspondence)


@given(st.data())
@settings(max_examples=200)
def test_the_work_that_is_said_to_lack_brings_the_points_that_are_said(data: st.DataObject) -> None:
    filed = data.draw(applications(GENERAL))
    score = factor(assess(GENERAL, filed, ON), "work_experience")
    for short in score.shortfalls:
        facts: Any = short.reason.facts
        if "senior_more" in facts or short.reason.message is Message.NEEDS_WORK:
            more, senior = facts.get("more", 0), facts.get("senior_more", 0)
            worked = factor(assess(GENERAL, _having_worked(filed, more, senior), ON), score.factor)
            assert sum(each.points for each in worked.awards) >= score.points + facts["points"]
            if more:
                less = _having_worked(filed, more - 1, min(senior, more - 1))
                found = factor(assess(GENERAL, less, ON), score.factor)
                assert short.rule not in {each.rule for each in found.awards}


def _having_worked(filed: Application, more: int, senior: int) -> Application:
    """The application with so many days more, of them so many senior, before all posts."""
    ends = min((each.started_on for each in filed.employment), default=ON) - timedelta(days=1)
    began = ends - timedelta(days=senior)
    posts = [post(senior, senior_role=True, ending=ends)] if senior else []
    posts += [post(more - senior, ending=began)] if more > senior else []
    return replace(filed, employment=(*filed.employment, *posts))


def shortfall(filed: Application, name: str, rule: str) -> Shortfall:
    ruleset = ACHIEVEMENT if filed.route is Route.ACHIEVEMENT else GENERAL
    score = factor(assess(ruleset, filed, ON), name)
    return next(each for each in score.shortfalls if each.rule == rule)


def award(filed: Application, name: str, rule: str) -> Award:
    score = factor(assess(GENERAL, filed, ON), name)
    return next(each for each in score.awards if each.rule == rule)


SHORT = (
    (
        "age",
        "age-18-39",
        {"date_of_birth": born(16)},
        Message.NEEDS_AGE_FROM,
        {"points": 30, "age": 16, "lowest": 18, "years": 2},
    ),
    (
        "age",
        "age-40-44",
        {"date_of_birth": born(47)},
        Message.NEEDS_AGE_UP_TO,
        {"points": 5, "age": 47, "highest": 44},
    ),
    (
        "qualifications",
        "doctorate-or-two-masters",
        {"qualifications": (held(Level.MASTER),)},
        Message.NEEDS_HOLDING,
        {
            "points": 20,
            "wanted": {"doctorate": 1, "master": 2},
            "lacking": {"doctorate": 1, "master": 1},
            "held": {"doctorate": 0, "master": 1},
        },
    ),
    (
        "qualifications",
        "renowned-institution",
        {"qualifications": (held(Level.MASTER), held(Level.TECHNICAL))},
        Message.NEEDS_RENOWNED,
        {"points": 30, "levels": ("bachelor", "master", "doctorate"), "degrees": 1},
    ),
    (
        "qualifications",
        "renowned-institution",
        {"qualifications": (held(Level.TECHNICAL),)},
        Message.NEEDS_RENOWNED_DEGREE,
        {"points": 30, "levels": ("bachelor", "master", "doctorate")},
    ),
    (
        "work_experience",
        "two-years",
        {"employment": (post(2 * YEAR - 1),)},
        Message.NEEDS_WORK,
        {"points": 5, "more": 1, "years": 2, "days": 729},
    ),
    (
        "work_experience",
        "ten-years-five-senior",
        {"employment": (post(11 * YEAR), post(5 * YEAR - 425, senior_role=True))},
        Message.NEEDS_SENIOR_WORK,
        {"points": 10, "senior_more": 425, "senior_years": 5, "senior_days": 1400},
    ),
    (
        "work_experience",
        "ten-years-five-senior",
        {"employment": (post(3285, senior_role=False), post(730, senior_role=True))},
        Message.NEEDS_WORK_AND_SENIOR_WORK,
        {
            "points": 10,
            "more": 365,
            "years": 10,
            "days": 3285,
            "senior_more": 1095,
            "senior_years": 5,
            "senior_days": 730,
        },
    ),
    (
        "work_experience",
        "international-exposure",
        {"employment": (post(700, outside_home_jurisdiction=True),)},
        Message.NEEDS_WORK_OUTSIDE_HOME,
        {"points": 15, "more": 30, "years": 2, "days": 700},
    ),
    (
        "talent_list",
        "listed-profession",
        {},
        Message.NEEDS_PROFESSION,
        {"points": 30, "edition": "talent-list-2018"},
    ),
    (
        "language",
        "chinese-and-english",
        {"languages": (skill("fr"), skill("en"))},
        Message.NEEDS_LANGUAGES,
        {"points": 5, "languages": ("zh",), "has": ("en",)},
    ),
    (
        "language",
        "chinese-or-english-and-foreign",
        {"languages": (skill("en"),)},
        Message.NEEDS_FOREIGN,
        {"points": 5, "foreign": 1, "has": ("en",)},
    ),
    (
        "language",
        "chinese-or-english",
        {"languages": (skill("fr"),)},
        Message.NEEDS_LANGUAGE,
        {"points": 10, "any_of": ("zh", "en"), "has": ()},
    ),
    (
        "family",
        "resident-relative",
        {},
        Message.NEEDS_RESIDENT_RELATIVE,
        {"points": 5},
    ),
    ("family", "spouse-with-degree", {}, Message.NEEDS_SPOUSE_WITH_DEGREE, {"points": 5}),
    (
        "family",
        "dependent-children",
        {"family": Family(children=(child(3),))},
        Message.NEEDS_CHILDREN,
        {"points": 5, "more": 1, "under": 18, "number": 1},
    ),
    (
        "family",
        "dependent-children",
        {},
        Message.NEEDS_CHILDREN,
        {"points": 10, "more": 2, "under": 18, "number": 0},
    ),
)


@pytest.mark.parametrize(("name", "rule", "filed", "message", "facts"), SHORT)
def test_a_shortfall_says_exactly_what_lacks(
    name: str, rule: str, filed: Mapping[str, Any], message: Message, facts: Mapping[str, Any]
) -> None:
    # The next row of a ladder is told, so the row that a case is about must be the next one.
    found = shortfall(application(**filed), name, rule)
    assert found.reason == Reason(message=message, facts=facts)


@pytest.mark.parametrize(
    ("accompanying", "degree", "message"),
    [
        (False, True, Message.NEEDS_SPOUSE_TO_COME),
        (True, False, Message.NEEDS_SPOUSE_TO_HAVE_DEGREE),
        (False, False, Message.NEEDS_SPOUSE_TO_COME_WITH_DEGREE),
    ],
)
def test_a_spouse_is_told_what_lacks(message: Message, *, accompanying: bool, degree: bool) -> None:
    spouse = Spouse(accompanying=accompanying, degree_or_above=degree)
    filed = application(family=Family(spouse=spouse, children=()))
    found = shortfall(filed, "family", "spouse-with-degree")
    assert found.reason == Reason(message=message, facts={"points": 5})


def test_no_achievement_is_told_with_all_that_one_would_give() -> None:
    found = shortfall(
        application(route=Route.ACHIEVEMENT), "achievement", "exceptional-achievement"
    )
    assert found.reason == Reason(message=Message.NEEDS_ACHIEVEMENT, facts={"points": 225})


def test_an_award_and_a_shortfall_name_their_evidence_and_their_sources() -> None:
    filed = application(qualifications=(held(Level.TECHNICAL), held(Level.BACHELOR)))
    given_for = award(filed, "qualifications", "bachelor-or-professional")
    lacking = shortfall(filed, "qualifications", "master-or-two-bachelors")
    assert (given_for.evidence, given_for.source) == (("qualifications[1]",), ("S10", "S41"))
    assert (lacking.evidence, lacking.source) == (("qualifications[1]",), ("S10", "S41"))
    assert shortfall(filed, "work_experience", "two-years").evidence == ("employment",)


def test_an_achievement_is_told_by_its_title_and_year() -> None:
    filed = application(route=Route.ACHIEVEMENT, achievements=(achieved(year=1998),))
    (given_for,) = assess(ACHIEVEMENT, filed, ON).factors[0].awards
    assert given_for.reason.message is Message.CLAIMS_ACHIEVEMENTS
    assert [text[-6:] for text in given_for.reason.facts["titles"]] == ["(1998)"]  # type: ignore[union-attr]  # texts
