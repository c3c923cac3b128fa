"""The points tables at their edges, the edges read from the data."""

from domain.rules.assess import assess
from domain.rules.checks import FACTOR_NAMES, rows_of
from domain.rules.types import Ruleset
from tests.rules.edges import edges, wrong
from tests.rules.filing import ON, application, born, points

PUBLISHED = {
    "age": {"age-18-39": 30, "age-40-44": 20, "age-45-50": 15, "age-51-up": 0},
    "qualifications": {
        "doctorate-or-two-masters": 40,
        "master-or-two-bachelors": 20,
        "bachelor-or-professional": 10,
        "renowned-institution": 30,
    },
    "work_experience": {
        "ten-years-five-senior": 40,
        "five-years-two-senior": 30,
        "five-years": 15,
        "two-years": 5,
        "international-exposure": 15,
    },
    "talent_list": {"listed-profession": 30},
    "language": {
        "chinese-and-english": 20,
        "chinese-or-english-and-foreign": 15,
        "chinese-or-english": 10,
    },
    "family": {"resident-relative": 5, "spouse-with-degree": 5, "dependent-children": 5},
}


def test_the_general_table_of_2018_gives_what_was_published(general: Ruleset) -> None:
    loaded = {
        FACTOR_NAMES[type(factor)]: {row.id: row.points for row in rows_of(factor)}
        for factor in general.factors
    }
    assert loaded == PUBLISHED
    assert [factor.max.value for factor in general.factors] == [30, 70, 55, 30, 20, 20]
    assert (general.max.value, general.pass_mark.value) == (225, 80)


def test_the_achievement_table_gives_all_or_nothing(achievement: Ruleset) -> None:
    assert [factor.max.value for factor in achievement.factors] == [225]
    assert (achievement.max.value, achievement.pass_mark.value) == (225, 225)


def test_every_edge_of_the_general_table_holds(general: Ruleset) -> None:
    table = edges(general)
    assert len(table) > 400
    assert wrong(general, table) == []


def test_every_edge_of_the_achievement_table_holds(achievement: Ruleset) -> None:
    assert wrong(achievement, edges(achievement)) == []


def test_ages_at_the_published_edges_score_as_published(general: Ruleset) -> None:
    expected = {17: 0, 18: 30, 39: 30, 40: 20, 44: 20, 45: 15, 50: 15, 51: 0, 90: 0}
    found = {
        age: points(assess(general, application(date_of_birth=born(age)), ON), "age")
        for age in expected
    }
    assert found == expected
