"""The points tables of every test at their edges, the edges read from the data."""

import pytest

from domain.application import Level
from domain.rules.assess import assess
from domain.rules.checks import FACTOR_NAMES, rows_of
from domain.rules.choose import named
from domain.rules.types import Rulebook, Ruleset
from tests.rules.edges import edges, wrong
from tests.rules.filing import ON, application, born, factor, held, met, points, post, skill
from tests.rules.published import ACHIEVEMENT_TESTS, AGES, MAXIMA, POINTS_TESTS, TABLES, WHOLE

YEAR = 365


def test_every_test_of_the_scheme_that_gives_points_is_in_the_tables(rulebook: Rulebook) -> None:
    scored = {each.id for each in rulebook.rulesets if each.factors}
    assert scored == set(POINTS_TESTS) | set(ACHIEVEMENT_TESTS) == set(TABLES)


def test_each_table_gives_what_was_published(scored_test: Ruleset) -> None:
    loaded = {
        FACTOR_NAMES[type(factor)]: {row.id: row.points for row in rows_of(factor)}
        for factor in scored_test.factors
    }
    assert loaded == TABLES[scored_test.id]


def test_each_maximum_is_as_published(scored_test: Ruleset) -> None:
    name = scored_test.id
    assert tuple(factor.max.value for factor in scored_test.factors) == MAXIMA[name]
    assert (scored_test.max.value, scored_test.pass_mark.value) == WHOLE[name]
    assert sum(MAXIMA[name]) == WHOLE[name][0]


def test_every_edge_of_each_points_table_holds(points_test: Ruleset) -> None:
    table = edges(points_test)
    assert len(table) > 350
    assert wrong(points_test, table) == []


def test_every_edge_of_each_achievement_table_holds(achievement_test: Ruleset) -> None:
    assert wrong(achievement_test, edges(achievement_test)) == []


def test_ages_at_the_published_edges_score_as_published(points_test: Ruleset) -> None:
    expected = AGES[points_test.id]
    found = {
        age: points(assess(points_test, application(date_of_birth=born(age)), ON), "age")
        for age in expected
    }
    assert found == expected


@pytest.mark.parametrize(
    ("age", "nearest"),
    [
        (17, "age-25-29"),
        (18, "age-25-29"),
        (24, "age-25-29"),
        (44, "age-35-39"),
        (50, "age-40-44"),
        (51, "age-45-50"),
        (70, "age-45-50"),
    ],
)
def test_who_is_outside_every_band_is_told_the_nearest_that_gives_more(
    rulebook: Rulebook, age: int, nearest: str
) -> None:
    found = assess(named(rulebook, "gpt-2006"), application(date_of_birth=born(age)), ON)
    assert [each.rule for each in factor(found, "age").shortfalls] == [nearest]


@pytest.mark.parametrize("age", [17, 18, 50, 51])
def test_only_the_first_test_had_an_upper_age(rulebook: Rulebook, age: int) -> None:
    filed = application(date_of_birth=born(age))
    may_apply = {
        name: met(assess(named(rulebook, name), filed, ON), "age") for name in POINTS_TESTS
    }
    assert may_apply == {
        name: age >= 18 and (age <= 50 or name != "gpt-2006") for name in POINTS_TESTS
    }


@pytest.mark.parametrize(
    ("years", "senior", "given"),
    [
        ((10, 0), (5, 0), (50, 50, 40)),
        ((10, -1), (5, 0), (40, 40, 30)),
        ((10, 1), (5, -1), (40, 40, 30)),
        ((5, 0), (2, 0), (40, 40, 30)),
        ((5, -1), (2, 1), (0, 10, 5)),
        ((5, 0), (2, -1), (30, 30, 15)),
        ((5, 1), (0, 0), (30, 30, 15)),
        ((5, -1), (0, 0), (0, 10, 5)),
        ((2, 1), (0, 0), (0, 10, 5)),
        ((2, 0), (0, 0), (0, 10, 5)),
        ((2, -1), (0, 0), (0, 0, 0)),
    ],
)
def test_experience_at_the_published_edges_scores_as_published(
    rulebook: Rulebook,
    years: tuple[int, int],
    senior: tuple[int, int],
    given: tuple[int, int, int],
) -> None:
    posts = [post(years[0] * YEAR + years[1])]
    if senior[0]:
        posts.append(post(senior[0] * YEAR + senior[1], senior_role=True))
    filed = application(employment=tuple(posts))
    found = {
        name: points(assess(named(rulebook, name), filed, ON), "work_experience")
        for name in POINTS_TESTS
    }
    first, relaxed, since = given
    assert found == {
        "gpt-2006": first,
        "gpt-2008": relaxed,
        "gpt-2015": since,
        "gpt-2018": since,
        "gpt-2023": since,
    }


@pytest.mark.parametrize(
    ("levels", "given"),
    [
        ((Level.DOCTORATE, Level.DOCTORATE), (45, 45, 40)),
        ((Level.DOCTORATE,), (40, 40, 40)),
        ((Level.MASTER, Level.MASTER), (40, 40, 40)),
        ((Level.MASTER,), (30, 35, 20)),
        ((Level.BACHELOR, Level.BACHELOR), (30, 35, 20)),
        ((Level.BACHELOR, Level.PROFESSIONAL), (20, 30, 10)),
        ((Level.BACHELOR,), (20, 30, 10)),
        ((Level.PROFESSIONAL, Level.PROFESSIONAL), (20, 30, 10)),
        ((Level.TECHNICAL, Level.TECHNICAL), (0, 0, 0)),
    ],
)
def test_qualifications_score_as_published(
    rulebook: Rulebook, levels: tuple[Level, ...], given: tuple[int, int, int]
) -> None:
    filed = application(qualifications=tuple(map(held, levels)))
    found = tuple(
        points(assess(named(rulebook, name), filed, ON), "qualifications") for name in POINTS_TESTS
    )
    assert found == (given[0], given[1], given[2], given[2], given[2])


@pytest.mark.parametrize(
    ("good", "given"),
    [
        (("zh", "en"), (20, 20)),
        (("zh", "en", "fr"), (20, 20)),
        (("zh", "fr"), (0, 15)),
        (("en", "fr"), (0, 15)),
        (("en",), (0, 10)),
        (("yue", "cmn"), (0, 10)),
        (("fr", "es"), (0, 0)),
    ],
)
def test_languages_score_as_published(
    rulebook: Rulebook, good: tuple[str, ...], given: tuple[int, int]
) -> None:
    filed = application(languages=tuple(map(skill, good)))
    found = tuple(
        points(assess(named(rulebook, name), filed, ON), "language") for name in POINTS_TESTS
    )
    assert found == (given[0], *(given[1],) * 4)


@pytest.mark.parametrize(
    ("mark", "years", "bonus"),
    [
        ("outside_home_jurisdiction", 2, (0, 0, 15, 15, 15)),
        ("multinational_or_reputable", 3, (0, 0, 0, 0, 20)),
    ],
)
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_bonuses_for_experience_begin_with_their_tests(
    rulebook: Rulebook, mark: str, years: int, bonus: tuple[int, ...], step: int
) -> None:
    days = years * YEAR + step
    plain = application(employment=(post(days),))
    marked = application(employment=(post(days, **{mark: True}),))
    found = tuple(
        points(assess(named(rulebook, name), marked, ON), "work_experience")
        - points(assess(named(rulebook, name), plain, ON), "work_experience")
        for name in POINTS_TESTS
    )
    assert found == (bonus if step >= 0 else (0,) * 5)
