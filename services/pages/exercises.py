"""Selection exercises: their figures, and each act of whoever may run one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import uuid4

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain import exercise_commands as q
from domain import exercise_events as x
from domain.access import Action, permitted
from domain.errors import Forbidden, NoSuchExercise, Refusal
from domain.looks import Door, What
from domain.projections.exercises import ExerciseRow, ExerciseStage
from domain.references import references_in
from domain.sight import name_for
from services import exercises as running
from services.catalogue import load_catalogue
from services.exercise_requests import ExerciseOutcome, events_of
from services.looking import named
from services.pages import forms
from services.pages.guard import Route, look, visitor
from services.pages.parts import part_of
from services.pages.problems import status_of, told_of
from services.projections import queries
from services.redrawing import redraw_seen
from services.requests import Request
from services.store.errors import CommandReused, Conflict
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that can be done with an exercise at some of its stages, by a form of its own.

    `does` says what it leads to. `command` has the fields of the form.
    """

    slug: str
    title: str
    does: str
    stages: frozenset[ExerciseStage]
    command: type[q.ExerciseCommand]


_BEFORE_COMMITTEE: Final = frozenset({ExerciseStage.SHORTLISTED, ExerciseStage.PROPOSED})

ACTS: Final = (
    Act(
        slug="draw-shortlist",
        title="Draw the shortlist",
        does="Puts the first of the pool, in its order, before the committee.",
        stages=frozenset({ExerciseStage.OPENED}),
        command=q.DrawShortlist,
    ),
    Act(
        slug="depart-from-rank",
        title="Depart from rank",
        does="Gives a graded case a place that its rank does not, or none. "
        "A selection that was proposed is proposed again afterwards.",
        stages=_BEFORE_COMMITTEE,
        command=q.DepartFromRank,
    ),
    Act(
        slug="propose-selection",
        title="Propose the selection",
        does="Nothing is allotted until somebody confirms it who took no part in this exercise.",
        stages=_BEFORE_COMMITTEE,
        command=q.ProposeSelection,
    ),
    Act(
        slug="make-selection",
        title="Make the selection",
        does="Confirms what was proposed and allots the places, to all at once.",
        stages=frozenset({ExerciseStage.PROPOSED}),
        command=q.MakeSelection,
    ),
    Act(
        slug="publish-result",
        title="Publish the result",
        does="Shows everybody the figures, with small numbers hidden.",
        stages=frozenset({ExerciseStage.SELECTED}),
        command=q.PublishResult,
    ),
)
_BY_SLUG: Final = {each.slug: each for each in ACTS}
_SECONDS: Final = 2.0


def exercise_list(office: Office) -> ResponseReturnValue:
    """Show every exercise, and the form that opens another to whoever may."""
    return list_page(office, {}, {})


def open_exercise(office: Office) -> ResponseReturnValue:
    """Open an exercise on the pool as it is now, or say why not."""
    try:
        asked = forms.read_command(q.OpenExercise, request.form)
        outcome = running.open_exercise(office, asked, _request())
    except forms.FormFaults as fault:
        return list_page(office, request.form, fault.faults), 422
    except Forbidden:
        raise
    except (Refusal, CommandReused, Conflict) as refusal:
        return list_page(office, request.form, {"": _said(refusal)}), status_of(refusal)
    return _after(office, outcome, "The exercise is open and its pool is frozen.")


def exercise(office: Office, name: str) -> ResponseReturnValue:
    """Show one exercise."""
    return _page(office, name, {}, "")


def act(office: Office, name: str, slug: str) -> ResponseReturnValue:
    """Take a step of an exercise, or say why not."""
    chosen = _BY_SLUG[slug]
    try:
        asked = forms.read_command(chosen.command, request.form)
        outcome = running.carry_out(office, name, asked, _request())
    except forms.FormFaults as fault:
        return _page(office, name, fault.faults, slug), 422
    except (Forbidden, NoSuchExercise):
        raise
    except (Refusal, CommandReused, Conflict) as refusal:
        return _page(office, name, {"": _said(refusal)}, slug), status_of(refusal)
    return _after(office, outcome, f"{chosen.title}: done, with {outcome.cases} cases.")


