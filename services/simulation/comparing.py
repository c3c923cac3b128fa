"""One case under two rulesets: its standing under each, and what the change does to it.

Points that an officer decided against the computed ones are part of the recorded score, and stay
with the ruleset under which they were decided: under the other one only computed points count.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.application import Application, Route
from domain.days import hong_kong_date
from domain.rules.assess import assess
from domain.rules.choose import choose, known, named, recorded
from domain.rules.overriding import NO_OVERRIDES, Overrides
from domain.rules.totals import Worth, worth
from domain.rules.transitions import Filing, has_listed_profession
from domain.rules.types import Assessment, Rulebook, Ruleset, Test
from domain.stages import Stage
from domain.traces import Decided, Regime, Submission, Trace


class Effect(StrEnum):
    """What a change of the rules does to a case."""

    GAINS = "gains"
    LOSES = "loses"
    SAME = "same"
    NOT_ASSESSABLE = "not-assessable"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """An undecided case with what the log says of it, and whether what was filed was corrected."""

    reference: str
    stage: Stage
    submission: Submission
    regime: Regime | None
    decided: Decided | None = None
    corrected: bool = False

    @property
    def submitted_on(self) -> date:
        """The Hong Kong day of submission, which is the reference date under any ruleset."""
        return hong_kong_date(self.submission.submitted_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The ruleset to try, the rules as loaded, and the Hong Kong day on which all this is asked.

    That day chooses the ruleset of a case that was not assessed yet, as if it were assessed then.
    """

    target: Ruleset
    rulebook: Rulebook
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a case does under one ruleset.

    `total` counts points or criteria, by the kind of `test`. It and `eligible` are None where
    they were not recorded and the person has been erased. `computed_total` is what the tests alone
    gave, None where no officer decided otherwise.
    """

    ruleset: str
    test: Test
    total: int | None
    pass_mark: int
    eligible: bool | None
    computed_total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A case under the ruleset it has and under the one that was asked for."""

    reference: str
    route: Route
    submitted_on: date
    stage: Stage
    present: Standing
    target: Standing

    @property
    def change(self) -> int | None:
        """The target's points less the present ones; None where the two cannot be compared."""
        before, after = self.present, self.target
        if before.test is not after.test or before.total is None or after.total is None:
            return None
        return after.total - before.total

    @property
    def effect(self) -> Effect:
        """Whether it gains or loses: by points under two tests of one kind, else by eligibility."""
        if self.target.eligible is None or self.present.eligible is None:
            return Effect.NOT_ASSESSABLE
        change = self.change
        if change is None:
            change = self.target.eligible - self.present.eligible
        return Effect.SAME if change == 0 else Effect.GAINS if change > 0 else Effect.LOSES

    @property
    def becomes_eligible(self) -> bool:
        """True when it is eligible under the target alone."""
        return self.present.eligible is False and self.target.eligible is True

    @property
    def loses_eligibility(self) -> bool:
        """True when it is eligible under its present ruleset alone."""
        return self.present.eligible is True and self.target.eligible is False


def open_case(reference: str, trace: Trace) -> OpenCase:
    """Return the open case that a whole trace tells of."""
    if trace.submission is None or trace.stage is None:
        raise ValueError(f"the events of {reference} do not begin with its submission")
    return OpenCase(
        reference=reference,
        stage=trace.stage,
        submission=trace.submission,
        regime=trace.regime,
        decided=trace.decided,
        corrected=trace.corrected,
    )


def compared(case: OpenCase, application: Application | None, terms: Terms) -> Compared:
    """Return how a case stands under its own ruleset and under the one to try.

    `application` is None once its person has been erased.
    """
    return Compared(
        reference=case.reference,
        route=case.submission.route,
        submitted_on=case.submitted_on,
        stage=case.stage,
        present=_present(case, application, terms),
        target=_assessed(case, application, terms.target),
    )


def _present(case: OpenCase, application: Application | None, terms: Terms) -> Standing:
    """The recorded score, or what an assessment on the day asked would find."""
    regime = case.regime
    if regime is None:
        return _assessed(case, application, _chosen(case, application, terms))
    if regime.score is None:
        return _assessed(case, application, _exact(regime, terms))
    ruleset, score = named(terms.rulebook, regime.ruleset), regime.score
    # Only a case that meets every prerequisite is scored.
    return Standing(
        ruleset=ruleset.id,
        test=ruleset.test,
        total=score.total,
        pass_mark=score.pass_mark,
        eligible=score.total >= score.pass_mark,
        computed_total=score.computed_total,
    )


def _chosen(case: OpenCase, application: Application | None, terms: Terms) -> Ruleset:
    """The ruleset that would hold for a case that was not assessed yet."""
    filing = Filing(
        route=case.submission.route,
        submitted_at=case.submission.submitted_at,
        on=terms.day,
        listed_profession=application is not None and has_listed_profession(application),
    )
    return choose(terms.rulebook, filing, known_on=terms.day)


def _exact(regime: Regime, terms: Terms) -> Ruleset:
    """The edition that was recorded; where only an id was, the one known on the day asked."""
    if regime.digest is not None:
        return recorded(terms.rulebook, regime.ruleset, regime.digest)
    editions = {each.id: each for each in known(terms.rulebook, terms.day)}
    return editions.get(regime.ruleset) or named(terms.rulebook, regime.ruleset)


def _assessed(case: OpenCase, application: Application | None, ruleset: Ruleset) -> Standing:
    found: Assessment | Worth | None = None
    if application is not None:
        overrides = _standing(case.decided, ruleset)
        found = (
            assess(ruleset, application, case.submitted_on, overrides)
            if overrides
            else worth(ruleset, application, case.submitted_on)
        )
    return Standing(
        ruleset=ruleset.id,
        test=ruleset.test,
        total=found.total if found else None,
        pass_mark=ruleset.pass_mark.value,
        eligible=found.eligible if found else None,
        computed_total=found.computed_total if isinstance(found, Assessment) else None,
    )


def _standing(decided: Decided | None, ruleset: Ruleset) -> Overrides:
    """What officers decided of the ruleset's rules; nothing of any other, for it would lapse."""
    points = decided.under(ruleset.digest) if decided else ()
    return dict(points) if points else NO_OVERRIDES
