"""The published results of exercises, for everybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from domain import exercise_events as x
from domain.errors import NoSuchExercise
from domain.projections.exercises import ExerciseRow, ExerciseStage
from services.exercise_requests import events_of
from services.projections import queries
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicResult:
    """A published result with what it is a result of."""

    opened: x.ExerciseOpened
    opened_at: datetime
    result: x.ResultPublished
    published_at: datetime


def results(office: Office) -> tuple[ExerciseRow, ...]:
    """Return the exercises whose result is published, the latest first."""
    return tuple(
        row
        for row in reversed(queries.exercises(office.models))
        if row.stage is ExerciseStage.PUBLISHED
    )


def result_of(office: Office, exercise: str) -> PublicResult:
    """Return what was published of an exercise; `NoSuchExercise` while there is nothing.

    Nobody learns from it whether an exercise exists that has not published anything.
    """
    try:
        history = events_of(office, exercise)
    except NoSuchExercise:
        history = ()
    published = next((each for each in history if isinstance(each.event, x.ResultPublished)), None)
    if published is None:
        raise NoSuchExercise(f"no result of an exercise called {exercise!r} is published")
    return PublicResult(
        opened=cast("x.ExerciseOpened", history[0].event),
        opened_at=history[0].effective_at,
        result=cast("x.ResultPublished", published.event),
        published_at=published.effective_at,
    )


def lines(found: PublicResult) -> Iterator[tuple[str, int | None]]:
    """Yield each figure of the funnel with what it is called."""
    funnel = found.result.funnel
    yield "Received", funnel.received
    yield "Processed", funnel.processed
    yield "Prerequisites not met", funnel.prerequisites_failed
    yield "Below the mark", funnel.below_mark
    yield "Withdrawn", funnel.withdrawn
    yield "Before the committee", funnel.to_committee
    yield "Selected", funnel.selected
    yield "Selected, general route", funnel.selected_general
    yield "Selected, achievement route", funnel.selected_achievement
