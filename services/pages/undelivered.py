"""Letters and webhooks that were given up: why, and a way to have them tried again."""

from typing import Final

import structlog
from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.access import Action, permitted
from domain.looks import What
from domain.references import parse_reference
from services.notifications import readdressing
from services.notifications.entries import UNUSABLE, Notification, State
from services.pages.guard import Route, look, visitor
from services.wiring import Office

_PAGE: Final = 50
_MOST_DIGITS: Final = 18

_log: Final = structlog.get_logger(__name__)


def undelivered(office: Office) -> ResponseReturnValue:
    """Show what was given up, newest first, and say so where nothing is sent at all."""
    before = request.args.get("before", "")
    found = office.ledger.rows(
        look(What.NOTIFICATIONS),
        states=(State.FAILED,),
        before=_number(before),
        limit=_PAGE + 1,
        shows=_PAGE,
    )
    rows = found[:_PAGE]
    return render_template(
        "undelivered.html",
        rows=rows,
        cases={row.id for row in rows if _is_of_a_case(row)},
        unusable={row.id for row in rows if row.last_error == UNUSABLE},
        older=rows[-1].id if len(found) > _PAGE else None,
        fence=office.ledger.fence.state(),
        may_retry=permitted(visitor(), Action.RETRY_NOTIFICATION),
        may_print=permitted(visitor(), Action.WORK),
    )


def retry(office: Office, number: str) -> ResponseReturnValue:
    """Have one of them tried again now; what a restore withheld is for whoever runs the system."""
    row = _number(number)
    if row is None:
        abort(404)
    seen = look(What.NOTIFICATIONS)
    found = office.ledger.rows(seen, states=(State.FAILED,), number=row)
    if found and readdressing.retry(office, visitor().name, ids=[row]):
        office.pokes.planned()
        _log.info("notification_retried", id=row, by=visitor().name)
        flash(f"Number {number} is tried again now.")
    else:
        flash(f"Number {number} was not given up, or cannot be tried again: nothing was done.")
    return redirect(url_for("undelivered"), 303)


def _number(text: str) -> int | None:
    """Return the number that a text is, None where it is none of a row."""
    known = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if known else None


def _is_of_a_case(row: Notification) -> bool:
    return parse_reference(row.reference) is not None


ROUTES: Final = (
    Route(
        path="/staff/notifications",
        endpoint="undelivered",
        view=undelivered,
        action=Action.READ_NOTIFICATIONS,
    ),
    Route(
        path="/staff/notifications/<number>/retry",
        endpoint="retry",
        view=retry,
        action=Action.RETRY_NOTIFICATION,
        methods=("POST",),
    ),
)
