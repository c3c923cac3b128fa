"""The door: signing in to the office and to the audit, and out again."""

from typing import Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.access import Action, Person, permitted
from services import identity
from services.pages import sessions
from services.pages.guard import Route
from services.wiring import Office

_HOME: Final = {"staff": "case_list", "audit": "audit_search"}
_TITLE: Final = {"staff": "Sign in to the office", "audit": "Sign in to the audit"}


def sign_in(office: Office, area: str) -> ResponseReturnValue:
    """Show the form, or sign in who gives a right name and password."""
    then = request.values.get("then", "")
    if request.method == "GET":
        return _form(area, then, fault="")
    name = request.form.get("name", "").strip()
    person = identity.sign_in(office.settings, name, request.form.get("password", ""))
    if person is None:
        fault = "The name and the password do not belong together. Check both and try again"
        return _form(area, then, fault=fault, name=name), 422
    sessions.admit(office, person)
    return redirect(then if _is_ours(then) else url_for(_home_of(person, area)), 303)


def staff_sign_in(office: Office) -> ResponseReturnValue:
    """The office's door."""
    return sign_in(office, "staff")


def audit_sign_in(office: Office) -> ResponseReturnValue:
    """The audit's door."""
    return sign_in(office, "audit")


def sign_out(office: Office) -> ResponseReturnValue:
    """Forget who was signed in."""
    sessions.leave(office)
    return redirect(url_for("staff_sign_in", left=1), 303)


def _form(area: str, then: str, *, fault: str, name: str = "") -> str:
    return render_template(
        "sign_in.html",
        area=area,
        title=_TITLE[area],
        then=then if _is_ours(then) else "",
        fault=fault,
        name=name,
        left="left" in request.args,
        minutes=int(sessions.IDLE.total_seconds() // 60),
    )


def _home_of(person: Person, area: str) -> str:
    return _HOME[area] if permitted(person, Action.READ_HISTORY) else "session_list"


def _is_ours(address: str) -> bool:
    """Say whether an address is a page of the office or the audit, and of no other site."""
    return address.startswith(("/staff", "/audit")) and not set(address) & set("\\\r\n\t")


ROUTES: Final = (
    Route(
        path="/staff/sign-in",
        endpoint="staff_sign_in",
        view=staff_sign_in,
        action=Action.PUBLIC,
        methods=("GET", "POST"),
    ),
    Route(
        path="/audit/sign-in",
        endpoint="audit_sign_in",
        view=audit_sign_in,
        action=Action.PUBLIC,
        methods=("GET", "POST"),
    ),
    Route(
        path="/sign-out",
        endpoint="sign_out",
        view=sign_out,
        action=Action.PUBLIC,
        methods=("POST",),
    ),
)
