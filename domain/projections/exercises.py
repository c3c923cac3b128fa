"""The selection exercises: one row each, from its opening to its result. Nothing personal."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, assert_never

from domain import events as e
from domain import exercise_events as x
from domain.projections.stage_after import EXERCISE_STREAM, key_after, position_of
from domain.record import Recorded
from domain.rules.terms import AfterNoPlace, Archetype, Measure, Order

VERSION: Final = 2
OPENS: Final[frozenset[type[e.Event]]] = frozenset()


class ExerciseStage(StrEnum):
    """How far an exercise is."""

    OPENED = "opened"
    SHORTLISTED = "shortlisted"
    PROPOSED = "proposed"
    SELECTED = "selected"
    PUBLISHED = "published"


class ExerciseRow(NamedTuple):
    """An exercise; what it has not reached yet is None.

    `places` and `shortlist_size` are None too where there is no limit, `threshold` where there is
    none. `left_out` counts the cases in the pool that are not of it, being assessed by the other
    measure. `shortlisted` and `selected` count cases in all, the fields after each the achievement
    cases among them, `out_of_rank` the departures from rank among those selected. `cut_off` is in
    points or criteria met, `tie_break` the latest instant selected at it.
    """

    exercise: str
    title: str
    stage: ExerciseStage
    archetype: Archetype
    places: int | None
    shortlist_size: int | None
    pool_position: int
    pool_size: int
    pool_digest: str
    opened_at: datetime
    version: int
    position: int
    measure: Measure = Measure.POINTS
    ranked_by: Order = Order.POINTS_INSTANT_REFERENCE
    threshold: int | None = None
    after_no_place: AfterNoPlace = AfterNoPlace.ROLLS_OVER
    left_out: int = 0
    shortlisted: int | None = None
    shortlisted_achievement: int | None = None
    shortlist_digest: str | None = None
    shortlisted_at: datetime | None = None
    proposed_by: str | None = None
    proposed_digest: str | None = None
    proposed_at: datetime | None = None
    selected: int | None = None
    selected_achievement: int | None = None
    passed_over: int | None = None
    out_of_rank: int | None = None
    cut_off: int | None = None
    tie_break: datetime | None = None
    selection_digest: str | None = None
    selected_at: datetime | None = None
    published_at: datetime | None = None


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
    said = _said(event, recorded.effective_at)
    return row._replace(version=recorded.version, position=position_of(recorded), **said)


def _said(
    event: x.ShortlistDrawn
    | x.RankDepartureMade
    | x.SelectionProposed
    | x.SelectionMade
    | x.ResultPublished,
    at: datetime,
) -> dict[str, Any]:
    """Return what the event says: columns with their new values."""
    match event:
        case x.ShortlistDrawn():
            return {
                "stage": ExerciseStage.SHORTLISTED,
                "shortlisted": event.achievement + event.general,
                "shortlisted_achievement": event.achievement,
                "shortlist_digest": event.digest,
                "shortlisted_at": at,
            }
        case x.RankDepartureMade():
            nothing = dict.fromkeys(("proposed_by", "proposed_digest", "proposed_at"))
            return {"stage": ExerciseStage.SHORTLISTED, **nothing}
        case x.SelectionProposed():
            return {
                "stage": ExerciseStage.PROPOSED,
                "proposed_by": event.proposed_by,
                "proposed_digest": event.digest,
                "proposed_at": at,
            }
        case x.SelectionMade():
            return {
                "stage": ExerciseStage.SELECTED,
                "selected": event.achievement + event.general,
                "selected_achievement": event.achievement,
                "passed_over": event.passed_over,
                "out_of_rank": event.out_of_rank,
                "cut_off": event.cut_off,
                "tie_break": event.tie_break,
                "selection_digest": event.digest,
                "selected_at": at,
            }
        case x.ResultPublished():
            return {"stage": ExerciseStage.PUBLISHED, "published_at": at}
        case _:
            assert_never(event)


def _opened(event: x.ExerciseOpened, recorded: Recorded[x.ExerciseEvent]) -> ExerciseRow:
    return ExerciseRow(
        exercise=event.exercise,
        title=event.title,
        stage=ExerciseStage.OPENED,
        archetype=event.archetype,
        measure=event.measure,
        ranked_by=event.order,
        threshold=event.threshold,
        after_no_place=event.after_no_place,
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
