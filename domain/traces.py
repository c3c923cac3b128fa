"""What some consecutive events of a case say of it, without those before them.

Law: `follow` is associative, so that parts of the log can be folded apart, at the same time, and
joined: the traces of a log in any parts, joined in order, are those of the log in one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, cast, get_args

from domain import events as e
from domain.application import Route
from domain.evolving import stays
from domain.moves import CaseMovedToRuleset
from domain.particulars import ApplicationCorrected
from domain.projections.stage_after import CASE_STREAM, key_after, stage_after
from domain.reconsidering import CaseReopened
from domain.record import Recorded
from domain.stages import STAGES, Stage, Undecided
from domain.standing import AssessmentSetAside

UNDECIDED: Final = frozenset(STAGES[state] for state in get_args(Undecided))
"""The stages of cases that are open: filed, and not decided or withdrawn."""

_REOPENED_FROM: Final = frozenset({Stage.REFUSED, Stage.UNDER_RECONSIDERATION})


Points = tuple[tuple[str, int], ...]
"""Rules with their points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Under which test an application was filed, and the instant at which it counts as filed."""

    route: Route
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A recorded total and the pass mark it was held against.

    `computed_total` is what the tests alone gave, None where officers decided nothing else.
    """

    total: int
    pass_mark: int
    computed_total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The rules whose points officers had decided, with those points, by digest of their edition.

    An edition with no rule says that none stands under it. `moved` says that what was decided
    before stands no more, because the case was moved to another ruleset.
    """

    editions: tuple[tuple[str, Points], ...] = ()
    moved: bool = False

    def under(self, digest: str) -> Points:
        """Return the rules and points that stand under an edition."""
        return dict(self.editions).get(digest, ())

    def after(self, before: "Decided | None") -> "Decided":
        """Return what stands where something was decided before: of other editions that too."""
        if before is None or self.moved:
            return self
        editions = {**dict(before.editions), **dict(self.editions)}
        return Decided(editions=tuple(sorted(editions.items())), moved=before.moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """The ruleset that a case is under by what was recorded last.

    `digest` names the edition it was assessed under, None where it was moved there and not
    assessed since. `score` is None until the case was scored under it.
    """

    ruleset: str
    digest: str | None = None
    score: Score | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The stage after some events, and what else one of them said, None where none did.

    `stage` is None where all of them left the case at the stage that it had before them. `moved`
    is the ruleset that it was moved to. `decided` is what the next score of an edition counts, also
    where the case begins anew. `anew` says that what was assessed before them no longer stands, and
    `corrected` that one of them corrected what was filed.
    """

    stage: Stage | None
    submission: Submission | None = None
    regime: Regime | None = None
    moved: str | None = None
    decided: Decided | None = None
    anew: bool = False
    corrected: bool = False

    @property
    def is_open(self) -> bool:
        """True while nothing has been decided."""
        return self.stage in UNDECIDED

    @property
    def may_be_open_again(self) -> bool:
        """True while something is undecided, or can be once a refusal is looked at again."""
        return self.is_open or self.stage in _REOPENED_FROM


def trace_of(event: e.CaseEvent) -> Trace:  # noqa: PLR0911 - one arm per event
    """Return what one event says by itself."""
    stage = None if stays(event) else stage_after(event)
    match event:
        case e.ApplicationSubmitted(route=route, submitted_at=at):
            return Trace(stage=stage, submission=Submission(route=route, submitted_at=at))
        case e.PrerequisitesAssessed(ruleset=ruleset, digest=digest):
            return Trace(stage=stage, regime=Regime(ruleset=ruleset, digest=digest))
        case e.ApplicationScored(ruleset=ruleset, digest=digest):
            score = Score(
                total=event.total,
                pass_mark=event.pass_mark,
                computed_total=event.computed_total,
            )
            points = tuple((each.rule, each.decided) for each in event.overrides)
            return Trace(
                stage=stage,
                regime=Regime(ruleset=ruleset, digest=digest, score=score),
                decided=Decided(editions=((digest, points),)),
            )
        case CaseMovedToRuleset(ruleset=ruleset):
            # Assessed anew it is under the edition known then, whichever was known at the move.
            regime = Regime(ruleset=ruleset)
            return Trace(stage=stage, regime=regime, moved=ruleset, decided=Decided(moved=True))
        case ApplicationCorrected(assessed_anew=anew):
            return Trace(stage=stage, anew=anew, corrected=True)
        case CaseReopened() | AssessmentSetAside():
            return Trace(stage=stage, anew=True)
        case _:
            return _BY_STAGE[stage]


_BY_STAGE: Final[Mapping[Stage | None, Trace]] = MappingProxyType(
    {each: Trace(stage=each) for each in (None, *Stage)}
)


def follow(before: Trace | None, after: Trace) -> Trace:
    """Return what events say together, those of `before` having come first."""
    if before is None or (after.submission and after.regime):
        return after
    return Trace(
        stage=after.stage or before.stage,
        submission=after.submission or before.submission,
        regime=after.regime or _regime(before, anew=after.anew),
        moved=after.moved or before.moved,
        decided=after.decided.after(before.decided) if after.decided else before.decided,
        anew=before.anew or after.anew,
        corrected=before.corrected or after.corrected,
    )


def _regime(before: Trace, *, anew: bool) -> Regime | None:
    """Return the regime of earlier events; assessed anew, a case keeps a ruleset it was moved to.

    Without one it is under none: its ruleset is chosen again, by what was filed as it is now.
    """
    if not anew:
        return before.regime
    return None if before.moved is None else Regime(ruleset=before.moved)


def traces(recorded: Iterable[Recorded[Any]], as_of: datetime | None) -> dict[str, Trace]:
    """Return the trace of every case by its reference, of what had taken effect at `as_of`.

    Events of other streams say nothing of a case. The order is that of the cases' first events.
    """
    found: dict[str, Trace] = {}
    for each in recorded:
        reference = key_after(each, CASE_STREAM)
        if reference is not None and (as_of is None or each.effective_at <= as_of):
            said = trace_of(cast("e.CaseEvent", each.event))
            found[reference] = follow(found.get(reference), said)
    return found


def join(known: dict[str, Trace], later: Mapping[str, Trace]) -> None:
    """Make `known`, the traces of open cases, those after `later`, which is left as it is.

    A case that was decided is forgotten, unless its refusal can be looked at again.
    """
    for reference, trace in later.items():
        joined = follow(known.get(reference), trace)
        if joined.may_be_open_again:
            known[reference] = joined
        else:
            known.pop(reference, None)
