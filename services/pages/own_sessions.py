"""Where somebody is signed in, and signing out there: of one's own sessions alone."""

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.access import Action
from services.pages import sessions
from services.pages.guard import Route, visitor
from services.wiring import Office


def session_list(office: Office) -> ResponseReturnValue:
    """Show the browsers in which the visitor is signed in."""
    now = office.clock()
    return render_template(
        "sessions.html",
        listed=office.sessions.listed(now, visitor().name),
        here=sessions.number_here(office, now),
        minutes=int(sessions.IDLE.total_seconds() // 60),
        hours=int(sessions.LONGEST.total_seconds() // 3600),
    )


def end_sessions(office: Office) -> ResponseReturnValue:
    """Sign the visitor out in the browser that the form names, or everywhere."""
    name = visitor().name
    number = request.form.get("number") or None
    ended = office.sessions.end(name, name, office.clock(), number)
    if sessions.signed_in(office, office.clock()) is None:
        sessions.leave(office)
        return redirect(url_for("staff_sign_in", left=1), 303)
    flash("You are signed out there." if ended else "You were not signed in there any more.")
    return redirect(url_for("session_list"), 303)


ROUTES: Final = (
    Route(
        path="/staff/sessions",
        endpoint="session_list",
        view=session_list,
        action=Action.MANAGE_OWN_SESSIONS,
    ),
    Route(
        path="/staff/sessions/end",
        endpoint="end_sessions",
        view=end_sessions,
        action=Action.MANAGE_OWN_SESSIONS,
        methods=("POST",),
    ),
)
