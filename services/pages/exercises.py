"""Selection exercises: their figures, and the three acts of whoever may run one."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from uuid import uuid4

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain import commands as c
from domain import exercise_events as x
from domain.access import Action, permitted
from domain.errors import Forbidden, NoSuchExercise, Refusal
from domain.exercise import NAME
from domain.projections.exercises import ExerciseRow, ExerciseStage
from services import exercises as running
from services.cases import Request
from services.exercises import ExerciseOutcome
from services.pages import forms
from services.pages.catalogue import load_catalogue
from services.pages.guard import Route, visitor
from services.pages.problems import status_of, title_of
from services.projections import queries
from services.store.errors import CommandReused, Conflict
from services.wiring import Office

_Act = Callable[[Office, str, Request], ExerciseOutcome]

_ACTS: Final[Mapping[str, tuple[ExerciseStage, str, _Act]]] = {
    "draw-shortlist": (ExerciseStage.OPENED, "Draw the shortlist", running.draw_shortlist),
    "make-selection": (ExerciseStage.SHORTLISTED, "Make the selection", running.make_selection),
}
_SECONDS: Final = 2.0


def exercise_list(office: Office) -> ResponseReturnValue:
    """Show every exercise, and the form that opens another to whoever may."""
    return _list(office, {}, {})


def open_exercise(office: Office) -> ResponseReturnValue:
    """Open an exercise on the pool as it is now, or say why not."""
    try:
        asked = forms.read_command(c.OpenExercise, request.form)
        outcome = running.open_exercise(office, asked, _request())
    except forms.FormFaults as fault:
        return _list(office, request.form, fault.faults), 422
    except Forbidden:
        raise
    except (Refusal, CommandReused, Conflict) as refusal:
        return _list(office, request.form, {"": _said(refusal)}), status_of(refusal)
    return _after(office, outcome, "The exercise is open and its pool is frozen.")


def exercise(office: Office, name: str) -> ResponseReturnValue:
    """Show one exercise."""
    return _page(office, name, {})


def act(office: Office, name: str, slug: str) -> ResponseReturnValue:
    """Draw the shortlist or make the selection, or say why not."""
    _, title, carry_out = _ACTS[slug]
    try:
        outcome = carry_out(office, name, _request())
    except forms.FormFaults as fault:
        return _page(office, name, fault.faults), 422
    except (Forbidden, NoSuchExercise):
        raise
    except (Refusal, CommandReused, Conflict) as refusal:
        return _page(office, name, {"": _said(refusal)}), status_of(refusal)
    return _after(office, outcome, f"{title}: done, with {outcome.cases} cases.")


def draw_shortlist(office: Office, name: str) -> ResponseReturnValue:
    """Draw the shortlist of an exercise."""
    return act(office, name, "draw-shortlist")


def make_selection(office: Office, name: str) -> ResponseReturnValue:
    """Allot the places of an exercise."""
    return act(office, name, "make-selection")


def redraw(office: Office, name: str) -> ResponseReturnValue:
    """Show the exercise drawn again from the record alone, beside what was recorded."""
    if not NAME.fullmatch(name):
        raise NoSuchExercise(f"no exercise is called {name!r}")
    again = running.redraw(office, name)
    opened = cast("x.ExerciseOpened", running.events_of(office, name)[0].event)
    return render_template("redrawn.html", again=again, title=opened.title)


def _request() -> Request:
    return Request(
        person=visitor(),
        command_id=forms.read_id(request.form.get("command_id", "")),
        correlation_id=g.correlation_id,
        effective_at=forms.read_when(request.form, "effective_at"),
    )


def _after(office: Office, outcome: ExerciseOutcome, said: str) -> ResponseReturnValue:
    """Show the exercise after an act; wait a little for the read model to have it."""
    history = running.events_of(office, outcome.exercise)
    position = history[-1].position or office.store.sequence()
    if not queries.wait_for(office.models, "exercises", position, _SECONDS):
        said = f"{said} The figures below are not up to date yet; open this page again in a moment."
    flash(said)
    if queries.exercise(office.models, outcome.exercise) is None:
        return redirect(url_for("exercise_list"), 303)
    return redirect(url_for("exercise", name=outcome.exercise), 303)


def _list(office: Office, typed: Mapping[str, str], faults: Mapping[str, str]) -> str:
    may_run, words = permitted(visitor(), Action.RUN_EXERCISE), load_catalogue()
    return render_template(
        "exercises.html",
        rows=queries.exercises(office.models),
        fresh=queries.freshness(office.models, "exercises"),
        inputs=forms.inputs_of(c.OpenExercise) if may_run else (),
        typed=typed,
        faults=faults,
        labels={each: words(f"field.{each}") for each in faults if each},
        command_id=str(uuid4()),
    )


def _page(office: Office, name: str, faults: Mapping[str, str]) -> str:
    row = None if "\0" in name else queries.exercise(office.models, name)
    if row is None:
        raise NoSuchExercise(f"no exercise is called {name!r}")
    return render_template(
        "exercise.html",
        row=row,
        next=_next(row),
        may_redraw=permitted(visitor(), Action.READ_HISTORY),
        faults=faults,
        typed=request.form,
        command_id=str(uuid4()),
        fresh=queries.freshness(office.models, "exercises"),
    )


def _next(row: ExerciseRow) -> tuple[str, str] | None:
    """Return the act that comes next and its title, to whoever may carry it out."""
    if not permitted(visitor(), Action.RUN_EXERCISE):
        return None
    return next(
        ((slug, title) for slug, (stage, title, _) in _ACTS.items() if stage is row.stage), None
    )


def _said(fault: Exception) -> str:
    return f"{title_of(fault)}: {fault}"


def _route(path: str, endpoint: str, view: Callable[..., Any], *, posts: bool = False) -> Route:
    action = Action.RUN_EXERCISE if posts else Action.READ_EXERCISES
    return Route(
        path=path,
        endpoint=endpoint,
        view=view,
        action=action,
        methods=("POST",) if posts else ("GET",),
    )


ROUTES: Final = (
    _route("/staff/exercises", "exercise_list", exercise_list),
    _route("/staff/exercises", "open_exercise", open_exercise, posts=True),
    _route("/staff/exercises/<name>", "exercise", exercise),
    _route("/staff/exercises/<name>/draw-shortlist", "draw_shortlist", draw_shortlist, posts=True),
    _route("/staff/exercises/<name>/make-selection", "make_selection", make_selection, posts=True),
    Route(
        path="/staff/exercises/<name>/redraw",
        endpoint="redraw",
        view=redraw,
        action=Action.READ_HISTORY,
    ),
)
