"""What an assessment leaves in the log: its skeleton in clear, all the rest with the person.

Law: what is in clear is enough to check an assessment against its ruleset and the editions of the
lists it read after the person was erased.
"""

from domain.events import (
    ApplicationScored,
    CriterionResult,
    FactorPoints,
    PrerequisiteResult,
    PrerequisitesAssessed,
    RulePoints,
)
from domain.overrides import OverrideApplied
from domain.rules.types import Assessment, FactorScore


def prerequisites_assessed(found: Assessment) -> PrerequisitesAssessed:
    """Return the fact that an assessment's prerequisites were looked at."""
    return PrerequisitesAssessed(
        ruleset=found.ruleset,
        digest=found.digest,
        reference_date=found.reference_date,
        results=tuple(
            PrerequisiteResult(id=each.id, met=each.met, edition=each.edition)
            for each in found.prerequisites
        ),
        personal=found,
    )


def application_scored(
    found: Assessment,
    overrides: tuple[OverrideApplied, ...] = (),
    *,
    stratum: str | None = None,
) -> ApplicationScored:
    """Return the fact that an assessment's points were counted, with the overrides in them."""
    return ApplicationScored(
        ruleset=found.ruleset,
        digest=found.digest,
        reference_date=found.reference_date,
        factors=tuple(map(_points_of, found.factors)),
        total=found.total,
        pass_mark=found.pass_mark,
        criteria=tuple(
            CriterionResult(id=each.id, met=each.met, edition=each.edition)
            for each in found.criteria
        ),
        personal=found,
        overrides=overrides,
        computed_total=found.computed_total,
        stratum=stratum,
    )


def _points_of(found: FactorScore) -> FactorPoints:
    return FactorPoints(
        factor=found.factor,
        points=found.points,
        max=found.max,
        computed=found.computed,
        awards=tuple(
            RulePoints(rule=each.rule, points=each.points, edition=each.edition)
            for each in found.awards
        ),
    )
