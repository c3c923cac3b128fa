"""What an exercise would do, shown before it does it, and what other terms would have made of it.

Law: nothing here is recorded but who looked, and every page says so.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain import exercise_commands as q
from domain.access import Action
from domain.errors import Forbidden, NoSuchExercise, Refusal
from domain.looks import What
from domain.rules.terms import Measure, Order
from domain.rules.types import Rulebook, Test
from services import exercises as running
from services.catalogue import load_catalogue
from services.looking import named
from services.openings import UNNAMED, dry_run_opening
from services.pages import exercises, forms
from services.pages.guard import Route, look
from services.pages.parts import part_of
from services.pages.problems import told_of
from services.rulebook.shapes import latest
from services.what_if import Change, WhatIf, what_if
from services.wiring import Office

_READ: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "ruleset": str,
        "places": forms.read_whole,
        "order": Order,
        "threshold": forms.read_whole,
        "as_of": forms.read_moment,
    }
)
_LISTS: Final = ("gaining", "losing")


def dry_run(office: Office, name: str) -> ResponseReturnValue:
    """Show what the next step of an exercise would do now."""
    row = running.exercise_row(office, name)
    noted, found = running.dry_run(office, look(What.EXERCISE), name)
    step = next(each for each in exercises.ACTS if each.command.__name__ == found.command)
    part = part_of(found.division.taken, "from")
    named(office, noted, (each.member.reference for each in part.items))
    return render_template(
        "dry_run.html",
        row=row,
        step=step,
        found=found,
        division=found.division,
        part=part,
        turned=lambda first: url_for("exercise_dry_run", name=name, **{"from": first}),
    )


def try_opening(office: Office) -> ResponseReturnValue:
    """Show what opening an exercise would do, beside the form that would open it."""
    typed = {name: text for name, text in request.form.items() if text.strip()}
    try:
        given = {"exercise": UNNAMED, "title": UNNAMED, **typed}
        command = forms.read_command(q.OpenExercise, given)
        at = forms.read_when(request.form, "effective_at")
        found = dry_run_opening(office, look(What.EXERCISE), command, at)
    except forms.FormFaults as fault:
        return exercises.list_page(office, request.form, fault.faults), 422
    except Forbidden:
        raise
    except Refusal as refusal:
        said = {"": told_of(refusal)}
        return exercises.list_page(office, request.form, said), 422
    return render_template(
        "opening.html",
        found=found,
        division=found.division,
        inputs=forms.inputs_of(q.OpenExercise),
        typed=request.form,
        faults={},
        command_id=str(uuid4()),
    )


def other_terms(office: Office, name: str) -> ResponseReturnValue:
    """Show the form that asks for other terms and, once they are told, who gains and who loses."""
    row = running.exercise_row(office, name)
    noted = found = None
    faults = {}
    try:
        change = _change(request.args)
        if change != Change():
            noted, found = what_if(office, look(What.EXERCISE), name, change)
    except forms.FormFaults as fault:
        faults = fault.faults
    except (Forbidden, NoSuchExercise):
        raise
    except Refusal as refusal:
        faults = {"": told_of(refusal)}
    gaining = part_of(found.gaining, "gaining") if found else None
    losing = part_of(found.losing, "losing") if found else None
    parts = (each for each in (gaining, losing) if each)
    shown = [each.reference for part in parts for each in part.items]
    if noted:
        named(office, noted, shown)
    page = render_template(
        "what_if.html",
        row=row,
        found=found,
        gaining=gaining,
        losing=losing,
        coming=_coming(found),
        inputs=_inputs(office.rulebook, row.measure),
        typed=request.args,
        faults=faults,
        labels={each: load_catalogue()(f"what-if.{each}") for each in faults if each},
        turned_by=lambda which: lambda first: _turned(name, which, first),
    )
    return page, 422 if faults else 200


def _turned(name: str, which: str, first: int) -> str:
    """Return the address of another part of one list, with what was asked for."""
    kept = {each: request.args[each] for each in (*_READ, *_LISTS) if each in request.args}
    asked = {**kept, which: str(first)}
    return f"{url_for('exercise_what_if', name=name)}?{urlencode(asked)}"


def _coming(found: WhatIf | None) -> dict[str, int]:
    """Return from which stages cases come into the pool, and how many from each."""
    told: dict[str, int] = {}
    for each in found.came_in if found else ():
        told[each.stage] = told.get(each.stage, 0) + 1
    return told


def _inputs(book: Rulebook, measure: Measure) -> tuple[forms.Input, ...]:
    words = load_catalogue()
    kind = Test.CRITERIA if measure is Measure.CRITERIA else Test.POINTS
    rulesets = {each.id: each.id for each in latest(book) if each.test is kind}
    by_instant = measure is Measure.CRITERIA
    orders = {
        each.value: words(f"order.{each}")
        for each in Order
        if (each is Order.INSTANT_REFERENCE) is by_instant
    }
    return (
        forms.Input(name="ruleset", kind="choice", required=False, choices=rulesets),
        forms.Input(name="places", kind="whole", required=False),
        forms.Input(name="order", kind="choice", required=False, choices=orders),
        forms.Input(name="threshold", kind="whole", required=False),
        forms.Input(name="as_of", kind="moment", required=False),
    )


def _change(typed: Mapping[str, str]) -> Change:
    """Return the change that was typed, or raise FormFaults naming every field at fault."""
    told: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, read in _READ.items():
        text = typed.get(name, "").strip()
        try:
            if text:
                told[name] = read(text)
        except ValueError as fault:
            faults[name] = "Choose one of these" if read is Order else str(fault)
    if faults:
        raise forms.FormFaults(faults)
    return Change(**told)


ROUTES: Final = (
    Route(
        path="/staff/exercises/trial",
        endpoint="try_opening",
        view=try_opening,
        action=Action.RUN_EXERCISE,
        methods=("POST",),
    ),
    Route(
        path="/staff/exercises/<name>/dry-run",
        endpoint="exercise_dry_run",
        view=dry_run,
        action=Action.TRY_STEP,
    ),
    Route(
        path="/staff/exercises/<name>/what-if",
        endpoint="exercise_what_if",
        view=other_terms,
        action=Action.TRY_TERMS,
    ),
)
