"""Selection exercises: open, draw, select, read, and draw again from the log alone."""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final

from domain import exercise_commands as q
from domain.access import Action, Person
from domain.exercise_terms import LONGEST_TITLE, MOST_PLACES, NAME
from domain.looks import What
from domain.projections.exercises import ExerciseRow
from domain.references import references_in
from domain.rules.rank import Division
from domain.sight import name_for
from domain.slugs import slug
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
    ResultList,
)
from services.api.freshness import shown, wait_until_shown
from services.api.routes import IDEMPOTENCY_KEY, PREFER, Call, Reply, Route, carried_out
from services.intake.faults import Fault
from services.intake.schema import schema_for
from services.looking import named
from services.projections import queries
from services.redrawing import redraw_seen
from services.wiring import Office


def exercise_list(call: Call, query: dict[str, Any]) -> ExerciseList:
    """Every exercise."""
    wait_until_shown(call.office, query.get("wait_for"), "exercises")
    fresh = shown(call.office, "exercises")
    found = queries.exercises(call.office.models)
    items = tuple(_item(call.asker, each) for each in found)
    return ExerciseList(items=items, freshness=fresh)


def show(call: Call, exercise: str, query: dict[str, Any]) -> ExerciseItem:
    """One exercise."""
    wait_until_shown(call.office, query.get("wait_for"), "exercises")
    return _item(call.asker, exercises.exercise_row(call.office, exercise))


def open_exercise(call: Call, body: Any) -> Reply:
    """Open an exercise, which freezes its pool."""
    location = {"Location": f"/api/v1/exercises/{body.exercise}"}
    return _carry_out(call, q.OpenExercise, body.exercise, body, location)


def dry_run(call: Call, exercise: str) -> DryRun:
    """What the next step would do now, without doing it."""
    noted, found = exercises.dry_run(call.office, call.look(What.EXERCISE), exercise)
    division = found.division
    named(call.office, noted, (each.member.reference for each in division.taken))
    return DryRun(
        exercise=found.exercise,
        command=found.command,
        taken=_places(division, {}) or (),
        left=len(division.left),
        cut_off=division.cut_off,
        tie_break=division.tie_break,
        digest=found.digest,
    )


def result_list(call: Call) -> ResultList:
    """Every published result."""
    return ResultList(items=results.results(call.office))


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
    noted, again = redraw_seen(call.office, call.look(What.EXERCISE), exercise)
    drawn = (each for each in (again.shortlist, again.selection) if each)
    shown = [each.member.reference for division in drawn for each in division.taken]
    shown.extend(references_in("\n".join(again.differences)))
    named(call.office, noted, shown)
    return Replay(
        exercise=again.exercise,
        equal=not again.differences,
        differences=again.differences,
        pool_size=again.pool,
        shortlist=_places(again.shortlist, again.computed),
        selection=_places(again.selection, again.computed),
    )


def _carry_out(
    call: Call,
    command: type[q.ExerciseCommand],
    exercise: str,
    body: Any,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Reply:
    asked = command(**{each.name: getattr(body, each.name) for each in fields(command)})
    request = call.request(effective_at=body.effective_at)
    outcome = exercises.carry_out(call.office, exercise, asked, request)
    result = ExerciseResult(exercise=outcome.exercise, version=outcome.version, cases=outcome.cases)
    return carried_out(result, repeated=outcome.repeated, more=more)


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


def _item(person: Person, row: ExerciseRow) -> ExerciseItem:
    told = {name: getattr(row, name) for name in ExerciseItem.__dataclass_fields__}
    return ExerciseItem(**{**told, "proposed_by": name_for(person, row.proposed_by)})


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


def _step(command: type[q.ExerciseCommand]) -> Route:
    def step(call: Call, exercise: str, body: Any) -> Reply:
        return _carry_out(call, command, exercise, body)

    address = slug(command.__name__)
    return Route(
        method="POST",
        path=f"/exercises/<exercise>/{address}",
        name=address,
        action=Action.RUN_EXERCISE,
        view=step,
        summary=(command.__doc__ or "").removesuffix("."),
        body=schema_for(dated(command)),
        gives=schema_for(ExerciseResult),
        headers=(IDEMPOTENCY_KEY,),
    )


STEPS: Final[tuple[type[q.ExerciseCommand], ...]] = (
    q.DrawShortlist,
    q.DepartFromRank,
    q.ProposeSelection,
    q.MakeSelection,
    q.PublishResult,
)
"""The commands on an exercise that was opened, each at an address of its own."""

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
        action=Action.READ_HISTORY,
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
    *(_step(each) for each in STEPS),
    Route(
        method="GET",
        path="/exercises/<exercise>/dry-run",
        name="exercise-dry-run",
        action=Action.TRY_STEP,
        view=dry_run,
        summary="Show what the next step of an exercise would do now",
        gives=schema_for(DryRun),
        refuses=(409,),
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
