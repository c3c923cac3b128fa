"""The rules as they ship, read once."""

import pytest

from domain.rules.choose import named
from domain.rules.types import Rulebook, Ruleset
from services.rules import load_rulebook
from tests.rules.published import ACHIEVEMENT_TESTS, POINTS_TESTS


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load_rulebook()


@pytest.fixture(scope="session")
def general(rulebook: Rulebook) -> Ruleset:
    return named(rulebook, "gpt-2018")


@pytest.fixture(scope="session")
def achievement(rulebook: Rulebook) -> Ruleset:
    return named(rulebook, "apt-225")


@pytest.fixture(scope="session", params=POINTS_TESTS)
def points_test(request: pytest.FixtureRequest, rulebook: Rulebook) -> Ruleset:
    """Each general test that gives points."""
    return named(rulebook, str(request.param))


@pytest.fixture(scope="session", params=ACHIEVEMENT_TESTS)
def achievement_test(request: pytest.FixtureRequest, rulebook: Rulebook) -> Ruleset:
    """Each achievement test."""
    return named(rulebook, str(request.param))


@pytest.fixture(scope="session", params=(*POINTS_TESTS, *ACHIEVEMENT_TESTS))
def scored_test(request: pytest.FixtureRequest, rulebook: Rulebook) -> Ruleset:
    """Each test that gives points, of either route."""
    return named(rulebook, str(request.param))
