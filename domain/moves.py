"""The facts of a move: a case that is assessed anew under another ruleset, by decision.

They are events of a case like those in `events.py`, which gives them their wire names; what is
said there of personal data and of change holds here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from domain.particulars import ApplicationCorrected
from domain.reconsidering import CaseReopened
from domain.record import Recorded
from domain.standing import AssessmentSetAside


class MoveCode(StrEnum):
    """Why a case is moved to another ruleset."""

    TRANSITION = "transition-policy"
    """The transition of a change of the rules reaches this case, which its data did not tell."""
    RELIEF = "relief"
    """A measure of relief extends a change of the rules to earlier cases."""
    REQUEST = "applicant-request"
    """The applicant asked for it and sent the proof that it needs."""
    REVIEW_OR_COURT = "review-or-court"
    """A review or a court decided so."""
    CORRECTION = "correction"
    """The case was under the wrong ruleset, or its ruleset was corrected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveReason:
    """Why the case was moved, in the officer's words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMovedToRuleset:
    """The case left what it was under and is assessed anew under `ruleset`, which stays its own.

    `digest` is that of the edition known when it was moved. `before` is the ruleset of its latest
    assessment or move until then, None where it had neither. Earlier findings and points no longer
    stand; the reference date stays the day of submission.
    """

    ruleset: str
    digest: str
    before: str | None
    code: MoveCode
    personal: MoveReason | None


_Known = TypeVar("_Known", bound=Recorded[Any])


def still_standing(events: Sequence[_Known]) -> Sequence[_Known]:
    """Return the events whose assessments still stand: those since it was last to begin anew."""
    anew = [number for number, each in enumerate(events) if _begins_anew(each.event)]
    return events[anew[-1] :] if anew else events


def _begins_anew(event: object) -> bool:
    """Say whether the case is assessed from the start after an event."""
    corrected = isinstance(event, ApplicationCorrected) and event.assessed_anew
    return corrected or isinstance(event, CaseMovedToRuleset | CaseReopened | AssessmentSetAside)
