"""An application assessed under a ruleset: the whole answer at once.

Law: pure. The same ruleset, application and day give the same assessment for ever; an unmet
prerequisite does not stop the scoring.
"""

from datetime import date

from domain.application import Application, Route
from domain.errors import Refusal
from domain.rules.criteria_findings import find_criteria
from domain.rules.prerequisites import find_prerequisites
from domain.rules.scoring import score
from domain.rules.types import Assessment, Ruleset


class WrongRoute(Refusal):
    """The ruleset is not one of the application's route."""


def assess(ruleset: Ruleset, application: Application, on: date) -> Assessment:
    """Every prerequisite, award and shortfall on a reference date, the Hong Kong day of submission.

    The total of a test of criteria is the number met.
    A ruleset of the other route is WrongRoute; a day outside the ruleset's life is allowed.
    """
    require_route(ruleset, application.route)
    prerequisites = find_prerequisites(ruleset, application, on)
    factors = tuple(score(each, ruleset.lists, application, on) for each in ruleset.factors)
    criteria = find_criteria(ruleset, application, on)
    total = sum(each.points for each in factors) + sum(each.met for each in criteria)
    return Assessment(
        ruleset=ruleset.id,
        digest=ruleset.digest,
        route=ruleset.route,
        reference_date=on,
        prerequisites=prerequisites,
        factors=factors,
        criteria=criteria,
        total=total,
        pass_mark=ruleset.pass_mark.value,
        eligible=all(each.met for each in prerequisites) and total >= ruleset.pass_mark.value,
    )


def require_route(ruleset: Ruleset, route: Route) -> None:
    """Nothing, or WrongRoute where the ruleset is not one of the route."""
    if ruleset.route != route:
        raise WrongRoute(
            f"{ruleset.id} is a ruleset of the {ruleset.route} route, "
            f"and this is an application of the {route} route"
        )
