"""Why somebody looks at a case: asked of whoever audits, and taken from whoever wants to say it."""

from typing import Final

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.access import Action
from domain.errors import PurposeInvalid, PurposeNeeded
from domain.looks import What
from services.looking import case_seen
from services.pages.guard import Route, look
from services.pages.signing_in import is_ours
from services.wiring import Office

_FIELD: Final = "stated"


def state(office: Office, reference: str) -> ResponseReturnValue:
    """Take why somebody looks, which is a look itself, and go on to what they wanted to see."""
    typed, then = request.form.get(_FIELD, ""), request.form.get("then", "")
    if not typed.strip():
        return _form(reference, then, fault="Say why you look at this case"), 422
    try:
        case_seen(office, look(What.CASE, typed), reference)
    except PurposeInvalid as fault:
        said = f"{str(fault)[:1].upper()}{str(fault)[1:]}"
        return _form(reference, then, fault=said, typed=typed), 422
    return redirect(then if is_ours(then) else url_for("case", reference=reference), 303)


def ask_where_needed(app: Flask) -> None:
    """Make `app` ask whoever has to say why they look, in place of what they wanted to see."""
    app.register_error_handler(PurposeNeeded, _needed)


def _needed(fault: Exception) -> ResponseReturnValue:
    if not isinstance(fault, PurposeNeeded):
        raise TypeError("only a purpose that is needed is asked for here") from fault
    then = request.full_path.rstrip("?") if request.method == "GET" else ""
    return _form(fault.reference, then), 403


def _form(reference: str, then: str, *, fault: str = "", typed: str = "") -> str:
    return render_template(
        "purpose.html",
        reference=reference,
        then=then,
        faults={_FIELD: fault} if fault else {},
        typed=typed,
    )


ROUTES: Final = (
    Route(
        path="/staff/cases/<reference>/purpose",
        endpoint="state_purpose",
        view=state,
        action=Action.READ_CASES,
        methods=("POST",),
    ),
)
