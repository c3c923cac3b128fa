"""What a browser is remembered by: one signed cookie, and how long each part of it counts.

The cookie holds the secret of the session of whoever is signed in, which is kept on the server;
the token of this browser's forms; what tells it from others; what a code answers that was asked for
here, and that it was entered: what it opened is kept on the server; the language that was chosen;
and that something was done, until the next page says so; never a reference, a code, a date of
birth, a name or a password. It is signed, not encrypted, is out of reach of scripts and of other
sites, and ends with the browser. A sign-in that goes by a provider has another for some minutes,
which holds the address that was asked for: a case is in it by its reference, as in the browser's
history, and what was searched for by blind tokens.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from flask import Flask, Response, current_app, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadData, URLSafeSerializer

from domain.access import Person
from domain.rules.retention import RecordClass
from services import enquiries
from services.identity.sessions import IDLE, LONGEST, Session
from services.privacy.retention import over_before
from services.settings import Settings
from services.wiring import Office

__all__ = ["IDLE", "LONGEST"]


class Held(StrEnum):
    """What a session holds one of, and the next takes its place: in every window of a browser."""

    CHALLENGE = "challenge"
    STATUS = "opened"


_SIGNED: Final = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


class _Sessions(SecureCookieSessionInterface):
    """Flask's own signed cookie, with SHA-256 where it has SHA-1."""

    digest_method = staticmethod(hashlib.sha256)
    salt = "qmas-pages"

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Have the browser remember its session, but none that is in the way of another."""
        if not is_in_the_way():
            super().save_session(app, session, response)


def keep_sessions(app: Flask, settings: Settings) -> None:
    """Make `app` remember browsers; the cookie is sent over https alone where there is https."""
    secure = settings.public_url.startswith("https://")
    app.secret_key = settings.session_secret
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="__Host-qmas" if secure else "qmas",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
    )


def is_led_here() -> bool:
    """Say whether another site leads a browser here, which then sends no cookie of the session."""
    return request.headers.get("Sec-Fetch-Site") == "cross-site"


def is_in_the_way() -> bool:
    """Say whether the cookie of this answer would take the place of one that did not come.

    It may where somebody signs in, which ended the session before.
    """
    return session.modified and "staff" not in session and is_led_here()


def admit(office: Office, person: Person) -> None:
    """Sign a person in, in a session that shares nothing with the one before, which has ended."""
    leave(office)
    now = office.clock()
    office.sessions.forget(over_before(office, RecordClass.SESSIONS), now)
    session["staff"] = office.sessions.open(person, now)


def signed_in(office: Office, now: datetime) -> Person | None:
    """Return who is signed in, and count this as use; None after `IDLE` or `LONGEST`."""
    found = _here(office, now)
    if found is None and "staff" in session:
        session.clear()
    return found.person if found else None


def number_here(office: Office, now: datetime) -> int | None:
    """Return the number of the session of this browser."""
    found = _here(office, now)
    return found.number if found else None


def leave(office: Office) -> None:
    """End the session of this browser, and forget everything about it."""
    if "staff" in session:
        office.sessions.leave(str(session["staff"]), office.clock())
    # The cookie does not come with what another site led to, and that site ends nothing here: to
    # clear what is empty would have the browser forget it.
    if session:
        session.clear()


def browser() -> str:
    """Return what tells this browser from others, and nobody else can know."""
    if "browser" not in session:
        session["browser"] = secrets.token_urlsafe(24)
    return str(session["browser"])


def await_code(challenge: UUID) -> None:
    """This browser was told to look for a code, and may enter it."""
    session["challenge"] = challenge.hex


def challenge() -> UUID | None:
    """Return what a code answers in this browser, None where none was asked for."""
    return UUID(session["challenge"]) if "challenge" in session else None


def keep_attempt(
    answer: Response, office: Office, kept: Mapping[str, str], lasts: timedelta
) -> None:
    """Have this browser remember a sign-in that it begins elsewhere.

    In a cookie of its own: another site leads back here, and the session's is not sent by that.
    """
    signed = _attempts(office).dumps({**kept, "at": int(office.clock().timestamp())})
    answer.set_cookie(
        _attempt_name(),
        signed,
        max_age=lasts,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def attempt(office: Office, lasts: timedelta) -> dict[str, str] | None:
    """Return the sign-in that this browser began; None where it began none, or too long ago."""
    try:
        kept: dict[str, Any] = _attempts(office).loads(request.cookies.get(_attempt_name(), ""))
    except BadData:
        return None
    began = datetime.fromtimestamp(kept.pop("at"), UTC)
    return kept if office.clock() - began <= lasts else None


def drop_attempt(answer: Response) -> Response:
    """Return the answer after which this browser remembers no sign-in that it began."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.delete_cookie(_attempt_name(), secure=secure, httponly=True, samesite="Lax")
    return answer


def open_status(challenge: UUID) -> None:
    """This browser entered the code that answers a challenge, and sees what it opened."""
    session.pop("challenge", None)
    session["opened"] = challenge.hex


def enquired(office: Office) -> str | None:
    """Return the reference whose status this browser may see now."""
    if "opened" not in session:
        return None
    found = enquiries.opened(office, UUID(session["opened"]), browser())
    if found is None:
        del session["opened"]
    return found


def close_status(office: Office) -> None:
    """Let this browser see no status any longer, nor anybody who has its cookie."""
    if "opened" in session:
        enquiries.close(office, UUID(session.pop("opened")), browser())


def keep_language(language: str) -> None:
    """Have this browser read public pages in a language from now on."""
    session["language"] = language


def language() -> str | None:
    """Return the language that public pages are read in here; None where none is known."""
    return session.get("language")


def form_token() -> str:
    """Return the token that this browser's forms carry; another site cannot know it."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def token_matches(given: str) -> bool:
    """Say whether a form carries this browser's token."""
    kept = session.get("csrf")
    return kept is not None and hmac.compare_digest(str(kept).encode(), given.encode())


def mark_of(held: Held) -> str:
    """Return what tells one that this session holds from the next; empty where it holds none.

    It stands in pages, and neither opens nor answers anything.
    """
    return _mark(held, session[held]) if held in session else ""


def opened_by(mark: str) -> bool:
    """Say whether the code that opened what is open here was asked for in the form of that mark."""
    made = _mark(Held.CHALLENGE, session["opened"]) if "opened" in session else ""
    return bool(made) and hmac.compare_digest(made.encode(), mark.encode())


def _mark(held: Held, value: str) -> str:
    told = f"{held}:{value}".encode()
    return hmac.new(form_token().encode(), told, hashlib.sha256).hexdigest()


def _attempts(office: Office) -> URLSafeSerializer:
    secret = office.settings.session_secret
    return URLSafeSerializer(secret, salt="qmas-sign-in", signer_kwargs=_SIGNED)


def _attempt_name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-sign-in"


def _here(office: Office, now: datetime) -> Session | None:
    return office.sessions.read(str(session["staff"]), now) if "staff" in session else None