def redraw(office: Office, name: str) -> ResponseReturnValue:
    """Show the exercise drawn again from the record alone, beside what was recorded."""
    noted, again = redraw_seen(office, look(What.EXERCISE), name)
    opened = cast("x.ExerciseOpened", events_of(office, name)[0].event)
    drawn = again.selection or again.shortlist
    part = part_of(drawn.taken, "from") if drawn else None
    shown = {each.member.reference for each in part.items} if part else set()
    differing = references_in("\n".join(again.differences))
    named(office, noted, shown | differing)
    return render_template(
        "redrawn.html",
        again=again,
        title=opened.title,
        part=part,
        turned=lambda first: url_for("redraw", name=name, **{"from": first}),
    )


def _request() -> Request:
    return Request(
        person=visitor(),
        command_id=forms.read_id(request.form.get("command_id", "")),
        correlation_id=g.correlation_id,
        door=Door.PAGE,
        effective_at=forms.read_when(request.form, "effective_at"),
    )


def _after(office: Office, outcome: ExerciseOutcome, said: str) -> ResponseReturnValue:
    """Show the exercise after an act; wait a little for the read model to have it."""
    history = events_of(office, outcome.exercise)
    position = history[-1].position or office.store.sequence()
    if not queries.wait_for(office.models, ("exercises",), position, _SECONDS):
        said = f"{said} The figures below are not up to date yet; open this page again in a moment."
    flash(said)
    if queries.exercise(office.models, outcome.exercise) is None:
        return redirect(url_for("exercise_list"), 303)
    return redirect(url_for("exercise", name=outcome.exercise), 303)


def list_page(office: Office, typed: Mapping[str, str], faults: Mapping[str, str]) -> str:
    """Return the page of all exercises, its form with what was typed and what is wrong in it."""
    may_run, words = permitted(visitor(), Action.RUN_EXERCISE), load_catalogue()
    return render_template(
        "exercises.html",
        rows=queries.exercises(office.models),
        fresh=queries.freshness(office.models, "exercises"),
        inputs=forms.inputs_of(q.OpenExercise) if may_run else (),
        typed=typed,
        faults=faults,
        labels={each: words(f"field.{each}") for each in faults if each},
        command_id=str(uuid4()),
    )


def _page(office: Office, name: str, faults: Mapping[str, str], slug: str) -> str:
    row = running.exercise_row(office, name)
    return render_template(
        "exercise.html",
        row=row,
        proposed_by=name_for(visitor(), row.proposed_by),
        acts=[(each, forms.inputs_of(each.command)) for each in _possible(row)],
        tried=slug,
        faults=faults,
        typed=request.form,
        command_id=str(uuid4()),
        fresh=queries.freshness(office.models, "exercises"),
    )


def _possible(row: ExerciseRow) -> list[Act]:
    """Return what can be done with the exercise now, to whoever may."""
    if not permitted(visitor(), Action.RUN_EXERCISE):
        return []
    return [each for each in ACTS if row.stage in each.stages]


def _said(fault: Exception) -> str:
    return told_of(fault)


def _route(path: str, endpoint: str, view: Callable[..., Any], *, posts: bool = False) -> Route:
    action = Action.RUN_EXERCISE if posts else Action.READ_EXERCISES
    return Route(
        path=path,
        endpoint=endpoint,
        view=view,
        action=action,
        methods=("POST",) if posts else ("GET",),
    )


def _posting(slug: str) -> Route:
    def view(office: Office, name: str) -> ResponseReturnValue:
        return act(office, name, slug)

    view.__doc__ = _BY_SLUG[slug].does
    path, endpoint = f"/staff/exercises/<name>/{slug}", slug.replace("-", "_")
    return _route(path, endpoint, view, posts=True)


ROUTES: Final = (
    _route("/staff/exercises", "exercise_list", exercise_list),
    _route("/staff/exercises", "open_exercise", open_exercise, posts=True),
    _route("/staff/exercises/<name>", "exercise", exercise),
    *(_posting(each.slug) for each in ACTS),
    Route(
        path="/staff/exercises/<name>/redraw",
        endpoint="redraw",
        view=redraw,
        action=Action.READ_HISTORY,
    ),
)
