"""The work of the office: the next case, one's own cases, who has how many, and work on one case.

As with commands on a case, a form is carried out once, and on what its sender saw.
"""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import uuid4

from flask import Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain import work_commands as c
from domain.access import WORK_ACTION_OF, Action, demand, permitted
from domain.application import Route as Test
from domain.errors import Forbidden, NoSuchCase, Refusal
from domain.looks import Door, What
from domain.stages import Stage
from domain.traces import UNDECIDED
from domain.work_queue import FOR_OFFICERS
from services import work
from services.catalogue import load_catalogue
from services.counts import Count
from services.documents.naming import disposition
from services.looking import case_seen
from services.notifications import undelivered
from services.pages import casework, forms
from services.pages.cases import word
from services.pages.desk import COMMANDS, EXPORT
from services.pages.guard import Route, look, visitor
from services.pages.offering import refused_form
from services.pages.problems import status_of, told_of
from services.pages.shown import stage_name
from services.privacy.export import MEDIA_TYPE, export
from services.projections import queries, queue
from services.requests import Request
from services.store.errors import CommandReused, Conflict, KeyDestroyed, Unwritable
from services.wiring import Office

_REFUSALS: Final = (Refusal, CommandReused, KeyDestroyed, Unwritable)


def work_list(office: Office) -> ResponseReturnValue:
    """Show one's own cases, what waits, and who has how many."""
    return _list(office, {}, {})


def take_next(office: Office) -> ResponseReturnValue:
    """Take the next case and show it, or say why there is none."""
    try:
        form = request.form
        wanted = c.TakeNext(stage=word(form, "stage", Stage), route=word(form, "route", Test))
        outcome = work.take_next(office, wanted, _request())
    except forms.FormFaults as fault:
        return _list(office, request.form, fault.faults), 422
    except Forbidden:
        raise
    except _REFUSALS as refusal:
        return _list(office, request.form, {"": _said(refusal)}), status_of(refusal)
    flash("This case is yours.")  # its reference is not for the cookie
    return redirect(url_for("case", reference=outcome.reference), 303)


def work_on_case(office: Office, reference: str, slug: str) -> ResponseReturnValue:
    """Carry out a command on the work on a case and show the case after it, or say why not."""
    if slug not in COMMANDS:
        abort(404)
    demand(visitor(), WORK_ACTION_OF[COMMANDS[slug]])

    def act() -> ResponseReturnValue:
        outcome = _carry_out(office, reference, slug)
        flash(f"{load_catalogue()(f'command.{slug}.title')}: done.")
        return redirect(url_for("case", reference=outcome.reference), 303)

    return _answered(office, reference, slug, act)


def export_data(office: Office, reference: str) -> ResponseReturnValue:
    """Give all that is held on the person of a case as a file, or say why not."""

    def act() -> ResponseReturnValue:
        command = forms.read_command(c.ExportData, request.form)
        expected = forms.read_version(request.form.get("expected", ""))
        made = export(office, reference, command, _request(expected), look(What.EXPORT))
        headers = {"Content-Disposition": disposition(made.name)}
        return Response(made.chunks(), mimetype=MEDIA_TYPE, headers=headers)

    return _answered(office, reference, EXPORT, act)


def _answered(
    office: Office, reference: str, slug: str, act: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue:
    try:
        return act()
    except forms.FormFaults as fault:
        return _refused(office, reference, slug, fault.faults), 422
    except Conflict as conflict:
        return _refused(office, reference, slug, {"": _stale(conflict)}), 409
    except (Forbidden, NoSuchCase):
        raise
    except _REFUSALS as refusal:
        return _refused(office, reference, slug, {"": _said(refusal)}), status_of(refusal)


def _carry_out(office: Office, reference: str, slug: str) -> work.WorkOutcome:
    command, form = COMMANDS[slug], request.form
    asked = forms.read_command(command, form)
    # A note depends on nothing that its writer saw.
    depends = command is not c.AddNote
    expected = forms.read_version(form.get("expected", "")) if depends else None
    return work.carry_out(office, reference, asked, _request(expected))


def _request(expected: int | None = None) -> Request:
    return Request(
        person=visitor(),
        command_id=forms.read_id(request.form.get("command_id", "")),
        correlation_id=g.correlation_id,
        door=Door.PAGE,
        expected=expected,
    )


def _refused(office: Office, reference: str, slug: str, faults: Mapping[str, str]) -> str:
    said = refused_form(load_catalogue(), slug, request.form, faults)
    return casework.page(office, case_seen(office, look(What.CASE), reference), said)


def _list(office: Office, typed: Mapping[str, str], faults: Mapping[str, str]) -> str:
    words, person = load_catalogue(), visitor()
    stages = (each for each in Stage if each in UNDECIDED)
    return render_template(
        "work.html",
        may_take=permitted(person, WORK_ACTION_OF[c.TakeNext]),
        mine=queue.held_by(office.models, look(What.WORK), person.name),
        waiting=queue.waiting(office.models, FOR_OFFICERS),
        on_hold=queue.waiting(office.models, FOR_OFFICERS, on_hold=True),
        loads=queue.workloads(office.models) if _sees_loads() else None,
        to_print=undelivered.number_waiting(office.ledger),
        stages={str(each): stage_name(words, each) for each in stages},
        tests={str(each): words(f"route.{each}-short") for each in Test},
        typed=typed,
        faults=faults,
        command_id=str(uuid4()),
        undelivered=_undelivered(office),
        fresh=queries.freshness(office.models, "work"),
    )


def _undelivered(office: Office) -> Count | None:
    """Return how much was given up, as far as whoever is signed in may know."""
    seen = permitted(visitor(), Action.READ_NOTIFICATIONS)
    return office.ledger.failed() if seen else None


def _sees_loads() -> bool:
    """Say whether to show who has how many: to those who assign, and those who only read."""
    person = visitor()
    return permitted(person, Action.ASSIGN) or not permitted(person, Action.WORK)


def _said(fault: Exception) -> str:
    return told_of(fault)


def _stale(conflict: Conflict) -> str:
    return (
        f"The work on this case has changed since you opened it: it is at version "
        f"{conflict.actual}, and your form was made from version {conflict.expected}. Nothing was "
        "recorded. See below who has the case now, then decide again"
    )


ROUTES: Final = (
    Route(path="/staff/work", endpoint="work_list", view=work_list, action=Action.READ_WORK),
    Route(
        path="/staff/work/next",
        endpoint="take_next",
        view=take_next,
        action=WORK_ACTION_OF[c.TakeNext],
        methods=("POST",),
    ),
    Route(
        path=f"/staff/cases/<reference>/work/{EXPORT}",
        endpoint="export_data",
        view=export_data,
        action=WORK_ACTION_OF[c.ExportData],
        methods=("POST",),
    ),
    Route(
        path="/staff/cases/<reference>/work/<slug>",
        endpoint="work_on_case",
        view=work_on_case,
        action=Action.WORK,
        methods=("POST",),
    ),
)
