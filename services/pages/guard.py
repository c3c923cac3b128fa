"""Every page names the action that it asks leave for, and nothing is served without it.

Law: a route cannot be written down without its action, and an endpoint that came from anywhere
else stops the program where the pages are made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.access import Action, Person, Role, demand, permitted
from domain.looks import Door, Look, What, look_of
from services import forwarding
from services.documents.receiving import largest
from services.pages import sessions
from services.pages.incoming import LARGEST_WITH_FILE, BrowserRequest
from services.wiring import Office

ACTIONS_KEY: Final = "qmas.actions"
FILES_KEY: Final = "qmas.files"
HELD_KEY: Final = "qmas.held"
_READS: Final = frozenset({"GET", "HEAD"})
_SIGN_IN_OF: Final = (("/audit", "audit_sign_in"), ("/staff", "staff_sign_in"))


class UnguardedRoute(TypeError):
    """A route of the pages names no action."""


class StaleForm(Exception):
    """The form does not belong to this browser's session, or the session has ended since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address: its endpoint, its view, and the action that whoever asks must be permitted.

    A view takes the office first and then the parts of the path by name. Only a form that
    `takes_file` may be larger than others. What a form acts on that this browser's session holds,
    rather than the path, is `held`: the form's own page names it too, and a form that was made for
    another, as in a second window, does nothing.
    """

    path: str
    endpoint: str
    view: Callable[..., ResponseReturnValue]
    action: Action
    methods: tuple[str, ...] = ("GET",)
    takes_file: bool = False
    held: sessions.Held | None = None


def serve(app: Flask, office: Office, routes: Sequence[Route]) -> None:
    """Make `app` serve `routes` and nothing else, each behind its action."""
    actions: dict[str, Action] = {"static": Action.PUBLIC}
    for route in routes:
        app.add_url_rule(
            route.path,
            route.endpoint,
            partial(route.view, office),
            methods=route.methods,
            provide_automatic_options=False,
        )
        actions[route.endpoint] = route.action
    app.extensions[ACTIONS_KEY] = actions
    app.extensions[FILES_KEY] = frozenset(each.endpoint for each in routes if each.takes_file)
    app.extensions[HELD_KEY] = {each.endpoint: each.held for each in routes if each.held}
    unguarded = {rule.endpoint for rule in app.url_map.iter_rules()} - actions.keys()
    if unguarded:
        raise UnguardedRoute(f"no action is named for: {', '.join(sorted(unguarded))}")
    app.before_request(partial(_admit, office))


def actions_of(app: Flask) -> Mapping[str, Action]:
    """Return the action of every endpoint that `app` serves."""
    found: Mapping[str, Action] = app.extensions[ACTIONS_KEY]
    return found


def may_open(endpoint: str) -> bool:
    """Say whether whoever asks for this page may open that one: others get no link to it."""
    action = actions_of(current_app)[endpoint]
    person: Person | None = g.get("person")
    return action is Action.PUBLIC or (person is not None and permitted(person, action))


def form_held() -> str:
    """Return the mark of what this page's forms act on; empty where the path alone says it."""
    held = current_app.extensions[HELD_KEY].get(request.endpoint)
    return sessions.mark_of(held) if held else ""


def visitor() -> Person:
    """Return who asks for this page; only views behind an action have one."""
    person: Person = g.person
    return person


def look(what: What, stated: str = "") -> Look:
    """Return the look that this page is of what it shows; it is taken where that is read.

    `stated` is why, in the words of whoever asks for it. Raises `PurposeInvalid`.
    """
    action = actions_of(current_app)[str(request.endpoint)]
    return look_of(visitor(), action, what, Door.PAGE, g.correlation_id, stated=stated)


def client(office: Office) -> str:
    """Return the network address that this request comes from, as far as it can be believed."""
    forwarded = request.headers.getlist("X-Forwarded-For")
    return forwarding.client(office, request.remote_addr or "", forwarded)


def _admit(office: Office) -> ResponseReturnValue | None:
    """Let the request through to its view, send it to sign in, or raise what forbids it."""
    g.person = None
    if request.endpoint == "static":
        return None  # what caches share must not carry a visitor's cookie
    now = office.clock()
    g.person = sessions.signed_in(office, now)
    if request.endpoint is None:
        return None
    action = actions_of(current_app)[request.endpoint]
    if action is not Action.PUBLIC:
        if action is Action.READ_OWN_STATUS:
            reference = sessions.enquired(office)
            g.person = reference and Person(name=reference, role=Role.APPLICANT)
        if g.person is None:
            return _to_the_door(action)
    if request.endpoint in current_app.extensions[FILES_KEY]:
        _make_room(office)
    if request.method not in _READS:
        _demand_own_form()
    if action is not Action.PUBLIC:
        demand(g.person, action)
    return None


def _demand_own_form() -> None:
    """Raise `StaleForm` unless the form is this browser's, and made for what its session holds."""
    if not sessions.token_matches(request.form.get("csrf", "")):
        raise StaleForm
    # Where nothing is held any more, the view says so itself.
    if (mark := form_held()) and request.form.get("held") != mark:
        raise StaleForm


def _make_room(office: Office) -> None:
    """Let this request bring a file; it is read with the form, before its view is reached."""
    browser = cast("BrowserRequest", request)
    browser.max_content_length = LARGEST_WITH_FILE
    browser.file_at_most = largest(office)


def _to_the_door(action: Action) -> ResponseReturnValue:
    if action is Action.READ_OWN_STATUS:
        return redirect(url_for("enquiry", again=1), 303)
    door = next(name for area, name in _SIGN_IN_OF if request.path.startswith(area))
    wanted = request.full_path.rstrip("?") if request.method in _READS else None
    return redirect(url_for(door, then=wanted), 303)
