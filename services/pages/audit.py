"""The auditor's page: every event of a case as it stood, and as it was believed to stand."""

from datetime import datetime
from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.access import Action, permitted
from domain.errors import NoSuchCase
from domain.looks import What
from domain.rederivation import Rederived, rederived
from domain.references import parse_reference
from services.cases import CaseAt
from services.catalogue import load_catalogue
from services.looking import case_seen, work_history_beside
from services.pages import forms, timeline
from services.pages.guard import Route, look, visitor
from services.wiring import Office

_MOMENTS: Final = ("as_of", "believed_at")


def audit_search(_office: Office) -> ResponseReturnValue:
    """Show the form, or go to the case that was asked for in it."""
    typed = request.args.get("reference", "").strip()
    if "reference" not in request.args:
        return _search("", "")
    reference = parse_reference(typed)
    if reference is None:
        fault = (
            "This is no case reference; it reads like QM-4K7RT-9XWPR"
            if typed
            else "Enter a case reference"
        )
        return _search(typed, fault), 422
    return redirect(url_for("audit_case", reference=reference), 303)


def audit_case(office: Office, reference: str) -> ResponseReturnValue:
    """Show every event of a case until the moments asked for, with all that was recorded."""
    typed = {name: request.args.get(name, "").strip() for name in _MOMENTS}
    moments, faults = _moments(typed)
    canonical = parse_reference(reference)
    if canonical is not None and canonical != reference:
        return redirect(
            url_for(
                "audit_case",
                reference=canonical,
                as_of=typed["as_of"] or None,
                believed_at=typed["believed_at"] or None,
            ),
            303,
        )
    try:
        as_of, believed_at = (moments.get(name) for name in _MOMENTS)
        seen = look(What.HISTORY)
        found = None
        if not faults:
            found = case_seen(office, seen, reference, as_of=as_of, believed_at=believed_at)
    except NoSuchCase as fault:
        if not any(moments.values()):
            raise
        found, faults = None, {"": str(fault)}
    page = render_template(
        "history.html",
        reference=reference,
        found=found,
        steps=timeline.steps(load_catalogue(), found.events) if found else (),
        again=_again(office, found) if found else {},
        work=_work(office, found, moments) if found else (),
        typed=typed,
        faults=faults,
    )
    return (page, 422) if faults else page


def _work(
    office: Office, found: CaseAt, moments: dict[str, datetime | None]
) -> tuple[timeline.Step, ...]:
    """The work on the case until the same moments, for those who may see it."""
    if not permitted(visitor(), Action.READ_WORK):
        return ()
    events = work_history_beside(office, found, **moments)
    return timeline.work_steps(load_catalogue(), events)


def _again(office: Office, found: CaseAt) -> dict[int, Rederived]:
    """Every assessment made again, by the version of the event that recorded it."""
    return {each.version: made for each, made in rederived(found.events, office.rulebook)}


def _moments(typed: dict[str, str]) -> tuple[dict[str, datetime | None], dict[str, str]]:
    moments: dict[str, datetime | None] = {}
    faults: dict[str, str] = {}
    for name in _MOMENTS:
        try:
            moments[name] = forms.read_moment(typed[name])
        except ValueError as fault:
            faults[name] = str(fault)
    return moments, faults


def _search(typed: str, fault: str) -> str:
    return render_template("audit.html", typed=typed, fault=fault)


ROUTES: Final = (
    Route(path="/audit", endpoint="audit_search", view=audit_search, action=Action.READ_HISTORY),
    Route(
        path="/audit/cases/<reference>",
        endpoint="audit_case",
        view=audit_case,
        action=Action.READ_HISTORY,
    ),
)
