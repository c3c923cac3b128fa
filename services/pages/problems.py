"""What goes wrong, as a page: the one table from faults to HTTP, and words for each."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from flask import Flask, g, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from domain.errors import Forbidden, NoSuchCase, NoSuchDocument, NoSuchExercise, Refusal
from services.arriving import BodyTooSlow
from services.identity.faults import NoRole, ProviderAway, SignInRefused
from services.pages.forms import FormFaults
from services.pages.guard import StaleForm
from services.projections.errors import MENDED_BY, BadCursor, ProjectionOutdated, StandsStill
from services.settings import SettingsFault
from services.store import MasterKeyChanged
from services.store.errors import (
    CommandReused,
    Conflict,
    KeyDestroyed,
    MigrationFault,
    StoreUnreachable,
    Unwritable,
)

_log = logging.getLogger(__name__)

STATUS: Final[Mapping[type[Exception], int]] = MappingProxyType(
    {
        NoSuchCase: 404,
        NoSuchExercise: 404,
        NoSuchDocument: 404,
        Forbidden: 403,
        Refusal: 422,
        Conflict: 409,
        CommandReused: 422,
        BadCursor: 400,
        FormFaults: 422,
        StaleForm: 400,
        KeyDestroyed: 422,
        Unwritable: 422,
        BodyTooSlow: 408,
        SettingsFault: 503,
        SignInRefused: 400,
        NoRole: 403,
        ProviderAway: 503,
        StoreUnreachable: 503,
        MigrationFault: 503,
        MasterKeyChanged: 503,
        ProjectionOutdated: 503,
        StandsStill: 503,
    }
)
"""The HTTP status of each fault that a page shows; a class stands for those below it too."""

_TITLES: Final[Mapping[type[Exception], str]] = MappingProxyType(
    {
        Conflict: "The case has changed meanwhile",
        CommandReused: "This form was used before",
        BadCursor: "This page of the list is gone",
        FormFaults: "This cannot be looked up",
        StaleForm: "This form has expired",
        BodyTooSlow: "What you sent did not arrive in time",
        SignInRefused: "You are not signed in",
        NoRole: "You have no role here",
        KeyDestroyed: "What was held on this person has been erased",
        Unwritable: "This cannot be recorded as it is",
    }
)
_STALE: Final = "The page was open for too long, or in two windows. Open it again and repeat."
_PROVIDER_AWAY: Final = (
    "Your organisation's sign-in service does not answer. Nothing is wrong with your account. Try "
    "again in a moment."
)
_AWAY: Final = (
    "Something this service needs does not answer. Nothing is lost. Try again in a moment; a form "
    "that is sent again is carried out once."
)
_SAID: Final[Mapping[type[Exception], str]] = MappingProxyType(
    {ProviderAway: _PROVIDER_AWAY, StandsStill: f"Nothing is lost, but {MENDED_BY}."}
)
_UNAVAILABLE: Final = 503
_RETRY_SECONDS: Final = "5"
_OF_HTTP: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        404: ("Page not found", "There is no page at this address. Check it for slips."),
        405: ("Not possible here", "This address cannot be used in this way. Go back one page."),
        413: ("Too much at once", "What was sent is too large for a form of this service."),
    }
)


def status_of(fault: Exception) -> int:
    """Return the HTTP status of a fault: that of the nearest class in `STATUS`."""
    return next((STATUS[each] for each in type(fault).__mro__ if each in STATUS), 500)


def title_of(fault: Exception) -> str:
    """Return what people are told first of a fault."""
    if isinstance(fault, Refusal):
        return fault.title()
    return next(
        (_TITLES[each] for each in type(fault).__mro__ if each in _TITLES), "Something went wrong"
    )


def show_problems(app: Flask) -> None:
    """Make `app` answer every fault with a page that says what is wrong and what to do."""
    for fault in STATUS:
        app.register_error_handler(fault, _known)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(500, _unknown)


def _known(fault: Exception) -> ResponseReturnValue:
    status = status_of(fault)
    if status == _UNAVAILABLE:
        return _away(fault)
    said = _STALE if isinstance(fault, StaleForm) else str(fault)
    return _page(title_of(fault), said, status)


def _away(fault: Exception) -> tuple[str, int, dict[str, str]]:
    """Show that something is missing; what it is, is told to the log and not to visitors."""
    _log.error("page unavailable", exc_info=fault, extra={"correlation_id": g.correlation_id})
    said = next((said for kind, said in _SAID.items() if isinstance(fault, kind)), _AWAY)
    page, status = _page("Not available just now", said, _UNAVAILABLE)
    return page, status, {"Retry-After": _RETRY_SECONDS}


def _of_http(fault: Exception) -> tuple[str, int, list[tuple[str, str]]]:
    """Show a fault of HTTP's own, with the headers it asks for, such as `Allow`."""
    if not isinstance(fault, HTTPException):
        raise TypeError("only faults of HTTP are shown here") from fault
    code = fault.code or 500
    title, said = _OF_HTTP.get(code, (fault.name, fault.description or ""))
    kept = [each for each in fault.get_headers() if each[0].lower() == "allow"]
    page, _ = _page(title, said, code)
    return page, code, kept


def _unknown(_fault: Exception) -> tuple[str, int]:
    """Show a fault of ours, which is logged with its trace; the page names neither."""
    return _page(
        "Something went wrong",
        f"The fault is ours and was recorded. If it stays, give this number: {g.correlation_id}",
        500,
    )


def _page(title: str, said: str, code: int) -> tuple[str, int]:
    return render_template("problem.html", title=title, said=said), code
