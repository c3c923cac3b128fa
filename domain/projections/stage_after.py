"""The stage that an event leads to, told from the event alone, and whose case an event is."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from domain import events as e
from domain.evolving import stays
from domain.interruptions import CaseLapsed
from domain.moves import CaseMovedToRuleset
from domain.particulars import ApplicationCorrected
from domain.reconsidering import CaseReopened, ReconsiderationRequested, RefusalUpheld
from domain.record import Recorded
from domain.residence import (
    ExtensionRefused,
    ExtensionSought,
    RightOfAbodeReached,
    StayExtended,
    VisaVoided,
)
from domain.rules.terms import AfterNoPlace
from domain.stages import Stage
from domain.standing import AssessmentSetAside

CASE_STREAM: Final = "case-"
EXERCISE_STREAM: Final = "exercise-"
WORK_STREAM: Final = "work-"

_AFTER: Final[Mapping[type[e.CaseEvent], Stage]] = MappingProxyType(
    {
        e.ApplicationFeePaid: Stage.SUBMITTED,
        e.ApplicationAcknowledged: Stage.ACKNOWLEDGED,
        CaseMovedToRuleset: Stage.ACKNOWLEDGED,
        e.CaseShortlisted: Stage.SHORTLISTED,
        e.CaseSelected: Stage.SELECTED,
        e.ApprovedInPrinciple: Stage.IN_PRINCIPLE,
        e.OriginalsVerified: Stage.VERIFIED,
        e.ApplicationApproved: Stage.APPROVED,
        e.VisaFeePaid: Stage.VISA_PAID,
        e.VisaIssued: Stage.ISSUED,
        e.VisaActivated: Stage.ACTIVE,
        e.ApplicationRefused: Stage.REFUSED,
        e.ApplicationWithdrawn: Stage.WITHDRAWN,
        ApplicationCorrected: Stage.ACKNOWLEDGED,
        CaseLapsed: Stage.LAPSED,
        ReconsiderationRequested: Stage.UNDER_RECONSIDERATION,
        CaseReopened: Stage.ACKNOWLEDGED,
        RefusalUpheld: Stage.REFUSED,
        AssessmentSetAside: Stage.ACKNOWLEDGED,
        ExtensionSought: Stage.EXTENDING,
        StayExtended: Stage.ACTIVE,
        ExtensionRefused: Stage.ACTIVE,
        RightOfAbodeReached: Stage.SETTLED,
        VisaVoided: Stage.VOIDED,
    }
)


def stage_after(event: e.CaseEvent, before: Stage = Stage.DRAFT) -> Stage:
    """Return the stage of a case after `event`, which is the one that `case.evolve` reaches."""
    if stays(event):
        return before
    # Most events lead to one stage whatever they hold; the match tries one class after another.
    if (stage := _AFTER.get(type(event))) is not None:
        return stage
    match event:
        case e.ApplicationSubmitted(application_fee_hkd=fee):
            return Stage.SUBMITTED if fee is None else Stage.FEE_AWAITED
        case e.PrerequisitesAssessed(results=results):
            met = all(each.met for each in results)
            return Stage.PREREQUISITES_MET if met else Stage.PREREQUISITES_UNMET
        case e.ApplicationScored(total=total, pass_mark=mark):
            return Stage.IN_POOL if total >= mark else Stage.BELOW_MARK
        case e.CaseNotSelected(then=then):
            rolls_over = then is AfterNoPlace.ROLLS_OVER
            return Stage.IN_POOL if rolls_over else Stage.NOT_SELECTED
        case _:
            raise KeyError(type(event))


def stage_and_since(
    stage: Stage, since: datetime, recorded: Recorded[e.CaseEvent]
) -> tuple[Stage, datetime]:
    """Return the stage of a case after one more event, and since when it has been there.

    A score begins the stage anew even where it is the same: the case is there with other points.
    """
    if stays(recorded.event):
        return stage, since
    return stage_after(recorded.event), recorded.effective_at


def key_after(recorded: Recorded[Any], prefix: str) -> str | None:
    """Return whose event it is: what follows `prefix` in its stream's name; None for others."""
    stream = recorded.stream
    return stream[len(prefix) :] if stream.startswith(prefix) else None


def position_of(recorded: Recorded[Any]) -> int:
    """Return the event's position in the log; a fold of the log sees numbered events only."""
    if recorded.position is None:
        raise ValueError(f"{recorded.stream} version {recorded.version} has no position yet")
    return recorded.position
