"""The door: signing in to the office and to the audit, and out again.

Law: where an identity provider knows the people, nobody else is let in. What comes back from it is
held against a cookie of this browser that is good for one sign-in and ten minutes. The session's
own cookie is never sent by what another site began, so the last step is a page of ours.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote

from flask import (
    after_this_request,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from domain.access import Action, Person, permitted
from services import identity
from services.guesses import Limit
from services.identity.faults import NoRole, ProviderAway, SignInRefused
from services.identity.provider import Attempt, IdentityProvider
from services.pages import sessions
from services.pages.guard import Route, actions_of, client
from services.wiring import Office

ATTEMPT_LASTS: Final = timedelta(minutes=10)
RETURNED: Final = Limit(name="return", most=1, seconds=int(ATTEMPT_LASTS.total_seconds()))
"""How often the provider is asked what became of one sign-in."""
OF_CLIENT: Final = Limit(name="return-client", most=200)
"""How often all of a network may come back; a whole office may have one address."""
_NO_ADDRESS: Final = frozenset("\\\r\n\t")
_LONGEST_THEN: Final = 2_000
"""Bytes of an address to come back to; a browser keeps no cookie of more than 4,096."""
_HOME: Final = {"staff": "case_list", "audit": "audit_search"}
_PROGRAM: Final = "This account is a program's, which calls the API with its token and sees no page"
_TITLE: Final = {"staff": "Sign in to the office", "audit": "Sign in to the audit"}


def sign_in(office: Office, area: str) -> ResponseReturnValue:
    """Show the form, or sign in who gives a right name and password."""
    then = request.values.get("then", "")
    if office.provider() is not None:
        return _to_provider(area, then)
    if request.method != "POST":
        return _form(area, then, fault="")
    name = request.form.get("name", "").strip()
    person = identity.sign_in(office.settings, name, request.form.get("password", ""))
    if person is None:
        fault = "The name and the password do not belong together. Check both and try again"
        return _form(area, then, fault=fault, name=name), 422
    if not permitted(person, Action.MANAGE_OWN_SESSIONS):
        return _form(area, then, fault=_PROGRAM, name=name), 422
    sessions.admit(office, person)
    return redirect(_next(person, area, then), 303)


def staff_sign_in(office: Office) -> ResponseReturnValue:
    """The office's door."""
    return sign_in(office, "staff")


def audit_sign_in(office: Office) -> ResponseReturnValue:
    """The audit's door."""
    return sign_in(office, "audit")


def begin_sign_in(office: Office) -> ResponseReturnValue:
    """Send the browser to the identity provider, and have it remember what must come back."""
    provider = office.provider()
    area = request.args.get("area", "")
    area = area if area in _HOME else "staff"
    then = request.args.get("then", "")
    then = then if len(then.encode()) <= _LONGEST_THEN else ""
    if provider is None or sessions.is_led_here():
        # To begin is to leave, which nobody does by a link of somebody else's.
        return redirect(url_for(f"{area}_sign_in", then=then or None), 303)
    url, attempt = provider.begin()
    # Whoever signs in anew has left: their cookie is not there when they come back to say so.
    sessions.leave(office)
    kept = {**asdict(attempt), "area": area, "then": then}
    answer = make_response(redirect(url, 303))
    sessions.keep_attempt(answer, office, kept, ATTEMPT_LASTS)
    return answer


def finish_sign_in(office: Office) -> ResponseReturnValue:
    """Sign in whom the identity provider sends back, by a page that leads on from here."""
    provider = office.provider()
    kept = sessions.attempt(office, ATTEMPT_LASTS)
    after_this_request(sessions.drop_attempt)  # whatever comes of it
    if provider is None or kept is None:
        raise SignInRefused(
            "This browser began no sign-in, or more than ten minutes ago. Begin again"
        )
    area, then = kept.pop("area"), kept.pop("then")
    _refuse_again(office, kept["state"])
    person = _known_by(office, provider, Attempt(**kept))
    if not permitted(person, Action.MANAGE_OWN_SESSIONS):
        raise SignInRefused(_PROGRAM)
    sessions.admit(office, person)
    return render_template("lead_on.html", title="Signed in", to=_next(person, area, then))


