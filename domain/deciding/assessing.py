"""Assessing: the prerequisites, then the points, under the ruleset that holds for the case."""

from domain import commands as c
from domain import stages as s
from domain.days import hong_kong_date
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.deciding.moving import ruleset_of
from domain.errors import AwaitsSecondOfficer, PersonErased
from domain.filed import Filed
from domain.findings import application_scored, prerequisites_assessed
from domain.overrides import OverrideApplied, standing_in
from domain.rules.assess import assess
from domain.rules.types import Assessment
from domain.strata import stratum_of


def assess_prerequisites(
    state: s.CaseState, command: c.AssessPrerequisites, given: Circumstances
) -> Facts:
    """Return the fact that the prerequisites were looked at."""
    match state:
        case s.Acknowledged(filed=filed) | s.PrerequisitesUnmet(filed=filed):
            return (prerequisites_assessed(_assessment(filed, given)[0]),)
        case _:
            raise not_now(state, command)


def score(state: s.CaseState, command: c.ScoreApplication, given: Circumstances) -> Facts:
    """Return the fact that the points were counted, again where they were before.

    Where the rules that hold by now leave a prerequisite unmet nothing is scored, and that is the
    fact instead. Overrides stand under the edition that they are about, also where the case is
    assessed anew after a correction, under another edition in between, and where the test itself
    gives by now what they do.
    """
    match state:
        case s.BelowMark(proposals=(first, *_)) | s.InPool(proposals=(first, *_)):
            raise AwaitsSecondOfficer(
                f"an override of {first.rule} is proposed; have it confirmed or declined before "
                "the application is scored again"
            )
        case s.PrerequisitesMet(filed=filed) | s.BelowMark(filed=filed) | s.InPool(filed=filed):
            return _scored(filed, given)
        case _:
            raise not_now(state, command)


def _scored(filed: Filed, given: Circumstances) -> Facts:
    found, standing = _assessment(filed, given)
    if not all(each.met for each in found.prerequisites):
        return (prerequisites_assessed(found),)
    return (application_scored(found, standing, stratum=_stratum(filed, found)),)


def _stratum(filed: Filed, found: Assessment) -> str | None:
    if filed.application is None:
        return None
    return stratum_of(filed.application, found.reference_date)


def _assessment(
    filed: Filed, given: Circumstances
) -> tuple[Assessment, tuple[OverrideApplied, ...]]:
    """Assess under the ruleset that holds today; the reference date is the day of submission.

    With it come the overrides that stand under that ruleset, which are in it.
    """
    if filed.application is None:
        raise PersonErased("what the applicant filed was erased, so it cannot be assessed")
    ruleset = ruleset_of(filed, given)
    stand = filed.overrides_under(ruleset.digest)
    points = {each.rule: each.decided for each in stand}
    found = assess(ruleset, filed.application, hong_kong_date(filed.submitted_at), points)
    return found, standing_in(found, stand)
