"""The path of each case: which stages it came to, when, and by whom. Nothing personal.

What statistics count is counted over these rows: one for each case, which holds its whole way, so
that a stay at a stage has a beginning and an end.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

from domain import events as e
from domain.access import Role
from domain.application import Route
from domain.evolving import stays
from domain.moves import CaseMovedToRuleset
from domain.projections.stage_after import CASE_STREAM, key_after, position_of, stage_after
from domain.record import Recorded
from domain.stages import Stage
from domain.traces import UNDECIDED

VERSION: Final = 2
OPENS: Final[frozenset[type[e.Event]]] = frozenset()

AWAITING: Final = UNDECIDED - {Stage.IN_PRINCIPLE, Stage.VERIFIED}
"""The stages at which an applicant waits for the answer: an approval in principle or a refusal."""

ANSWERS: Final = frozenset({Stage.IN_PRINCIPLE, Stage.APPROVED, Stage.REFUSED})
"""The stages that the answer leads to; what else ends the wait came without one."""

_OFFICERS: Final = frozenset({Role.OFFICER, Role.SUPERVISOR})


class PathRow(NamedTuple):
    """The way of a case so far.

    It came to `stages` in this order, to each at the instant of `since` and by the act of the
    person in `by` at the same place, None where an applicant, a machine or an exercise took it
    there; what it did not leave is one stay, however often it was scored. `outcome` is the stage
    that first ended the wait for an answer, at `outcome_at`; both are None until then.
    `ruleset` is the one that it was last assessed under or moved to.
    """

    reference: str
    route: Route
    ruleset: str | None
    submitted_at: datetime
    stages: tuple[Stage, ...]
    since: tuple[datetime, ...]
    by: tuple[str | None, ...]
    stage: Stage
    moved_at: datetime
    outcome: Stage | None
    outcome_at: datetime | None
    position: int


def key(recorded: Recorded[Any]) -> str | None:
    """Return the reference of the case whose path the event leads on, None for any other event."""
    reference = key_after(recorded, CASE_STREAM)
    return None if reference is None or stays(recorded.event) else reference


def fold(row: PathRow | None, recorded: Recorded[e.CaseEvent]) -> PathRow:
    """Return the row after one more event."""
    event = recorded.event
    if isinstance(event, e.ApplicationSubmitted):
        return _first(event, recorded)
    if row is None:
        raise ValueError(f"{recorded.stream} begins with {type(event).__name__}")
    ruleset = row.ruleset
    if isinstance(event, e.PrerequisitesAssessed | e.ApplicationScored | CaseMovedToRuleset):
        ruleset = event.ruleset
    stage = stage_after(event)
    moved = {} if stage is row.stage else _moved(row, stage, recorded)
    return row._replace(ruleset=ruleset, position=position_of(recorded), **moved)


def _moved(row: PathRow, stage: Stage, recorded: Recorded[e.CaseEvent]) -> dict[str, Any]:
    # What is recorded later may have taken effect earlier; a stay never ends before it began.
    at = max(recorded.effective_at, row.moved_at)
    ends = row.outcome is None and stage not in AWAITING
    return {
        "stages": (*row.stages, stage),
        "since": (*row.since, at),
        "by": (*row.by, _officer(recorded)),
        "stage": stage,
        "moved_at": at,
        **({"outcome": stage, "outcome_at": at} if ends else {}),
    }


def _officer(recorded: Recorded[e.CaseEvent]) -> str | None:
    """Return who of the office did it in person; an exercise moves hundreds at a stroke."""
    by_exercise = isinstance(recorded.event, e.CaseShortlisted | e.CaseSelected | e.CaseNotSelected)
    return None if by_exercise or recorded.role not in _OFFICERS else recorded.actor


def _first(event: e.ApplicationSubmitted, recorded: Recorded[e.CaseEvent]) -> PathRow:
    stage, at = stage_after(event), recorded.effective_at
    return PathRow(
        reference=event.reference,
        route=event.route,
        ruleset=None,
        submitted_at=event.submitted_at,
        stages=(stage,),
        since=(at,),
        by=(_officer(recorded),),
        stage=stage,
        moved_at=at,
        outcome=None,
        outcome_at=None,
        position=position_of(recorded),
    )