def sign_out(office: Office) -> ResponseReturnValue:
    """Forget who was signed in, and lead on to where the identity provider does so too."""
    sessions.leave(office)
    left = url_for("staff_sign_in", left=1)
    provider = office.provider()
    try:
        farewell = provider and provider.farewell(f"{office.settings.public_url}{left}")
    except ProviderAway:
        farewell = None  # here they are signed out all the same
    if not farewell:
        return redirect(left, 303)
    # A page and not a redirection: the policy lets no form of ours lead to another site.
    return render_template("lead_on.html", title="Signed out here", to=farewell)


def _refuse_again(office: Office, state: str) -> None:
    """Raise `SignInRefused` for who comes back a second time, or with too many others of late.

    A copy of the cookie would have the provider asked as often as it is sent.
    """
    blind, guesses = office.blind, office.guesses
    if not guesses.admit((OF_CLIENT, blind.token("client", client(office)).hex())):
        raise SignInRefused(
            "Too many sign-ins came back from your network. Begin again in a quarter of an hour"
        )
    if not guesses.admit((RETURNED, blind.token("sign-in", state).hex())):
        raise SignInRefused("This is the answer to another sign-in, or was used before")


def _known_by(office: Office, provider: IdentityProvider, attempt: Attempt) -> Person:
    """Return whom the provider sends back; a role that they had before is over in every browser."""
    now = office.clock()
    try:
        person = provider.finish(attempt, _told(), now)
    except NoRole as fault:
        office.sessions.only_as(fault.account, None, now)
        raise
    office.sessions.only_as(person.name, person.role, now)
    return person


def _to_provider(area: str, then: str) -> str:
    return render_template(
        "sign_in_elsewhere.html",
        title=_TITLE[area],
        begin=url_for("begin_sign_in", area=area, then=then if is_ours(then) else None),
        left="left" in request.args,
        minutes=int(sessions.IDLE.total_seconds() // 60),
    )


def _form(area: str, then: str, *, fault: str, name: str = "") -> str:
    return render_template(
        "sign_in.html",
        area=area,
        title=_TITLE[area],
        then=then if is_ours(then) else "",
        fault=fault,
        name=name,
        left="left" in request.args,
        minutes=int(sessions.IDLE.total_seconds() // 60),
    )


def _told() -> dict[str, str]:
    """What the browser was sent back with; what is said twice is said by nobody who may."""
    return {name: values[0] for name, values in request.args.lists() if len(values) == 1}


def _next(person: Person, area: str, then: str) -> str:
    if is_ours(then):
        return then
    homes = (_HOME[area], *_HOME.values())
    actions = actions_of(current_app)
    return url_for(
        next((each for each in homes if permitted(person, actions[each])), "session_list")
    )


def is_ours(address: str) -> bool:
    """Say whether an address is a page that somebody is let in to, and of no other site.

    The doors are none, nor is what only takes forms.
    """
    adapter = current_app.create_url_adapter(request)
    if adapter is None or not address.startswith("/") or set(address) & _NO_ADDRESS:
        return False
    try:
        endpoint, _ = adapter.match(unquote(address.partition("?")[0]), method="GET")
    except HTTPException:
        return False
    return actions_of(current_app)[endpoint] not in {Action.PUBLIC, Action.READ_OWN_STATUS}


def _door(name: str, path: str, view: Any, *methods: str) -> Route:
    return Route(path=path, endpoint=name, view=view, action=Action.PUBLIC, methods=methods)


ROUTES: Final = (
    _door("staff_sign_in", "/staff/sign-in", staff_sign_in, "GET", "POST"),
    _door("audit_sign_in", "/audit/sign-in", audit_sign_in, "GET", "POST"),
    _door("begin_sign_in", "/sign-in/begin", begin_sign_in, "GET"),
    _door("finish_sign_in", identity.RETURN_PATH, finish_sign_in, "GET"),
    _door("sign_out", "/sign-out", sign_out, "POST"),
)
