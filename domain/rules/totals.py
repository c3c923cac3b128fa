"""What an application is worth under a ruleset, and nothing of why.

Law: the total and the eligibility are those of `assess`, without the time that telling takes.
For thousands of applications at once, of which nobody reads the reasons.
"""

from datetime import date
from typing import NamedTuple

from domain.application import Application
from domain.rules.assess import assess, require_route
from domain.rules.prerequisites import meets_prerequisites
from domain.rules.scoring import given
from domain.rules.types import Ruleset, Test


class Worth(NamedTuple):
    """The total, in points or criteria met, and whether the application is eligible."""

    total: int
    eligible: bool


def worth(ruleset: Ruleset, application: Application, on: date) -> Worth:
    """The total and eligibility that `assess` finds on a reference date; WrongRoute as there."""
    if ruleset.test is Test.CRITERIA:
        found = assess(ruleset, application, on)
        return Worth(found.total, found.eligible)
    require_route(ruleset, application.route)
    total = sum([given(each, ruleset.lists, application, on) for each in ruleset.factors])
    met = meets_prerequisites(ruleset, application, on)
    return Worth(total, met and total >= ruleset.pass_mark.value)
