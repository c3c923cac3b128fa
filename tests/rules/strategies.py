"""Hypothesis strategies for applications, drawn around the edges of a ruleset's own data.

Plain random ages and dates hardly ever meet an edge, and so stay green with a wrong rule. Here an
age is an edge of a band give or take a year and a day, and a post lasts a number of years that some
row asks for, give or take a day. `applications(ruleset)` is what tests use.
"""

from datetime import timedelta

from hypothesis import strategies as st

from domain.application import (
    Achievement,
    AchievementKind,
    Application,
    Child,
    Family,
    LanguageSkill,
    Level,
    Post,
    Prerequisites,
    Qualification,
    Relative,
    Skill,
    Spouse,
)
from domain.days import DAYS_PER_YEAR
from domain.rules.factors import AgeFactor, FamilyFactor, WorkFactor
from domain.rules.types import Ruleset
from tests.rules.filing import ON, achieved, application, born, child, declared, held, post, skill

NEAR = st.integers(-1, 1)
LANGUAGES = ("zh", "yue", "cmn", "zh-Hant", "en", "en-GB", "fr", "fr-CA", "es")


def edge_ages(ruleset: Ruleset) -> tuple[int, ...]:
    """The ages at which some rule of a ruleset begins or ends to hold."""
    found = {ruleset.prerequisites.age.at_least, ruleset.prerequisites.age.at_most or 18}
    for factor in ruleset.factors:
        if isinstance(factor, AgeFactor):
            found |= {each for band in factor.bands for each in (band.lowest, band.highest) if each}
        if isinstance(factor, FamilyFactor):
            found |= {item.under for item in factor.items if item.under}
    return tuple(sorted(found))


def edge_years(ruleset: Ruleset) -> tuple[int, ...]:
    """The lengths of experience, in years, that some rule asks for."""
    rows = [each for each in ruleset.factors if isinstance(each, WorkFactor)]
    found = {row.years for each in rows for row in (*each.ladder, *each.bonuses)}
    found |= {row.senior_years for each in rows for row in each.ladder if row.senior_years}
    return tuple(sorted(found)) or (1,)


@st.composite
def births(draw: st.DrawFn, ruleset: Ruleset) -> object:
    """A day of birth that makes an age near an edge, to the day."""
    age = draw(st.sampled_from(edge_ages(ruleset))) + draw(NEAR)
    return born(max(age, 0), days_before_birthday=draw(st.integers(-1 if age else 0, 0))) + (
        timedelta(days=draw(NEAR) if age > 0 else 0)
    )


@st.composite
def posts(draw: st.DrawFn, ruleset: Ruleset) -> Post:
    """A post of a length near an edge, ending near the reference date or near another's start."""
    length = draw(st.sampled_from(edge_years(ruleset))) * DAYS_PER_YEAR + draw(NEAR)
    before = draw(st.sampled_from((0, *edge_years(ruleset)))) * DAYS_PER_YEAR
    return post(
        length,
        ending=ON - timedelta(days=before + draw(NEAR)),
        graduate_or_specialist=draw(st.integers(0, 4)) > 0,
        senior_role=draw(st.booleans()),
        outside_home_jurisdiction=draw(st.booleans()),
        multinational_or_reputable=draw(st.booleans()),
    )


@st.composite
def qualifications(draw: st.DrawFn) -> Qualification:
    """A qualification of any level awarded near the reference date or long before."""
    return held(
        draw(st.sampled_from(list(Level))),
        awarded_on=ON + timedelta(days=draw(st.sampled_from((-4000, -1, 0, 1)))),
        renowned_institution=draw(st.booleans()),
        recognised_body=draw(st.booleans()),
    )


@st.composite
def languages(draw: st.DrawFn) -> LanguageSkill:
    """A language, mostly good."""
    skills = st.sampled_from((Skill.GOOD, Skill.GOOD, Skill.GOOD, Skill.FAIR, Skill.NONE))
    return skill(draw(st.sampled_from(LANGUAGES)), draw(skills), draw(skills))


@st.composite
def children(draw: st.DrawFn, ruleset: Ruleset) -> Child:
    """A child, mostly one who counts but for an age near an edge."""
    mostly = st.integers(0, 4).map(bool)
    return child(
        date_of_birth=draw(births(ruleset)), accompanying=draw(mostly), married=not draw(mostly)
    )


@st.composite
def families(draw: st.DrawFn, ruleset: Ruleset) -> Family:
    """A family with up to four children."""
    spouse = st.builds(Spouse, accompanying=st.booleans(), degree_or_above=st.booleans())
    return Family(
        permanent_resident_relative=draw(st.none() | st.sampled_from(list(Relative))),
        spouse=draw(st.none() | spouse),
        children=tuple(draw(st.lists(children(ruleset), max_size=4))),
    )


def declarations() -> st.SearchStrategy[Prerequisites]:
    """Declarations, mostly good ones."""
    rarely = st.integers(0, 5).map(lambda drawn: drawn == 0)
    return st.builds(
        lambda cannot, record: declared(can_support_household=not cannot, criminal_record=record),
        rarely,
        rarely,
    )


def achievements() -> st.SearchStrategy[Achievement]:
    """An achievement of either kind."""
    return st.builds(achieved, st.sampled_from(list(AchievementKind)), st.integers(1950, 2030))


@st.composite
def applications(draw: st.DrawFn, ruleset: Ruleset) -> Application:
    """An application of a ruleset's route, everything about it near an edge."""
    profession = st.sampled_from((None, "", "A listed profession"))
    return application(
        route=ruleset.route,
        date_of_birth=draw(births(ruleset)),
        nationality=draw(st.sampled_from(("USA", "FRA", "VNM", "AFG"))),
        prerequisites=draw(declarations()),
        qualifications=tuple(draw(st.lists(qualifications(), max_size=4))),
        employment=tuple(draw(st.lists(posts(ruleset), max_size=4))),
        languages=tuple(draw(st.lists(languages(), max_size=4))),
        family=draw(families(ruleset)),
        talent_list_profession=draw(profession),
        achievements=tuple(draw(st.lists(achievements(), max_size=2))),
    )
