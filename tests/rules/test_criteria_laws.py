"""What holds of every application under a test of criteria."""

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.application import (
    Application,
    Business,
    LanguageSkill,
    Level,
    Post,
    Qualification,
    Sector,
    Skill,
)
from domain.rules.assess import assess
from domain.rules.choose import named
from services.rules import load_rulebook
from tests.rules.criteria_edges import met
from tests.rules.filing import ON, application, born, held, post, skill

QUESTIONS = named(load_rulebook(), "gptq-2024")
NEAR = st.integers(-1, 1)


@st.composite
def qualifications(draw: st.DrawFn) -> Qualification:
    """A qualification awarded about the reference date or long before."""
    return held(
        draw(st.sampled_from(list(Level))),
        awarded_on=ON + timedelta(days=draw(st.sampled_from((-4000, -1, 0, 1)))),
        stem=draw(st.booleans()),
        subject=draw(st.sampled_from(("Law", "Physics"))),
        listed_university=draw(st.booleans()),
        recognised_body=draw(st.booleans()),
    )


@st.composite
def posts(draw: st.DrawFn) -> Post:
    """A post of about as many years as some criterion asks, lately or before another."""
    return post(
        draw(st.sampled_from((1, 2, 3, 5))) * 365 + draw(NEAR),
        ending=ON - timedelta(days=draw(st.sampled_from((0, 2, 3))) * 365 + draw(NEAR)),
        sector=draw(st.sampled_from(list(Sector))),
        graduate_or_specialist=draw(st.integers(0, 4)) > 0,
        outside_home_jurisdiction=draw(st.booleans()),
        multinational_or_reputable=draw(st.booleans()),
    )


@st.composite
def languages(draw: st.DrawFn) -> LanguageSkill:
    """A language, mostly good."""
    skills = st.sampled_from((Skill.GOOD, Skill.GOOD, Skill.FAIR))
    tags = st.sampled_from(("zh", "yue", "en", "en-GB", "fr"))
    return skill(draw(tags), draw(skills), draw(skills))


@st.composite
def businesses(draw: st.DrawFn) -> Business:
    """A business about the edges of share and profit."""
    return Business(
        name=draw(st.sampled_from(("One", "Other"))),
        listed=draw(st.booleans()),
        ownership_percent=draw(st.sampled_from((9.99, 10.0, 49.99, 50.0, 100.0))),
        annual_profit_hkd=draw(st.sampled_from((-1, 0, 5_000_000))) + draw(NEAR),
    )


@st.composite
def applications(draw: st.DrawFn) -> Application:
    """An application, everything about it near an edge."""
    income = st.none() | NEAR.map(lambda step: 1_000_000 + step)
    return application(
        date_of_birth=born(50 + draw(st.integers(0, 2)), days_before_birthday=draw(NEAR)),
        qualifications=tuple(draw(st.lists(qualifications(), max_size=4))),
        employment=tuple(draw(st.lists(posts(), max_size=4))),
        languages=tuple(draw(st.lists(languages(), max_size=3))),
        businesses=tuple(draw(st.lists(businesses(), max_size=3))),
        annual_income_hkd=draw(income),
    )


@given(applications())
def test_the_total_is_the_number_met_and_never_above_twelve(filed: Application) -> None:
    found = assess(QUESTIONS, filed, ON)
    assert [each.id for each in found.criteria] == [f"C{n}" for n in range(1, 13)]
    assert found.total == sum(each.met for each in found.criteria) <= 12
    assert found.eligible == (all(each.met for each in found.prerequisites) and found.total >= 6)


@given(applications())
def test_whoever_meets_the_third_criterion_meets_the_second(filed: Application) -> None:
    ids = met(QUESTIONS, filed)
    assert "C3" not in ids or "C2" in ids


@given(applications())
def test_a_listed_company_with_the_profit_meets_both_criteria_of_business(
    filed: Application,
) -> None:
    company = Business(name="C", listed=True, ownership_percent=10.0, annual_profit_hkd=5_000_000)
    richer = replace(filed, businesses=(*filed.businesses, company))
    assert {"C11", "C12"} <= met(QUESTIONS, richer)


@given(applications(), qualifications(), posts(), languages(), businesses())
def test_having_more_never_un_meets_a_criterion(
    filed: Application,
    qualification: Qualification,
    work: Post,
    language: LanguageSkill,
    business: Business,
) -> None:
    before = met(QUESTIONS, filed)
    for richer in (
        replace(filed, qualifications=(*filed.qualifications, qualification)),
        replace(filed, employment=(*filed.employment, work)),
        replace(filed, languages=(*filed.languages, language)),
        replace(filed, businesses=(*filed.businesses, business)),
        replace(filed, annual_income_hkd=(filed.annual_income_hkd or 0) + 1),
    ):
        assert before <= met(QUESTIONS, richer)


@given(applications(), st.randoms(use_true_random=False))
def test_the_order_of_lists_never_matters(filed: Application, drawn: random.Random) -> None:
    def shuffled(rows: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(drawn.sample(rows, len(rows)))

    other = replace(
        filed,
        qualifications=shuffled(filed.qualifications),
        employment=shuffled(filed.employment),
        languages=shuffled(filed.languages),
        businesses=shuffled(filed.businesses),
    )
    assert met(QUESTIONS, other) == met(QUESTIONS, filed)


@given(applications())
def test_the_same_things_again_meet_nothing_more(filed: Application) -> None:
    doubled = replace(
        filed,
        qualifications=filed.qualifications * 2,
        employment=filed.employment * 2,
        languages=filed.languages * 2,
        businesses=filed.businesses * 2,
    )
    assert met(QUESTIONS, doubled) == met(QUESTIONS, filed)


@given(applications())
def test_every_finding_gives_the_facts_that_its_message_declares(filed: Application) -> None:
    for each in assess(QUESTIONS, filed, ON).criteria:
        assert set(each.reason.facts) == set(each.reason.message.facts)
        assert each.evidence
