"""Assessing: the prerequisites, then the points, under the ruleset that holds for the case."""

from domain import commands as c
from domain import stages as s
from domain.days import hong_kong_date
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.deciding.moving import ruleset_of
from domain.errors import PersonErased
from domain.findings import application_scored, prerequisites_assessed
from domain.rules.assess import assess
from domain.rules.types import Assessment


def assess_prerequisites(
    state: s.CaseState, command: c.AssessPrerequisites, given: Circumstances
) -> Facts:
    """Return the fact that the prerequisites were looked at."""
    match state:
        case s.Acknowledged(filed=filed):
            return (prerequisites_assessed(_assessment(filed, given)),)
        case _:
            raise not_now(state, command)


def score(state: s.CaseState, command: c.ScoreApplication, given: Circumstances) -> Facts:
    """Return the fact that the points were counted.

    Where the rules that hold by now leave a prerequisite unmet nothing is scored, and that is the
    fact instead.
    """
    match state:
        case s.PrerequisitesMet(filed=filed):
            found = _assessment(filed, given)
            if all(each.met for each in found.prerequisites):
                return (application_scored(found),)
            return (prerequisites_assessed(found),)
        case _:
            raise not_now(state, command)


def _assessment(filed: s.Filed, given: Circumstances) -> Assessment:
    """Assess under the ruleset that holds today; the reference date is the day of submission."""
    if filed.application is None:
        raise PersonErased("what the applicant filed was erased, so it cannot be assessed")
    ruleset = ruleset_of(filed, given)
    return assess(ruleset, filed.application, hong_kong_date(filed.submitted_at))
