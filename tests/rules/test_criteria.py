"""The test of 2024: twelve criteria, of which six must be met."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from domain.application import Application, Level, Route, Sector, Spouse
from domain.rules.assess import WrongRoute, assess
from domain.rules.choose import named
from domain.rules.types import Rulebook, Ruleset
from tests.domain.histories import EMMA, JACKIE, JOHN
from tests.rules.criteria_edges import business, criterion, edges, met
from tests.rules.filing import ON, application, born, declared, held, post, skill

BEGINS = date(2024, 11, 1)


@pytest.fixture(scope="module")
def questions(rulebook: Rulebook) -> Ruleset:
    return named(rulebook, "gptq-2024")


def test_the_figures_are_those_of_the_scheme(questions: Ruleset) -> None:
    assert (questions.pass_mark.value, questions.max.value) == (6, 12)
    assert [each.id for each in questions.criteria] == [f"C{n}" for n in range(1, 13)]
    assert (questions.life.first, questions.life.until) == (BEGINS, None)
    assert questions.transition.catches == "submission_date"
    assert questions.factors == ()


def test_each_criterion_is_met_from_its_edge_on(questions: Ruleset) -> None:
    table = edges(questions)
    assert len(table) > 500
    wrong = [
        edge.label
        for edge in table
        if criterion(questions, edge.filed, edge.criterion).met != edge.expected
    ]
    assert wrong == []


# The expectations by hand: what the scheme says, in numbers of its own.

MASTER = held(Level.MASTER, listed_university=True)
STEM_MASTER = replace(MASTER, stem=True)
FOUR_YEARS, FIVE_YEARS = 1460, 1825


@pytest.mark.parametrize(
    ("filed", "ids"),
    [
        (application(date_of_birth=date(1969, 5, 1)), "C1"),  # 50 on the day
        (application(date_of_birth=date(1968, 5, 2)), "C1"),  # 51 tomorrow
        (application(date_of_birth=date(1968, 5, 1)), ""),
        (application(date_of_birth=born(51), qualifications=(MASTER,)), "C2"),
        (application(date_of_birth=born(51), qualifications=(STEM_MASTER,)), "C2 C3"),
        (application(date_of_birth=born(51), languages=(skill("zh"), skill("en"))), "C4 C5"),
        (application(date_of_birth=born(51), languages=(skill("zh"), skill("fr"))), "C4"),
        (application(date_of_birth=born(51), languages=(skill("en"),)), "C5"),
        (application(date_of_birth=born(51), employment=(post(FIVE_YEARS),)), "C6"),
        (application(date_of_birth=born(51), employment=(post(FIVE_YEARS - 1),)), ""),
        (
            application(
                date_of_birth=born(51),
                employment=(
                    post(
                        FIVE_YEARS,
                        sector=Sector.FINANCE,
                        multinational_or_reputable=True,
                        outside_home_jurisdiction=True,
                    ),
                ),
            ),
            "C6 C7 C8 C9",
        ),
        (application(date_of_birth=born(51), annual_income_hkd=1_000_000), "C10"),
        (application(date_of_birth=born(51), annual_income_hkd=999_999), ""),
        (
            application(
                date_of_birth=born(51), businesses=(business(percent=50, profit=5_000_000),)
            ),
            "C11",
        ),
        (
            application(
                date_of_birth=born(51),
                businesses=(business(percent=10, profit=5_000_000, listed=True),),
            ),
            "C11 C12",
        ),
        (
            application(
                date_of_birth=born(51),
                businesses=(business(percent=10, profit=4_999_999, listed=True),),
            ),
            "C12",
        ),
    ],
)
def test_what_one_thing_meets(questions: Ruleset, filed: Application, ids: str) -> None:
    assert met(questions, filed) == set(ids.split())


@pytest.mark.parametrize(
    ("percent", "ids"), [(49.99999999999999, ""), (50.0, "C11"), (50.00000000000001, "C11")]
)
def test_half_of_a_business_is_half_to_the_last_digit(
    questions: Ruleset, percent: float, ids: str
) -> None:
    owned = business(percent=percent, profit=5_000_000)
    filed = application(date_of_birth=born(51), businesses=(owned,))
    assert met(questions, filed) == set(ids.split())


def test_six_of_twelve_pass_and_five_do_not(questions: Ruleset) -> None:
    languages, posts = (skill("en"), skill("fr")), (post(FIVE_YEARS),)
    bachelor = (held(Level.BACHELOR),)
    five = application(
        languages=languages,
        employment=posts,
        qualifications=bachelor,
        annual_income_hkd=1_000_000,
    )
    six = replace(
        five,
        employment=(post(FIVE_YEARS, multinational_or_reputable=True),),
    )
    found = [assess(questions, each, ON) for each in (five, six)]
    assert [(each.total, each.pass_mark, each.eligible) for each in found] == [
        (5, 6, False),
        (6, 6, True),
    ]
    assert [each.factors for each in found] == [(), ()]


def test_an_unmet_prerequisite_leaves_the_count_but_not_the_right(questions: Ruleset) -> None:
    filed = replace(JOHN, prerequisites=declared(criminal_record=True))
    found = assess(questions, filed, date(2024, 11, 15))
    assert (found.total, found.eligible) == (10, False)


def test_john_meets_ten(questions: Ruleset) -> None:
    # 36 years old; a master's of Stanford in computer science; English and Mandarin; at work since
    # August 2012, always with a listed company, abroad since 2017; HK$1,450,000 a year.
    found = assess(questions, JOHN, date(2024, 11, 15))
    assert [each.id for each in found.criteria if not each.met] == ["C11", "C12"]
    assert (found.total, found.pass_mark, found.eligible) == (10, 6, True)


def test_emma_meets_six_and_with_one_language_less_does_not(questions: Ruleset) -> None:
    # 40 years old; a bachelor's; French and English; a cook since 2006, four and a half years of it
    # with a hotel group in Tokyo; HK$620,000 a year; no business.
    on = date(2024, 11, 15)
    found = assess(questions, EMMA, on)
    assert [each.id for each in found.criteria if each.met] == ["C1", "C4", "C5", "C6", "C7", "C9"]
    assert (found.total, found.eligible) == (6, True)
    only_english = replace(EMMA, languages=(skill("en"),))
    assert (
        assess(questions, only_english, on).total,
        assess(questions, only_english, on).eligible,
    ) == (5, False)


def test_a_day_before_the_test_may_be_named(questions: Ruleset) -> None:
    # In May 2019 John was 31 with 6 years and 9 months of work, 2 years and 4 months of it abroad.
    found = assess(questions, JOHN, ON)
    assert (found.total, found.criteria[1].edition) == (10, None)


def test_an_achievement_is_not_assessed_by_criteria(questions: Ruleset) -> None:
    with pytest.raises(WrongRoute, match="gptq-2024 is a ruleset of the general route"):
        assess(questions, JACKIE, BEGINS)


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        (date(2024, 10, 31), None),
        (date(2024, 11, 1), "universities-2024"),
        (date(2025, 6, 30), "universities-2024"),
        (date(2025, 7, 1), "universities-2025"),
        (date(2026, 11, 22), "universities-2025"),
    ],
)
def test_the_edition_of_the_list_of_universities_stands_beside_what_read_it(
    questions: Ruleset, day: date, edition: str | None
) -> None:
    found = assess(questions, JOHN, day)
    assert found.criteria[1].edition == edition
    assert {each.edition for each in found.criteria if each.id != "C2"} == {None}


def test_sizes_of_the_list_of_universities(rulebook: Rulebook) -> None:
    sizes = [(each.id, each.size) for each in rulebook.lists.universities.editions]
    assert sizes == [("universities-2024", 198 + 6), ("universities-2025", 205)]


# Wrong versions of this test are in circulation; each of these is one of their mistakes.


@pytest.mark.parametrize(
    "change",
    [
        lambda filed: replace(
            filed,
            family=replace(filed.family, spouse=Spouse(accompanying=True, degree_or_above=True)),
        ),
        lambda filed: replace(filed, talent_list_profession="Actuaries"),
        lambda filed: replace(
            filed,
            qualifications=(held(Level.PROFESSIONAL, listed_university=True, stem=True),),
        ),
        lambda filed: replace(
            filed, qualifications=(held(Level.BACHELOR, listed_university=True, stem=True),)
        ),
        lambda filed: replace(
            filed, qualifications=(held(Level.BACHELOR, renowned_institution=True, stem=True),) * 3
        ),
        lambda filed: replace(filed, businesses=(business(percent=100, profit=1_000_000),)),
        lambda filed: replace(filed, employment=(post(2 * 365, multinational_or_reputable=True),)),
    ],
    ids=(
        "a spouse's degree",
        "the Talent List",
        "a professional qualification",
        "a bachelor's degree of a listed university",
        "bachelor's degrees of renowned institutions",
        "a company's profit of a million",
        "two years with a multinational",
    ),
)
def test_what_is_no_criterion_meets_none(
    questions: Ruleset, change: Callable[[Application], Application]
) -> None:
    nobody = application(date_of_birth=born(60))
    assert met(questions, nobody) == set()
    assert met(questions, change(nobody)) == set()


def test_of_patents_nothing_is_asked(questions: Ruleset) -> None:
    assert "patent" not in repr(questions).lower()


def test_a_doctorate_of_a_renowned_but_unlisted_university_is_not_enough(
    questions: Ruleset,
) -> None:
    filed = application(
        date_of_birth=born(60),
        qualifications=(held(Level.DOCTORATE, renowned_institution=True, stem=True),),
    )
    assert met(questions, filed) == set()


def test_a_stem_degree_and_a_listed_degree_are_not_a_listed_stem_degree(
    questions: Ruleset,
) -> None:
    filed = application(
        date_of_birth=born(60),
        qualifications=(MASTER, held(Level.MASTER, stem=True), held(Level.BACHELOR, stem=True)),
    )
    assert met(questions, filed) == {"C2"}


def test_the_test_began_in_november_2024_and_not_a_year_later(rulebook: Rulebook) -> None:
    lives = {each.id: each.life for each in rulebook.rulesets if each.route is Route.GENERAL}
    assert lives["gptq-2024"].first == date(2024, 11, 1)
    checked = date(2026, 7, 16)  # the last day on which a source says that it still holds
    others = {name: life.first for name, life in lives.items() if name != "gptq-2024"}
    assert {name for name, first in others.items() if BEGINS <= first <= checked} == set()
