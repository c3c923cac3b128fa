"""An application assessed under a ruleset: the whole answer at once.

Law: pure. The same ruleset, application and day give the same assessment for ever; an unmet
prerequisite does not stop the scoring.
"""

from datetime import date

from domain.application import Application, Route
from domain.errors import Refusal
from domain.rules.criteria_findings import find_criteria
from domain.rules.overriding import NO_OVERRIDES, Overrides, decide_criteria, demand_possible
from domain.rules.prerequisites import find_prerequisites
from domain.rules.scoring import score
from domain.rules.types import Assessment, Ruleset


class WrongRoute(Refusal):
    """The ruleset is not one of the application's route."""


def assess(
    ruleset: Ruleset, application: Application, on: date, overrides: Overrides = NO_OVERRIDES
) -> Assessment:
    """Every prerequisite, award and shortfall on a reference date, the Hong Kong day of submission.

    The total of a test of criteria is the number met. `overrides` are points that an officer
    decided in place of a rule's own test, 1 or 0 of a criterion; where they agree with it they
    leave no trace. A ruleset of the other route is WrongRoute; a rule that it does not have is
    NoSuchRule, points that the rule cannot give PointsImpossible. A day outside the ruleset's life
    is allowed.
    """
    require_route(ruleset, application.route)
    demand_possible(ruleset, overrides)
    prerequisites = find_prerequisites(ruleset, application, on)
    scores = [score(each, ruleset.lists, application, on, overrides) for each in ruleset.factors]
    factors = tuple(found for found, _ in scores)
    asked = find_criteria(ruleset, application, on)
    criteria, judged = decide_criteria(ruleset, asked, overrides) if overrides else (asked, ())
    overridden = (*(one for _, decided in scores for one in decided), *judged)
    total = sum(each.points for each in factors) + sum(each.met for each in criteria)
    computed = sum(each.points if each.computed is None else each.computed for each in factors)
    computed += sum(each.met for each in asked)
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
        computed_total=computed if overridden else None,
        overrides=overridden,
    )


def require_route(ruleset: Ruleset, route: Route) -> None:
    """Nothing, or WrongRoute where the ruleset is not one of the route."""
    if ruleset.route != route:
        raise WrongRoute(
            f"{ruleset.id} is a ruleset of the {ruleset.route} route, "
            f"and this is an application of the {route} route"
        )
