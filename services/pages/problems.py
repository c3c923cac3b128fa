"""What goes wrong, as a page: the one table from faults to HTTP, and words for each.

The office reads its own in English; anybody else is told in the language that they read in.
"""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from domain.access import Person, Role
from domain.errors import (
    Forbidden,
    NoSuchCase,
    NoSuchDocument,
    NoSuchExercise,
    NotAllowedNow,
    Refusal,
)
from domain.slugs import slug
from services.arriving import BodyTooSlow
from services.catalogue import Catalogue, load_catalogue
from services.identity.faults import NoRole, ProviderAway, SignInRefused
from services.pages.forms import FormFaults
from services.pages.guard import StaleForm
from services.pages.shown import ENGLISH
from services.pages.tongues import render_public, spoken
from services.projections.errors import (
    MENDED_BY,
    BadCursor,
    NotShown,
    ProjectionOutdated,
    StandsStill,
)
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
        NotShown: 503,
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
        BodyTooSlow: "What you sent did not arrive in time",
        SignInRefused: "You are not signed in",
        NoRole: "You have no role here",
        KeyDestroyed: "What was held on this person has been erased",
        Unwritable: "This cannot be recorded as it is",
    }
)
_IN_WORDS: Final[Mapping[type[Exception], str]] = MappingProxyType(
    {
        NoSuchCase: "not-found",
        NoSuchExercise: "not-found",
        NoSuchDocument: "not-found",
        StaleForm: "stale",
        BodyTooSlow: "too-slow",
        SettingsFault: "away",
        StoreUnreachable: "away",
        MigrationFault: "away",
        MasterKeyChanged: "away",
        NotShown: "away",
        ProjectionOutdated: "away",
        StandsStill: "away",
    }
)
"""Where the words are for a fault that anybody may meet; for those below a class, as for it."""

_PROVIDER_AWAY: Final = (
    "Your organisation's sign-in service does not answer. Nothing is wrong with your account. Try "
    "again in a moment."
)
_SAID: Final[Mapping[type[Exception], str]] = MappingProxyType(
    {ProviderAway: _PROVIDER_AWAY, StandsStill: f"Nothing is lost, but {MENDED_BY}."}
)
_UNAVAILABLE: Final = 503
_RETRY_SECONDS: Final = "5"
_OF_HTTP: Final[Mapping[int, str]] = MappingProxyType(
    {404: "not-found", 405: "not-possible", 413: "too-large"}
)
_OFFICE: Final = ("/staff", "/audit", "/sign-in")
_OF_NO_CASE: Final = frozenset({401, 403, 404, 500, 503})
"""Where no case is led back to: it was not shown, to whoever may not see it or before it could."""


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


def said_of(fault: Exception) -> str:
    """Return what a fault says, with commands and stages called what they are called on pages."""
    if not isinstance(fault, NotAllowedNow):
        return str(fault)
    words = load_catalogue()
    title, *allowed = (_called(words, slug(each)) for each in (fault.command, *fault.allowed))
    stage = words.maybe(f"stage.{fault.stage}.label", fault.stage.replace("-", " "))
    stage = words.maybe(f"office-stage.{fault.stage}", stage)
    then = f"possible now: {', '.join(allowed)}" if allowed else "nothing more can be done"
    return f"{title} is not possible at the stage “{stage}” of the {fault.of}; {then}"


def told_of(fault: Exception) -> str:
    """Return a fault as one of the things that are wrong in a form."""
    return f"{title_of(fault)}: {said_of(fault)}"


def show_problems(app: Flask) -> None:
    """Make `app` answer every fault with a page that says what is wrong and what to do."""
    for fault in STATUS:
        app.register_error_handler(fault, _known)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(500, _unknown)


def _called(words: Catalogue, command: str) -> str:
    """Return a command's title as it is quoted, or its name where no case has it."""
    named = command.replace("-", " ").capitalize()
    return f"“{words.maybe(f'command.{command}.title', named)}”"


def _known(fault: Exception) -> ResponseReturnValue:
    status = status_of(fault)
    if status == _UNAVAILABLE:
        return _away(fault)
    key = _words_of(fault)
    if _for_office():
        if isinstance(fault, StaleForm):
            return _in_words(key, status)
        return _page(title_of(fault), said_of(fault), status)
    if spoken().language == ENGLISH and key == "refused":
        return _page(title_of(fault), said_of(fault), status)
    return _in_words(key, status)


def unavailable(page: str, fault: Exception) -> tuple[str, int, dict[str, str]]:
    """Answer with a page that something is missing; what it is, the log is told and no visitor."""
    _log.error("page unavailable", exc_info=fault, extra={"correlation_id": g.correlation_id})
    return page, _UNAVAILABLE, {"Retry-After": _RETRY_SECONDS}


def _away(fault: Exception) -> tuple[str, int, dict[str, str]]:
    said = next((said for kind, said in _SAID.items() if isinstance(fault, kind)), "")
    if said and _for_office():
        page, _ = _page(load_catalogue()("problem.away.title"), said, _UNAVAILABLE)
    else:
        page, _ = _in_words("away", _UNAVAILABLE)
    return unavailable(page, fault)


def _of_http(fault: Exception) -> tuple[str, int, list[tuple[str, str]]]:
    """Show a fault of HTTP's own, with the headers it asks for, such as `Allow`."""
    if not isinstance(fault, HTTPException):
        raise TypeError("only faults of HTTP are shown here") from fault
    code = fault.code or 500
    key = _OF_HTTP.get(code, "refused")
    if key == "refused" and (_for_office() or spoken().language == ENGLISH):
        page, _ = _page(fault.name, fault.description or "", code)
    else:
        page, _ = _in_words(key, code)
    kept = [each for each in fault.get_headers() if each[0].lower() == "allow"]
    return page, code, kept


def _unknown(_fault: Exception) -> tuple[str, int]:
    """Show a fault of ours, which is logged with its trace; the page names neither."""
    return _in_words("ours", 500)


def _words_of(fault: Exception) -> str:
    """Return where the words are for a fault: `refused` where there are none but its own."""
    return next((_IN_WORDS[each] for each in type(fault).__mro__ if each in _IN_WORDS), "refused")


def _for_office() -> bool:
    """Say whether the office reads this page: its pages are in English, all others as preferred."""
    person: Person | None = g.get("person")
    if person is not None and person.role is not Role.APPLICANT:
        return True
    return any(request.path == area or request.path.startswith(f"{area}/") for area in _OFFICE)


def _in_words(key: str, code: int) -> tuple[str, int]:
    words = load_catalogue() if _for_office() else spoken()
    said = words(f"problem.{key}.said", number=g.correlation_id)
    return _page(words(f"problem.{key}.title"), said, code)


def _page(title: str, said: str, code: int) -> tuple[str, int]:
    said = f"{said[:1].upper()}{said[1:]}"
    if _for_office():
        case = None if code in _OF_NO_CASE else (request.view_args or {}).get("reference")
        return render_template("problem.html", title=title, said=said, case=case), code
    return render_public("problem_of_anybody.html", spoken(), title=title, said=said), code
