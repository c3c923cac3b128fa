"""Selection exercises: open, draw, select, read, and draw again from the log alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from domain import exercise_commands as q
from domain.access import Action
from domain.errors import NoSuchExercise
from domain.exercise_events import SelectionProposed, ShortlistDrawn
from domain.exercise_terms import LONGEST_TITLE, MOST_PLACES, NAME
from domain.projections.exercises import ExerciseRow
from domain.rules.rank import Division
from services import exercises, results
from services.api.cases import FreshQuery
from services.api.commands import dated
from services.api.exercise_outputs import (
    DryRun,
    ExerciseItem,
    ExerciseList,
    ExerciseResult,
    PlacedCase,
    PublishedResult,
    Replay,
    ResultItem,
    ResultList,
)
from services.api.freshness import shown, wait_until_shown
from services.api.routes import IDEMPOTENCY_KEY, PREFER, Call, Reply, Route
from services.exercise_requests import ExerciseOutcome
from services.intake.faults import Fault
from services.intake.schema import schema_for
from services.projections import queries
from services.redrawing import redraw
from services.wiring import Office


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
    row = queries.exercise(call.office.models, name_of(exercise))
    if row is None:
        raise NoSuchExercise(f"no exercise is called {exercise!r}")
    return _item(row)


def open_exercise(call: Call, body: Any) -> Reply:
    """Open an exercise, which freezes its pool."""
    request = call.request(effective_at=body.effective_at)
    reply = _answered(exercises.open_exercise(call.office, _command(q.OpenExercise, body), request))
    location = {"Location": f"/api/v1/exercises/{body.exercise}"}
    return Reply(body=reply.body, headers={**reply.headers, **location})


def depart_from_rank(call: Call, exercise: str, body: Any) -> Reply:
    """Depart from the rank of a shortlisted case."""
    request = call.request(effective_at=body.effective_at)
    command = _command(q.DepartFromRank, body)
    return _answered(exercises.depart_from_rank(call.office, name_of(exercise), command, request))


def make_selection(call: Call, exercise: str, body: Any) -> Reply:
    """Confirm the selection that somebody else proposed, by its digest, and allot the places."""
    request = call.request(effective_at=body.effective_at)
    command = _command(q.MakeSelection, body)
    return _answered(exercises.make_selection(call.office, name_of(exercise), command, request))


def dry_run(call: Call, exercise: str) -> DryRun:
    """What the next step would do now, without doing it."""
    found = exercises.dry_run(call.office, name_of(exercise), call.asker)
    division = found.division
    (fact,) = found.facts
    return DryRun(
        exercise=found.exercise,
        command=found.command,
        taken=_places(division, {}) or (),
        left=len(division.left),
        cut_off=division.cut_off,
        tie_break=division.tie_break,
        digest=fact.digest if isinstance(fact, SelectionProposed | ShortlistDrawn) else "",
    )


def result_list(call: Call) -> ResultList:
    """Every published result."""
    return ResultList(
        items=tuple(
            ResultItem(**{name: getattr(row, name) for name in ResultItem.__dataclass_fields__})
            for row in results.results(call.office)
        )
    )


def result(call: Call, exercise: str) -> PublishedResult:
    """What is published of an exercise."""
    found = results.result_of(call.office, exercise)
    published, opened = found.result, found.opened
    return PublishedResult(
        exercise=opened.exercise,
        title=opened.title,
        opened_at=found.opened_at,
        published_at=found.published_at,
        archetype=opened.archetype,
        measure=opened.measure,
        threshold=opened.threshold,
        pool_size=published.pool_size,
        histogram=published.histogram,
        places=published.places,
        cut_off=published.cut_off,
        tie_break=published.tie_break,
        strata=published.strata,
        order=published.order,
        funnel=published.funnel,
        counted_since=published.counted_since,
        rulesets=published.rulesets,
        pool_digest=published.pool_digest,
        digest=published.digest,
    )


def replay(call: Call, exercise: str) -> Replay:
    """The exercise drawn again from the log alone, beside what was recorded."""
    again = redraw(call.office, name_of(exercise))
    return Replay(
        exercise=again.exercise,
        equal=not again.differences,
        differences=again.differences,
        pool_size=again.pool,
        shortlist=_places(again.shortlist, again.computed),
        selection=_places(again.selection, again.computed),
    )


def _command(command: type[Any], body: Any) -> Any:
    return command(**{each.name: getattr(body, each.name) for each in fields(command)})


def _step(take: Callable[..., ExerciseOutcome]) -> Callable[..., Reply]:
    def step(call: Call, exercise: str, body: Step) -> Reply:
        request = call.request(effective_at=body.effective_at)
        return _answered(take(call.office, name_of(exercise), request))

    return step


def _answered(outcome: ExerciseOutcome) -> Reply:
    result = ExerciseResult(exercise=outcome.exercise, version=outcome.version, cases=outcome.cases)
    return Reply(body=result, headers={"Idempotent-Replay": "true"} if outcome.repeated else {})


def name_of(exercise: str) -> str:
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
    for key in ("places", "shortlist_size", "threshold"):
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
            out_of_rank=each.out_of_rank,
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
        body=schema_for(dated(q.OpenExercise)),
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
        path="/exercises/<exercise>/depart-from-rank",
        name="depart-from-rank",
        action=Action.RUN_EXERCISE,
        view=depart_from_rank,
        summary="Depart from the rank of a shortlisted case that the panel has graded",
        body=schema_for(dated(q.DepartFromRank)),
        gives=schema_for(ExerciseResult),
        headers=(IDEMPOTENCY_KEY,),
    ),
    Route(
        method="POST",
        path="/exercises/<exercise>/propose-selection",
        name="propose-selection",
        action=Action.RUN_EXERCISE,
        view=_step(exercises.propose_selection),
        summary="Propose the selection, for another person to confirm",
        body=schema_for(Step),
        gives=schema_for(ExerciseResult),
        headers=(IDEMPOTENCY_KEY,),
    ),
    Route(
        method="POST",
        path="/exercises/<exercise>/make-selection",
        name="make-selection",
        action=Action.RUN_EXERCISE,
        view=make_selection,
        summary="Confirm the selection that somebody else proposed, and allot the places",
        body=schema_for(dated(q.MakeSelection)),
        gives=schema_for(ExerciseResult),
        headers=(IDEMPOTENCY_KEY,),
    ),
    Route(
        method="POST",
        path="/exercises/<exercise>/publish-result",
        name="publish-result",
        action=Action.RUN_EXERCISE,
        view=_step(exercises.publish_result),
        summary="Publish the result",
        body=schema_for(Step),
        gives=schema_for(ExerciseResult),
        headers=(IDEMPOTENCY_KEY,),
    ),
    Route(
        method="GET",
        path="/exercises/<exercise>/dry-run",
        name="exercise-dry-run",
        action=Action.RUN_EXERCISE,
        view=dry_run,
        summary="Show what the next step of an exercise would do now",
        gives=schema_for(DryRun),
    ),
    Route(
        method="GET",
        path="/results",
        name="results",
        action=Action.PUBLIC,
        view=result_list,
        summary="List the published results of exercises",
        gives=schema_for(ResultList),
    ),
    Route(
        method="GET",
        path="/results/<exercise>",
        name="result",
        action=Action.PUBLIC,
        view=result,
        summary="Show the published result of an exercise",
        gives=schema_for(PublishedResult),
    ),
)
