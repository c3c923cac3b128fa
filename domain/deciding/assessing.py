"""Assessing: the prerequisites, then the points, under the ruleset that holds for the case."""

from domain import commands as c
from domain import stages as s
from domain.days import hong_kong_date
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.deciding.moving import ruleset_of
from domain.errors import AwaitsSecondOfficer, PersonErased
from domain.filed import Filed
from domain.findings import application_scored, prerequisites_assessed
from domain.overrides import OverrideApplied
from domain.rules.assess import assess
from domain.rules.overriding import NO_OVERRIDES, Overrides
from domain.rules.types import Assessment
from domain.strata import stratum_of


def assess_prerequisites(
    state: s.CaseState, command: c.AssessPrerequisites, given: Circumstances
) -> Facts:
    """Return the fact that the prerequisites were looked at."""
    match state:
        case s.Acknowledged(filed=filed) | s.PrerequisitesUnmet(filed=filed):
            return (prerequisites_assessed(_assessment(filed, given)),)
        case _:
            raise not_now(state, command)


def score(state: s.CaseState, command: c.ScoreApplication, given: Circumstances) -> Facts:
    """Return the fact that the points were counted, again where they were before.

    Where the rules that hold by now leave a prerequisite unmet nothing is scored, and that is the
    fact instead. Overrides stand as long as the ruleset does that they are about.
    """
    match state:
        case s.PrerequisitesMet(filed=filed):
            return _scored(filed, (), given)
        case s.BelowMark(proposals=(first, *_)) | s.InPool(proposals=(first, *_)):
            raise AwaitsSecondOfficer(
                f"an override of {first.rule} is proposed; have it confirmed or declined before "
                "the application is scored again"
            )
        case s.BelowMark(filed=filed, score=before) | s.InPool(filed=filed, score=before):
            return _scored(filed, before.overrides if before else (), given)
        case _:
            raise not_now(state, command)


def _scored(filed: Filed, standing: tuple[OverrideApplied, ...], given: Circumstances) -> Facts:
    ruleset = ruleset_of(filed, given)
    if filed.assessed is not None and filed.assessed.digest != ruleset.digest:
        standing = ()
    found = _assessment(filed, given, {each.rule: each.decided for each in standing})
    if not all(each.met for each in found.prerequisites):
        return (prerequisites_assessed(found),)
    applied = {each.rule: each for each in standing}
    # What agrees with the rule's own test by now is no override any more.
    overrides = tuple(applied[each.rule] for each in found.overrides)
    return (application_scored(found, overrides, stratum=_stratum(filed, found)),)


def _stratum(filed: Filed, found: Assessment) -> str | None:
    if filed.application is None:
        return None
    return stratum_of(filed.application, found.reference_date)


def _assessment(
    filed: Filed, given: Circumstances, overrides: Overrides = NO_OVERRIDES
) -> Assessment:
    """Assess under the ruleset that holds today; the reference date is the day of submission."""
    if filed.application is None:
        raise PersonErased("what the applicant filed was erased, so it cannot be assessed")
    ruleset = ruleset_of(filed, given)
    return assess(ruleset, filed.application, hong_kong_date(filed.submitted_at), overrides)
