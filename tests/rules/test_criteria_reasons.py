"""What is said of each criterion: why it is met, or exactly what lacks."""

from dataclasses import replace

import pytest

from domain.application import Application, Level, Sector, Skill
from domain.rules.assess import assess
from domain.rules.choose import named
from domain.rules.reasons import Message
from domain.rules.types import Rulebook, Ruleset
from tests.domain.histories import EMMA, JOHN
from tests.rules.criteria_edges import business, criterion
from tests.rules.filing import ON, application, born, held, post, skill

MASTER = held(Level.MASTER, listed_university=True)


@pytest.fixture(scope="module")
def questions(rulebook: Rulebook) -> Ruleset:
    return named(rulebook, "gptq-2024")


def _says(questions: Ruleset, filed: Application, name: str) -> tuple[Message, dict[str, object]]:
    found = criterion(questions, filed, name)
    assert not found.met
    return found.reason.message, dict(found.reason.facts)


@pytest.mark.parametrize(
    ("name", "filed", "message", "facts"),
    [
        ("C1", application(date_of_birth=born(53)), "lacks-youth", {"age": 53, "highest": 50}),
        ("C2", application(), "lacks-degree", {"levels": ("master", "doctorate")}),
        (
            "C2",
            application(qualifications=(held(Level.DOCTORATE, institution="Elsewhere"),)),
            "lacks-listed-university",
            {"level": "doctorate", "institution": "Elsewhere"},
        ),
        ("C3", application(), "lacks-stem-degree", {"criterion": "C2"}),
        (
            "C3",
            application(qualifications=(replace(MASTER, subject="Law"),)),
            "lacks-stem-subject",
            {"criterion": "C2", "subjects": ("Law",)},
        ),
        ("C4", application(), "lacks-languages", {"more": 2, "has": ()}),
        (
            "C4",
            application(languages=(skill("fr"),)),
            "lacks-languages",
            {"more": 1, "has": ("fr",)},
        ),
        ("C5", application(), "lacks-language", {"languages": ("en",)}),
        (
            "C5",
            application(languages=(skill("en", Skill.FAIR, Skill.GOOD),)),
            "lacks-language-spoken",
            {"languages": ("en",)},
        ),
        (
            "C5",
            application(languages=(skill("en", Skill.GOOD, Skill.FAIR),)),
            "lacks-language-written",
            {"languages": ("en",)},
        ),
        (
            "C6",
            application(employment=(post(1400),)),
            "lacks-work",
            {"more": 425, "years": 5, "days": 1400},
        ),
        (
            "C7",
            application(employment=(post(1094, multinational_or_reputable=True),)),
            "lacks-work-multinational",
            {"more": 1, "years": 3, "days": 1094},
        ),
        (
            "C8",
            application(employment=(post(95, sector=Sector.FINANCE),)),
            "lacks-work-in-sectors",
            {
                "more": 1000,
                "years": 3,
                "days": 95,
                "sectors": ("innovation_technology", "finance", "international_trade"),
            },
        ),
        (
            "C9",
            application(),
            "lacks-work-outside-home",
            {"more": 730, "years": 2, "days": 0},
        ),
        ("C10", application(), "lacks-any-income", {"least": 1_000_000}),
        (
            "C10",
            application(annual_income_hkd=800_000),
            "lacks-income",
            {"more": 200_000, "least": 1_000_000, "income": 800_000},
        ),
        ("C11", application(), "lacks-business", {"least": 5_000_000}),
        (
            "C11",
            application(businesses=(business(percent=50, profit=4_800_000),)),
            "lacks-profit",
            {"name": "A", "more": 200_000, "least": 5_000_000, "profit": 4_800_000},
        ),
        (
            "C11",
            application(businesses=(business(percent=49.9, profit=6_000_000),)),
            "lacks-share",
            {"name": "A", "more_percent": "0.1", "least_percent": 50, "percent": "49.9"},
        ),
        (
            "C11",
            application(businesses=(business(percent=20.0, profit=-1),)),
            "lacks-profit-and-share",
            {
                "name": "A",
                "more": 5_000_001,
                "least": 5_000_000,
                "profit": -1,
                "least_percent": 50,
                "percent": "20",
            },
        ),
        ("C12", application(), "lacks-listed-company", {"least_percent": 10}),
        (
            "C12",
            application(businesses=(business(percent=9.75, listed=True),)),
            "lacks-share",
            {"name": "A", "more_percent": "0.25", "least_percent": 10, "percent": "9.75"},
        ),
    ],
)
def test_who_does_not_meet_a_criterion_is_told_what_lacks(
    questions: Ruleset, name: str, filed: Application, message: str, facts: dict[str, object]
) -> None:
    assert _says(questions, filed, name) == (message, facts)


def test_of_several_businesses_the_one_that_lacks_least_is_told(questions: Ruleset) -> None:
    filed = application(
        businesses=(
            business(name="Small share", percent=1, profit=4_999_999),
            business(name="Near", percent=60, profit=4_900_000),
            business(name="Far", percent=60, profit=100),
        )
    )
    assert _says(questions, filed, "C11")[1]["name"] == "Near"


def test_every_finding_has_facts_of_its_message_a_source_and_evidence(questions: Ruleset) -> None:
    for filed in (JOHN, EMMA, application()):
        for each in assess(questions, filed, ON).criteria:
            assert set(each.reason.facts) == set(each.reason.message.facts)
            assert each.source
            assert each.evidence


def test_of_equal_degrees_the_same_one_is_told_in_any_order(questions: Ruleset) -> None:
    degrees = [replace(MASTER, stem=True, subject=each) for each in ("Physics", "Statistics")]
    for order in (degrees, degrees[::-1]):
        found = criterion(questions, application(qualifications=tuple(order)), "C3")
        assert found.met
        assert found.reason.facts == {"level": "master", "subject": "Statistics"}
