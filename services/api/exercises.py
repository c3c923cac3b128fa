"""Selection exercises: open, draw, select, read, and draw again from the log alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain import commands as c
from domain.access import Action
from domain.errors import NoSuchExercise
from domain.exercise import LONGEST_TITLE, MOST_PLACES, NAME
from domain.projections.exercises import ExerciseRow
from domain.rules.rank import Division
from services import exercises
from services.api.cases import FreshQuery
from services.api.freshness import shown, wait_until_shown
from services.api.outputs import ExerciseItem, ExerciseList, ExerciseResult, PlacedCase, Replay
from services.api.routes import IDEMPOTENCY_KEY, PREFER, Call, Reply, Route
from services.intake.faults import Fault
from services.intake.schema import schema_for
from services.projections import queries
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An exercise to open; `effective_at` is when it opens, now if absent."""

    exercise: str
    title: str
    places: int
    shortlist_size: int
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next step of an exercise; `effective_at` is when it is taken, now if absent."""

    effective_at: datetime | None = None


def exercise_list(call: Call, query: dict[str, Any]) -> ExerciseList:
    """Every exercise."""
    wait_until_shown(call.office, "exercises", query.get("wait_for"))
    fresh = shown(call.office, "exercises")
    items = tuple(_item(each) for each in queries.exercises(call.office.models))
    return ExerciseList(items=items, freshness=fresh)


def show(call: Call, exercise: str, query: dict[str, Any]) -> ExerciseItem:
    """One exercise."""
    wait_until_shown(call.office, "exercises", query.get("wait_for"))
    row = queries.exercise(call.office.models, _name(exercise))
    if row is None:
        raise NoSuchExercise(f"no exercise is called {exercise!r}")
    return _item(row)


def open_exercise(call: Call, body: Opening) -> Reply:
    """Open an exercise, which freezes its pool."""
    command = c.OpenExercise(
        exercise=body.exercise,
        title=body.title,
        places=body.places,
        shortlist_size=body.shortlist_size,
    )
    request = call.request(effective_at=body.effective_at)
    reply = _answered(exercises.open_exercise(call.office, command, request))
    location = {"Location": f"/api/v1/exercises/{body.exercise}"}
    return Reply(body=reply.body, headers={**reply.headers, **location})


def replay(call: Call, exercise: str) -> Replay:
    """The exercise drawn again from the log alone, beside what was recorded."""
    again = exercises.redraw(call.office, _name(exercise))
    return Replay(
        exercise=again.exercise,
        equal=not again.differences,
        differences=again.differences,
        pool_size=again.pool,
        shortlist=_places(again.shortlist, again.computed),
        selection=_places(again.selection, again.computed),
    )


def _step(take: Callable[..., exercises.ExerciseOutcome]) -> Callable[..., Reply]:
    def step(call: Call, exercise: str, body: Step) -> Reply:
        request = call.request(effective_at=body.effective_at)
        return _answered(take(call.office, _name(exercise), request))

    return step


def _answered(outcome: exercises.ExerciseOutcome) -> Reply:
    result = ExerciseResult(exercise=outcome.exercise, version=outcome.version, cases=outcome.cases)
    return Reply(body=result, headers={"Idempotent-Replay": "true"} if outcome.repeated else {})


def _name(exercise: str) -> str:
    """The name, if an exercise could have it."""
    if not NAME.fullmatch(exercise):
        raise NoSuchExercise(f"no exercise is called {exercise!r}")
    return exercise


def _unfit(_: Office, document: object) -> Any:
    """What an address, a list and a read model could not hold."""
    given = document if isinstance(document, dict) else {}
    name, title = given.get("exercise"), given.get("title")
    if isinstance(name, str) and not NAME.fullmatch(name):
        message = "must be 1 to 63 lower-case letters, digits and hyphens, such as 2019-2"
        yield Fault(path="exercise", message=message)
    if isinstance(title, str) and not 1 <= len(title) <= LONGEST_TITLE:
        yield Fault(path="title", message=f"must be 1 to {LONGEST_TITLE} characters")
    for key in ("places", "shortlist_size"):
        number = given.get(key)
        if isinstance(number, int) and number > MOST_PLACES:
            yield Fault(path=key, message=f"must be at most {MOST_PLACES}")


def _item(row: ExerciseRow) -> ExerciseItem:
    return ExerciseItem(**{name: getattr(row, name) for name in ExerciseItem.__dataclass_fields__})


def _places(
    division: Division | None, computed: Mapping[str, int]
) -> tuple[PlacedCase, ...] | None:
    if division is None:
        return None
    return tuple(
        PlacedCase(
            reference=each.member.reference,
            rank=each.rank,
            points=each.member.points,
            computed_points=computed.get(each.member.reference),
            submitted_at=each.member.submitted_at,
        )
        for each in division.taken
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/exercises",
        name="exercise-list",
        action=Action.READ_EXERCISES,
        view=exercise_list,
        summary="List the exercises",
        query=FreshQuery,
        gives=schema_for(ExerciseList),
        headers=(PREFER,),
    ),
    Route(
        method="GET",
        path="/exercises/<exercise>",
        name="exercise",
        action=Action.READ_EXERCISES,
        view=show,
        summary="Show an exercise",
        query=FreshQuery,
        gives=schema_for(ExerciseItem),
        headers=(PREFER,),
    ),
    Route(
        method="GET",
        path="/exercises/<exercise>/replay",
        name="exercise-replay",
        action=Action.READ_EXERCISES,
        view=replay,
        summary="Draw an exercise again from the log alone",
        gives=schema_for(Replay),
    ),
    Route(
        method="POST",
        path="/exercises",
        name="open-exercise",
        action=Action.RUN_EXERCISE,
        view=open_exercise,
        summary="Open an exercise on the pool as it is",
        body=schema_for(Opening),
        check=_unfit,
        gives=schema_for(ExerciseResult),
        status=201,
        headers=(IDEMPOTENCY_KEY,),
    ),
    Route(
        method="POST",
        path="/exercises/<exercise>/draw-shortlist",
        name="draw-shortlist",
        action=Action.RUN_EXERCISE,
        view=_step(exercises.draw_shortlist),
        summary="Draw the shortlist",
        body=schema_for(Step),
        gives=schema_for(ExerciseResult),
        headers=(IDEMPOTENCY_KEY,),
    ),
    Route(
        method="POST",
        path="/exercises/<exercise>/make-selection",
        name="make-selection",
        action=Action.RUN_EXERCISE,
        view=_step(exercises.make_selection),
        summary="Allot the places",
        body=schema_for(Step),
        gives=schema_for(ExerciseResult),
        headers=(IDEMPOTENCY_KEY,),
    ),
)
