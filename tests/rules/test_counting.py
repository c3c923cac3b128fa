"""How the counted things are counted: each sentence of the format, at its edge."""

from datetime import date, timedelta

import pytest

from domain.application import AchievementKind, Family, Level, Route, Skill, Spouse
from domain.rules.assess import WrongRoute, assess
from domain.rules.types import Ruleset
from tests.rules.filing import (
    ON,
    achieved,
    application,
    born,
    child,
    factor,
    held,
    points,
    post,
    skill,
)

YEAR = 365


@pytest.mark.parametrize(
    ("day", "given"),
    [
        (date(2025, 2, 28), 20),
        (date(2025, 3, 1), 15),
        (date(2020, 2, 28), 30),
        (date(2020, 2, 29), 20),
    ],
)
def test_somebody_born_on_29_february_is_a_year_older_on_1_march(
    general: Ruleset, day: date, given: int
) -> None:
    filed = application(date_of_birth=date(1980, 2, 29))
    assert points(assess(general, filed, day), "age") == given


def test_parallel_jobs_do_not_count_twice(general: Ruleset) -> None:
    jobs = (post(YEAR), post(YEAR), post(2 * YEAR - 1))
    assert points(assess(general, application(employment=jobs), ON), "work_experience") == 0


def test_jobs_that_follow_each_other_add_up(general: Ruleset) -> None:
    earlier = post(YEAR, ending=ON - timedelta(days=YEAR))
    filed = application(employment=(post(YEAR), earlier))
    assert points(assess(general, filed, ON), "work_experience") == 5


def test_jobs_that_share_one_day_lose_that_day(general: Ruleset) -> None:
    earlier = post(YEAR, ending=ON - timedelta(days=YEAR - 1))
    filed = application(employment=(post(YEAR), earlier))
    assert points(assess(general, filed, ON), "work_experience") == 0


def test_an_open_post_ends_on_the_reference_date(general: Ruleset) -> None:
    filed = application(employment=(post(2 * YEAR, ended_on=None),))
    assert points(assess(general, filed, ON), "work_experience") == 5
    assert points(assess(general, filed, ON - timedelta(days=1)), "work_experience") == 0


def test_days_after_the_reference_date_are_ignored(general: Ruleset) -> None:
    to_come = post(3 * YEAR, ending=ON + timedelta(days=2 * YEAR + 1))
    later = post(YEAR, ending=ON + timedelta(days=2 * YEAR))
    filed = application(employment=(to_come, later))
    score = factor(assess(general, filed, ON), "work_experience")
    assert score.points == 0
    assert score.shortfalls[0].reason.facts["days"] == 364


@pytest.mark.parametrize("mark", ["senior_role", "outside_home_jurisdiction"])
def test_only_posts_at_graduate_or_specialist_level_count(general: Ruleset, mark: str) -> None:
    filed = application(employment=(post(20 * YEAR, graduate_or_specialist=False, **{mark: True}),))
    assert points(assess(general, filed, ON), "work_experience") == 0


def test_senior_years_count_within_the_years_in_all(general: Ruleset) -> None:
    five_senior_of_ten = (post(10 * YEAR), post(5 * YEAR, senior_role=True))
    filed = application(employment=five_senior_of_ten)
    assert points(assess(general, filed, ON), "work_experience") == 40


def test_the_years_of_a_bonus_are_in_posts_of_its_own_mark(general: Ruleset) -> None:
    abroad = post(2 * YEAR - 1, outside_home_jurisdiction=True)
    filed = application(employment=(abroad, post(5 * YEAR)))
    assert points(assess(general, filed, ON), "work_experience") == 15
    longer = post(2 * YEAR, outside_home_jurisdiction=True)
    filed = application(employment=(longer, post(5 * YEAR)))
    assert points(assess(general, filed, ON), "work_experience") == 30


def test_a_qualification_counts_from_the_day_of_its_award(general: Ruleset) -> None:
    filed = application(qualifications=(held(Level.MASTER, awarded_on=ON),))
    assert points(assess(general, filed, ON), "qualifications") == 20
    assert points(assess(general, filed, ON - timedelta(days=1)), "qualifications") == 0


def test_equal_entries_are_two_of_a_level(general: Ruleset) -> None:
    filed = application(qualifications=(held(Level.MASTER), held(Level.MASTER)))
    assert points(assess(general, filed, ON), "qualifications") == 40


def test_a_professional_qualification_is_not_a_second_bachelors(general: Ruleset) -> None:
    filed = application(qualifications=(held(Level.BACHELOR), held(Level.PROFESSIONAL)))
    assert points(assess(general, filed, ON), "qualifications") == 10


def test_a_professional_qualification_counts_only_from_a_recognised_body(general: Ruleset) -> None:
    own = held(Level.PROFESSIONAL, recognised_body=False)
    filed = application(qualifications=(own,))
    assert points(assess(general, filed, ON), "qualifications") == 0


def test_a_technical_qualification_scores_nothing(general: Ruleset) -> None:
    certificates = (held(Level.TECHNICAL, renowned_institution=True, recognised_body=True),) * 2
    filed = application(qualifications=certificates)
    assert points(assess(general, filed, ON), "qualifications") == 0


def test_the_bonus_for_a_renowned_institution_is_given_once(general: Ruleset) -> None:
    degrees = tuple(
        held(level, renowned_institution=True) for level in (Level.BACHELOR, Level.MASTER)
    )
    filed = application(qualifications=degrees)
    assert points(assess(general, filed, ON), "qualifications") == 20 + 30


