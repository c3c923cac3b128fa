"""Nobody reaches a view without the leave that its route names.

Law: every view function carries its action, and an application with one that does not is never
made.
"""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import flask

from domain.access import Action, Person, demand
from domain.errors import Forbidden
from services import forwarding
from services.addresses import is_loopback
from services.api.faults import SignInNeeded
from services.identity import person_of_token
from services.identity.faults import NoRole, TokenRefused
from services.identity.tokens import PREFIX
from services.wiring import Office

View = Callable[..., Any]

_ACTION: Final = "action"
_FORWARDED: Final = (
    *("Forwarded", "Via", "X-Real-IP"),
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"),
)


class Unguarded(TypeError):
    """A route names no action."""


def guarded(office: Office, action: Action, view: View) -> View:
    """`view` for those who may take `action`; whoever signed in is `flask.g.person`."""

    @wraps(view)
    def admitted(*args: Any, **kwargs: Any) -> Any:
        if action is not Action.PUBLIC:
            flask.g.person = signed_in(office)
            demand(flask.g.person, action)
        return view(*args, **kwargs)

    setattr(admitted, _ACTION, action)
    return admitted


def signed_in(office: Office) -> Person:
    """Whoever the bearer token in Authorization is of, or `SignInNeeded`."""
    given = flask.request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise SignInNeeded("send a token: Authorization: Bearer …", offered=False)
    try:
        return _person_of(office, given.token)
    except TokenRefused as fault:
        raise SignInNeeded(str(fault), offered=True) from fault
    except NoRole as fault:
        raise Forbidden(str(fault)) from fault


def client(office: Office) -> str:
    """The network address that the request comes from, as far as it can be believed."""
    request = flask.request
    forwarded = request.headers.getlist("X-Forwarded-For")
    return forwarding.client(office, request.remote_addr or "", forwarded)


def runs_this(office: Office) -> bool:
    """Say whether it is somebody who runs the system: on this machine, or with the scrape token.

    What a proxy passes on comes from this machine too, and is told by what proxies add.
    """
    request = flask.request
    given, token = request.authorization, office.settings.scrape_token
    if token and given is not None and given.type == "bearer" and given.token:
        return hmac.compare_digest(given.token.encode(), token.encode())
    return is_loopback(request.remote_addr or "") and not any(
        each in request.headers for each in _FORWARDED
    )


def _person_of(office: Office, token: str) -> Person:
    """Whose token it is: a program's, of somebody whom a provider knows, or a local person's."""
    provider = office.provider()
    if token.startswith(PREFIX):
        return office.tokens.person_of(token, office.clock())
    if provider is not None:
        return provider.person_of(token, office.clock())
    person = person_of_token(office.settings, token)
    if person is None:
        raise TokenRefused("nobody has this token")
    return person


def actions(app: flask.Flask) -> dict[str, Action]:
    """The action of each endpoint, or `Unguarded` naming every one without."""
    found = {name: getattr(view, _ACTION, None) for name, view in app.view_functions.items()}
    open_to_all = sorted(name for name, action in found.items() if action is None)
    if open_to_all:
        raise Unguarded(f"these routes name no action: {', '.join(open_to_all)}")
    return {name: action for name, action in found.items() if action is not None}
