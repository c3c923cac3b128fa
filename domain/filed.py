"""What stays true of a case whatever stage it comes to."""

from dataclasses import dataclass, field
from datetime import datetime

from domain import papers as p
from domain.application import Application, Route
from domain.decisions import DecisionProposed
from domain.legal_holds import Hold
from domain.overrides import OverrideApplied
from domain.particulars import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessedUnder:
    """The ruleset of an assessment by id and digest, the overrides in it, and what it gave."""

    ruleset: str
    digest: str
    overrides: tuple[OverrideApplied, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The points that two officers decided, and the edition of the rules that they are about."""

    digest: str
    overrides: tuple[OverrideApplied, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What stays true of a case whatever stage it comes to.

    `application` is what was filed, as corrected since, and None once erased; `ruleset` the one
    that the case was moved to, None where it was not. `assessed` tells of the latest assessment
    that stands; `decided` are the overrides that the latest score under each edition counts or
    counted, which stand under that edition however often the case is assessed anew. `stale` says
    that the assessment rests on what was corrected since, `held` that an investigation holds the
    case. `decision` awaits a second officer; `acted` are the open matters, each with who acted in
    it. `dependants` have a number each; `numbered` is the highest given. `legal_holds` are those
    that stand; nothing of the person is erased meanwhile. `erased` tells that they were from an
    application that does not open. `refiled_as` is the case that took the place of this one, None
    without one: its address is where the person is reached.
    """

    reference: str
    route: Route
    submitted_at: datetime
    application: Application | None
    ruleset: str | None = None
    assessed: AssessedUnder | None = None
    decided: tuple[Decided, ...] = ()
    papers: p.Papers = field(default_factory=p.Papers)
    stale: bool = False
    held: bool = False
    decision: DecisionProposed | None = None
    acted: frozenset[tuple[str, str]] = frozenset()
    recused: frozenset[str] = frozenset()
    represented: bool = False
    dependants: tuple[tuple[int, Relation], ...] = ()
    numbered: int = 0
    reconsiderations: int = 0
    legal_holds: tuple[Hold, ...] = ()
    legal_holds_placed: int = 0
    erased: bool = False
    refiled_as: str | None = None

    @property
    def persons(self) -> int:
        """Who is granted a visa, and pays for one: the applicant and the dependants on record."""
        return 1 + len(self.dependants)

    @property
    def overrides(self) -> tuple[OverrideApplied, ...]:
        """The overrides that stand under the edition of the assessment, under any without one."""
        if self.assessed is not None:
            return self.overrides_under(self.assessed.digest)
        return tuple(each for edition in self.decided for each in edition.overrides)

    def overrides_under(self, digest: str) -> tuple[OverrideApplied, ...]:
        """Return the overrides that stand under one edition of a ruleset."""
        return next((each.overrides for each in self.decided if each.digest == digest), ())

    def actors(self, matter: str) -> frozenset[str]:
        """Everybody who proposed or declined in a matter since it was opened."""
        return frozenset(actor for about, actor in self.acted if about == matter)