@pytest.mark.parametrize("level", [Level.PROFESSIONAL, Level.TECHNICAL])
def test_the_bonus_needs_a_degree(general: Ruleset, level: Level) -> None:
    other = held(level, renowned_institution=True)
    filed = application(qualifications=(held(Level.BACHELOR), other))
    assert points(assess(general, filed, ON), "qualifications") == 10


def test_the_bonus_needs_a_degree_awarded_by_the_reference_date(general: Ruleset) -> None:
    later = held(Level.DOCTORATE, renowned_institution=True, awarded_on=ON + timedelta(days=1))
    filed = application(qualifications=(held(Level.BACHELOR), later))
    assert points(assess(general, filed, ON), "qualifications") == 10


@pytest.mark.parametrize("tag", ["zh", "yue", "cmn", "ZH-Hant", "zh-yue", "cmn-Hans-CN"])
def test_every_chinese_tag_is_chinese(general: Ruleset, tag: str) -> None:
    filed = application(languages=(skill(tag), skill("en-GB")))
    assert points(assess(general, filed, ON), "language") == 20


def test_two_kinds_of_chinese_are_one_language_and_not_foreign(general: Ruleset) -> None:
    filed = application(languages=(skill("yue"), skill("cmn"), skill("zh-Hant")))
    assert points(assess(general, filed, ON), "language") == 10


def test_english_of_two_countries_is_one_language(general: Ruleset) -> None:
    filed = application(languages=(skill("en-GB"), skill("en-US")))
    assert points(assess(general, filed, ON), "language") == 10


@pytest.mark.parametrize(
    ("spoken", "written"),
    [(Skill.GOOD, Skill.FAIR), (Skill.FAIR, Skill.GOOD), (Skill.BASIC, Skill.NONE)],
)
def test_good_means_both_spoken_and_written(
    general: Ruleset, spoken: Skill, written: Skill
) -> None:
    filed = application(languages=(skill("en"), skill("fr", spoken, written)))
    assert points(assess(general, filed, ON), "language") == 10


def test_a_language_spoken_in_one_entry_and_written_in_another_is_good(general: Ruleset) -> None:
    speaks, writes = skill("yue", written=Skill.NONE), skill("zh-Hant", spoken=Skill.NONE)
    assessment = assess(general, application(languages=(speaks, writes)), ON)
    assert points(assessment, "language") == 10
    assert factor(assessment, "language").awards[0].evidence == ("languages[0]", "languages[1]")


def test_a_foreign_language_without_chinese_or_english_gives_nothing(general: Ruleset) -> None:
    filed = application(languages=(skill("fr"), skill("de")))
    assert points(assess(general, filed, ON), "language") == 0


@pytest.mark.parametrize(
    "given",
    [
        {"accompanying": False},
        {"married": True},
        {"date_of_birth": born(18)},
    ],
)
def test_a_child_who_stays_is_married_or_of_age_does_not_count(
    general: Ruleset, given: dict[str, object]
) -> None:
    filed = application(family=Family(children=(child(**given),)))
    assert points(assess(general, filed, ON), "family") == 0


def test_a_child_counts_until_the_day_before_the_eighteenth_birthday(general: Ruleset) -> None:
    nearly = child(date_of_birth=born(18, days_before_birthday=1))
    filed = application(family=Family(children=(nearly,)))
    assert points(assess(general, filed, ON), "family") == 5
    assert points(assess(general, filed, ON + timedelta(days=1)), "family") == 0


def test_children_give_ten_points_at_most(general: Ruleset) -> None:
    filed = application(family=Family(children=(child(1), child(2), child(3))))
    assert points(assess(general, filed, ON), "family") == 10


@pytest.mark.parametrize(
    "spouse",
    [
        Spouse(accompanying=True, degree_or_above=False),
        Spouse(accompanying=False, degree_or_above=True),
    ],
)
def test_a_spouse_must_come_along_and_have_a_degree(general: Ruleset, spouse: Spouse) -> None:
    filed = application(family=Family(spouse=spouse, children=()))
    assert points(assess(general, filed, ON), "family") == 0


@pytest.mark.parametrize("claimed", ["", "   "])
def test_a_blank_profession_claims_nothing(general: Ruleset, claimed: str) -> None:
    filed = application(talent_list_profession=claimed)
    assert points(assess(general, filed, ON), "talent_list") == 0


def test_the_edition_of_the_talent_list_in_force_is_recorded(general: Ruleset) -> None:
    filed = application(talent_list_profession="Any text at all")
    editions = {
        day: factor(assess(general, filed, day), "talent_list").awards[0].edition
        for day in (date(2021, 10, 5), date(2021, 10, 6))
    }
    assert list(editions.values()) == ["talent-list-2018", "talent-list-2021"]


@pytest.mark.parametrize("kind", list(AchievementKind))
@pytest.mark.parametrize("year", [1950, 2030])
def test_one_achievement_of_either_kind_and_any_year_gives_the_maximum(
    achievement: Ruleset, kind: AchievementKind, year: int
) -> None:
    filed = application(route=Route.ACHIEVEMENT, achievements=(achieved(kind, year),))
    assert assess(achievement, filed, ON).total == 225


def test_no_achievement_gives_nothing(achievement: Ruleset) -> None:
    assessment = assess(achievement, application(route=Route.ACHIEVEMENT), ON)
    assert (assessment.total, assessment.eligible) == (0, False)


def test_a_ruleset_of_the_other_route_is_refused_by_name(general: Ruleset) -> None:
    with pytest.raises(WrongRoute, match=r"gpt-2018 .* general route, .* achievement route"):
        assess(general, application(route=Route.ACHIEVEMENT), ON)
