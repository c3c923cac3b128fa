"""The selection exercises: one row each, from its opening to its places. Nothing personal."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain import events as e
from domain import exercise_events as x
from domain.projections.stage_after import EXERCISE_STREAM, key_after, position_of
from domain.record import Recorded

VERSION: Final = 1
OPENS: Final[frozenset[type[e.Event]]] = frozenset()


class ExerciseStage(StrEnum):
    """How far an exercise is."""

    OPENED = "opened"
    SHORTLISTED = "shortlisted"
    SELECTED = "selected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseRow:
    """An exercise; what it has not reached yet is None.

    `left_out` counts the cases in the pool that are not of it, having no points to rank.
    `shortlisted` and `selected` count cases in all, the fields after each the achievement cases
    among them. `cut_off` is in points, `tie_break` the latest submission selected at it.
    """

    exercise: str
    title: str
    stage: ExerciseStage
    archetype: x.Archetype
    places: int
    shortlist_size: int
    pool_position: int
    pool_size: int
    pool_digest: str
    left_out: int = 0
    opened_at: datetime
    shortlisted: int | None = None
    shortlisted_achievement: int | None = None
    shortlist_digest: str | None = None
    shortlisted_at: datetime | None = None
    selected: int | None = None
    selected_achievement: int | None = None
    passed_over: int | None = None
    cut_off: int | None = None
    tie_break: datetime | None = None
    selection_digest: str | None = None
    selected_at: datetime | None = None
    version: int
    position: int


def key(recorded: Recorded[e.Event]) -> str | None:
    """Return the name of the exercise that the event belongs to, None for any other event."""
    return key_after(recorded, EXERCISE_STREAM)


def fold(row: ExerciseRow | None, recorded: Recorded[x.ExerciseEvent]) -> ExerciseRow:
    """Return the row after one more event."""
    event = recorded.event
    if isinstance(event, x.ExerciseOpened):
        return _opened(event, recorded)
    if row is None:
        raise ValueError(f"{recorded.stream} begins with {type(event).__name__}")
    after = replace(row, version=recorded.version, position=position_of(recorded))
    if isinstance(event, x.ShortlistDrawn):
        return replace(
            after,
            stage=ExerciseStage.SHORTLISTED,
            shortlisted=event.achievement + event.general,
            shortlisted_achievement=event.achievement,
            shortlist_digest=event.digest,
            shortlisted_at=recorded.effective_at,
        )
    return replace(
        after,
        stage=ExerciseStage.SELECTED,
        selected=event.achievement + event.general,
        selected_achievement=event.achievement,
        passed_over=event.passed_over,
        cut_off=event.cut_off,
        tie_break=event.tie_break,
        selection_digest=event.digest,
        selected_at=recorded.effective_at,
    )


def _opened(event: x.ExerciseOpened, recorded: Recorded[x.ExerciseEvent]) -> ExerciseRow:
    return ExerciseRow(
        exercise=event.exercise,
        title=event.title,
        stage=ExerciseStage.OPENED,
        archetype=event.archetype,
        places=event.places,
        shortlist_size=event.shortlist_size,
        pool_position=event.pool_position,
        pool_size=event.pool_size,
        pool_digest=event.pool_digest,
        left_out=event.left_out,
        opened_at=recorded.effective_at,
        version=recorded.version,
        position=position_of(recorded),
    )
