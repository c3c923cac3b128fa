"""The rules as they ship, read once."""

import pytest

from domain.rules.choose import named
from domain.rules.types import Rulebook, Ruleset
from services.rules import load_rulebook


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load_rulebook()


@pytest.fixture(scope="session")
def general(rulebook: Rulebook) -> Ruleset:
    return named(rulebook, "gpt-2018")


@pytest.fixture(scope="session")
def achievement(rulebook: Rulebook) -> Ruleset:
    return named(rulebook, "apt-225")
