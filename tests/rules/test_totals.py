"""What an application is worth is what its assessment says, whatever it claims."""

from datetime import date

import pytest
from hypothesis import given

from domain.application import Application, Route
from domain.rules.assess import WrongRoute, assess
from domain.rules.choose import named
from domain.rules.totals import worth
from services.rules import load_rulebook
from tests.rules.filing import ON, application
from tests.rules.strategies import applications

BOOK = load_rulebook()


@given(applications(named(BOOK, "gpt-2023")))
def test_the_worth_is_the_total_of_the_assessment(filed: Application) -> None:
    for ruleset in BOOK.rulesets:
        if ruleset.route is filed.route:
            found = assess(ruleset, filed, ON)
            assert worth(ruleset, filed, ON) == (found.total, found.eligible)


@given(applications(named(BOOK, "apt-225")))
def test_so_it_is_by_achievement(filed: Application) -> None:
    ruleset = named(BOOK, "apt-245")
    found = assess(ruleset, filed, ON)
    assert worth(ruleset, filed, ON) == (found.total, found.eligible)


def test_an_application_that_claims_nothing_is_worth_its_age() -> None:
    # Aged 30, which gives 30; without a language or a degree it is not eligible.
    assert worth(named(BOOK, "gpt-2018"), application(), date(2019, 5, 1)) == (30, False)


def test_a_ruleset_of_the_other_route_is_refused() -> None:
    with pytest.raises(WrongRoute):
        worth(named(BOOK, "apt-225"), application(route=Route.GENERAL), ON)
