"""The page on which staff correct what was filed: the application as it is, to be altered as text.

What is wrong in it is told field by field, by the same reading that every application meets.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from uuid import uuid4

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain import commands as c
from domain.access import ACTION_OF
from domain.application import Application
from domain.errors import Forbidden, NoSuchCase, PersonErased, Refusal
from domain.looks import Door, What
from domain.stages import Draft
from services import cases
from services.cases import CaseAt
from services.correcting import reference_day
from services.intake.application import read_application
from services.intake.faults import ApplicationFaults, Fault
from services.intake.spelling import document_of
from services.looking import case_seen
from services.pages import forms
from services.pages.casework import WHEN, stale
from services.pages.guard import Route, look, visitor
from services.pages.problems import status_of, told_of
from services.requests import Request
from services.store import errors as s
from services.wiring import Office

FIELD: Final = "application"
_REFUSALS: Final = (Refusal, s.CommandReused, s.KeyDestroyed, s.Unwritable)


def correction(office: Office, reference: str) -> ResponseReturnValue:
    """Show what was filed, to be corrected."""
    found = case_seen(office, look(What.CASE), reference)
    document = document_of(_filed(found))
    typed = {FIELD: json.dumps(document, indent=2, ensure_ascii=False)}
    return _page(found, typed, ())


def correct(office: Office, reference: str) -> ResponseReturnValue:
    """Correct what was filed and show the case, or say field by field what is wrong."""
    typed = request.form
    try:
        outcome = _carry_out(office, reference)
    except ApplicationFaults as wrong:
        faults = tuple(_in_file(each) for each in wrong.faults)
        status = 422
    except forms.FormFaults as wrong:
        faults = tuple(Fault(path=name, message=said) for name, said in wrong.faults.items())
        status = 422
    except s.Conflict as conflict:
        faults, status = (Fault(path="", message=stale(conflict, shown=False)),), 409
    except (Forbidden, NoSuchCase):
        raise
    except _REFUSALS as refusal:
        faults = (Fault(path="", message=told_of(refusal)),)
        status = status_of(refusal)
    else:
        flash(f"What was filed is corrected. The case is now at version {outcome.version}.")
        return redirect(url_for("case", reference=outcome.reference), 303)
    return _page(case_seen(office, look(What.CASE), reference), typed, faults), status


def _carry_out(office: Office, reference: str) -> cases.Outcome:
    form = request.form
    reason = form.get("reason", "").strip()
    if not reason:
        raise forms.FormFaults({"reason": "This is needed; fill it in"})
    asked = Request(
        person=visitor(),
        command_id=forms.read_id(form.get("command_id", "")),
        correlation_id=g.correlation_id,
        door=Door.PAGE,
        effective_at=forms.read_when(form, WHEN),
        expected=forms.read_version(form.get("expected", "")),
    )
    on = reference_day(office, reference, asked)
    application = read_application(form.get(FIELD, "").encode(), on)
    command = c.CorrectApplication(application=application, reason=reason)
    return cases.carry_out(office, reference, command, asked)


def _in_file(fault: Fault) -> Fault:
    """Return the fault by its path in the file: what is found beside the case has the command's."""
    return replace(fault, path=fault.path.removeprefix(f"{FIELD}."))


def _filed(found: CaseAt) -> Application:
    filed = None if isinstance(found.state, Draft) else found.state.filed.application
    if filed is None:
        raise PersonErased("what the applicant filed was erased; there is nothing to correct")
    return filed


def _page(found: CaseAt, typed: Mapping[str, str], faults: tuple[Fault, ...]) -> str:
    own = {"reason", WHEN}
    return render_template(
        "correction.html",
        found=found,
        typed=typed,
        faults=faults,
        own={each.path: each.message for each in faults if each.path in own},
        when=WHEN,
        command_id=str(uuid4()),
    )


ROUTES: Final = (
    Route(
        path="/staff/cases/<reference>/correction",
        endpoint="correction",
        view=correction,
        action=ACTION_OF[c.CorrectApplication],
    ),
    Route(
        path="/staff/cases/<reference>/correction",
        endpoint="correct",
        view=correct,
        action=ACTION_OF[c.CorrectApplication],
        methods=("POST",),
    ),
)
