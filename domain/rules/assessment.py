"""What an assessment found: every award and every shortfall, with reasons and the facts used."""

from dataclasses import dataclass
from datetime import date

from domain.application import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisiteFinding:
    """Whether one prerequisite is met; ``edition`` names the dated list read, if one was."""

    id: str
    met: bool
    reason: str
    evidence: tuple[str, ...] = ()
    edition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """Points that a rule gave; evidence is paths into the application."""

    rule: str
    points: int
    reason: str
    evidence: tuple[str, ...]
    edition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Points that a rule would give, and what it would need."""

    rule: str
    points: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorScore:
    """One factor's points out of its maximum; the points are the sum of its awards."""

    factor: str
    points: int
    max: int
    awards: tuple[Award, ...]
    shortfalls: tuple[Shortfall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionFinding:
    """Whether one yes-or-no criterion is met."""

    id: str
    met: bool
    reason: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One application under one ruleset on one day.

    A points or achievement test has factors, a test of criteria has criteria; eligible means that
    every prerequisite is met and the total reaches the pass mark.
    """

    ruleset: str
    digest: str
    route: Route
    reference_date: date
    prerequisites: tuple[PrerequisiteFinding, ...]
    factors: tuple[FactorScore, ...] = ()
    criteria: tuple[CriterionFinding, ...] = ()
    total: int
    pass_mark: int
    eligible: bool
