"""Whether an assessment still stands when what it rests on was corrected: commands and facts.

From the shortlist on a correction begins nothing anew, because places depend on each other. The
assessment is stale from then on, and the case goes no further towards a grant until a supervisor
upholds the assessment or sets it aside.

The facts are events of a case like those in `events.py`, which gives them their wire names; what
is said there of personal data and of change holds here too.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UpholdAssessment:
    """Say that a stale assessment stands; what is recorded now must give as many points."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAssessmentAside:
    """Have a case with a stale assessment assessed anew; it leaves its exercise or its place."""

    reason: str


StandingCommand = UpholdAssessment | SetAssessmentAside


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingReason:
    """Why, in the supervisor's words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentUpheld:
    """The assessment stands as it was made: what is recorded now gives `total`, and no less."""

    total: int
    personal: StandingReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentSetAside:
    """The assessment no longer stands, and the case is assessed anew from the start.

    `personal` is None where an exercise set it aside on passing over the case.
    """

    personal: StandingReason | None


StandingEvent = AssessmentUpheld | AssessmentSetAside
