"""What happened to an application so far, as its applicant is told: a line for each letter.

Law: the line is the subject of the letter, so that a page says no other thing than was written,
and nothing of which nobody is written to: no rank, no officer, no investigation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.application import Correspondence
from domain.events import CaseEvent
from domain.happenings import happenings
from domain.processes import Party, effects
from domain.record import Recorded
from domain.work_events import WorkEvent
from services.notifications.letters import subject_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an applicant was told of, and when it took effect."""

    at: datetime
    text: str


def told_so_far(
    case: Sequence[Recorded[CaseEvent]],
    work: Sequence[Recorded[WorkEvent]],
    reference: str,
    language: Correspondence,
) -> tuple[Told, ...]:
    """Return what the applicant was told of a case, the latest first.

    What has no place in the log yet is not told of either.
    """
    effective_at = {each.position: each.effective_at for each in (*case, *work)}
    return tuple(
        Told(at=effective_at[position], text=subject_of(effect.name, found, reference, language))
        for position, found in sorted(happenings(case, work).items(), reverse=True)
        for effect in effects(found)
        if Party.APPLICANT in effect.to
    )
