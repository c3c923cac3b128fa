"""Points that an officer decided in place of what a rule's own test gave.

Law: a decision is about one rule and is one of the values that the rule can give, so that no set
of decisions lifts a factor above its maximum. A decision that agrees with the test changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from domain.errors import Refusal
from domain.rules.checks import FACTOR_NAMES, rows_of
from domain.rules.criteria import StemDegree
from domain.rules.factors import FamilyItem
from domain.rules.reasons import Message, Reason
from domain.rules.tested import Tested, because
from domain.rules.types import CriterionFinding, Overridden, Ruleset

Overrides = Mapping[str, int]
"""Decided points by the id of their rule; 1 and 0 for a criterion that is met or not."""

NO_OVERRIDES: Final[Overrides] = MappingProxyType({})


class NoSuchRule(Refusal):
    """The ruleset has no rule of this id."""


class PointsImpossible(Refusal):
    """The rule cannot give these points."""


def choices(ruleset: Ruleset) -> Mapping[str, tuple[int, ...]]:
    """Every value that can be decided for each rule of a ruleset, from nothing to the most."""
    points = {
        row.id: _values(row.points, row.cap if isinstance(row, FamilyItem) else row.points)
        for factor in ruleset.factors
        for row in rows_of(factor)
    }
    return points | {each.id: (0, 1) for each in ruleset.criteria}


def factor_of(ruleset: Ruleset, rule: str) -> str | None:
    """The name of the factor that a rule belongs to, None where it belongs to none."""
    for factor in ruleset.factors:
        if any(row.id == rule for row in rows_of(factor)):
            return FACTOR_NAMES[type(factor)]
    return None


def demand_possible(ruleset: Ruleset, overrides: Overrides) -> None:
    """Nothing, or the refusal of the first override that the ruleset has no room for."""
    if not overrides:
        return
    known = choices(ruleset)
    for rule, decided in overrides.items():
        if rule not in known:
            raise NoSuchRule(f"{ruleset.id} has no rule {rule!r}; it has: {', '.join(known)}")
        if decided not in known[rule]:
            values = " or ".join(map(str, known[rule]))
            raise PointsImpossible(f"{rule} of {ruleset.id} gives {values} points, not {decided}")


def decide_rows(rows: Iterable[Tested], overrides: Overrides) -> tuple[Tested, ...]:
    """The rows with what was decided of them; a row of which nothing else was decided is itself."""
    return tuple(
        _decided(row, overrides[row.rule])
        if overrides.get(row.rule, given(row)) != given(row)
        else row
        for row in rows
    )


def differences(tested: Sequence[Tested], decided: Sequence[Tested]) -> Iterator[Overridden]:
    """What was decided of each row that ``decide_rows`` changed."""
    for before, after in zip(tested, decided, strict=True):
        if before is not after:
            yield Overridden(rule=before.rule, computed=given(before), decided=given(after))


def decide_criteria(
    ruleset: Ruleset, found: tuple[CriterionFinding, ...], overrides: Overrides
) -> tuple[tuple[CriterionFinding, ...], tuple[Overridden, ...]]:
    """The findings with what was decided of them, and what was decided otherwise.

    A criterion that depends on one that is then not met is not met either.
    """
    judged: dict[str, CriterionFinding] = {}
    overridden = []
    for criterion, finding in zip(ruleset.criteria, found, strict=True):
        met = bool(overrides.get(finding.id, finding.met))
        judged[finding.id] = finding
        if met is not finding.met:
            message = Message.DECIDED_MET if met else Message.DECIDED_NOT_MET
            judged[finding.id] = _judged(finding, because(message), met=met)
            overridden.append(
                Overridden(rule=finding.id, computed=int(finding.met), decided=int(met))
            )
        if met and isinstance(criterion, StemDegree) and not judged[criterion.of].met:
            lacks = because(Message.LACKS_STEM_DEGREE, criterion=criterion.of)
            judged[finding.id] = _judged(finding, lacks, met=False)
    return tuple(judged.values()), tuple(overridden)


def _judged(finding: CriterionFinding, reason: Reason, *, met: bool) -> CriterionFinding:
    return replace(finding, met=met, reason=reason, evidence=(), edition=None)


def given(row: Tested) -> int:
    """The points that a row gives where nothing stands above it."""
    return row.points if row.met else 0


def _values(once: int, most: int) -> tuple[int, ...]:
    return tuple(range(0, most + 1, once)) if once else (0,)


def _decided(row: Tested, points: int) -> Tested:
    said = because(Message.DECIDED_BY_OFFICER, computed=given(row), decided=points)
    return row._replace(
        met=points > 0,
        # A row that was decided not to be met still says how many points it would give.
        points=points or row.most,
        reason=lambda: said,
        need=lambda _: said,
        evidence=(),
        looked_at=(),
        edition=None,
    )
