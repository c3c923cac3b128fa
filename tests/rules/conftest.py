"""The rules as they ship, read once."""

import pytest
from hypothesis import settings

from domain.rules.choose import named
from domain.rules.types import Rulebook, Ruleset
from services.rules import load_rulebook

# A deadline would fail a test because the machine is busy, and never because a rule is wrong.
settings.register_profile("rules", deadline=None)
settings.load_profile("rules")


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load_rulebook()


@pytest.fixture(scope="session")
def general(rulebook: Rulebook) -> Ruleset:
    return named(rulebook, "gpt-2018")


@pytest.fixture(scope="session")
def achievement(rulebook: Rulebook) -> Ruleset:
    return named(rulebook, "apt-225")
