"""The published results of exercises, for everybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from domain import exercise_events as x
from domain.errors import NoSuchExercise
from domain.projections.exercises import ExerciseStage
from services.exercise_requests import events_of, stream_of
from services.projections import queries
from services.wiring import Office

FIGURES: Final = (
    "received",
    "processed",
    "prerequisites_failed",
    "below_mark",
    "withdrawn",
    "to_committee",
    "selected",
    "selected_general",
    "selected_achievement",
)
"""What of the funnel is shown to everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicResult:
    """A published result with what it is a result of."""

    opened: x.ExerciseOpened
    opened_at: datetime
    result: x.ResultPublished
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultItem:
    """An exercise whose result is published, as the list of all tells of it."""

    exercise: str
    title: str
    opened_at: datetime
    published_at: datetime
    pool_size: int
    places: int | None
    cut_off: int | None


def results(office: Office) -> tuple[ResultItem, ...]:
    """Return the exercises whose result is published, the latest first, as it was published."""
    rows = {
        stream_of(row.exercise): row
        for row in reversed(queries.exercises(office.models))
        if row.stage is ExerciseStage.PUBLISHED
    }
    histories = office.store.read_streams(list(rows), personal=False)
    return tuple(
        ResultItem(
            exercise=row.exercise,
            title=row.title,
            opened_at=row.opened_at,
            published_at=each.effective_at,
            pool_size=each.event.pool_size,
            places=each.event.places,
            # That of the row is the office's own, and may be the points of a single case.
            cut_off=each.event.cut_off,
        )
        for stream, row in rows.items()
        for each in histories[stream]
        if isinstance(each.event, x.ResultPublished)
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


def figures(found: PublicResult) -> Iterator[tuple[str, int | None]]:
    """Yield each figure of the funnel that is shown, by its name, in the order of the way."""
    for name in FIGURES:
        yield name, getattr(found.result.funnel, name)
