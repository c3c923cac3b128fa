"""Who is at the door, in the embedded stack: a few local people with passwords and tokens.

They exist so that a fresh machine can be tried. Their secrets are random, made on first use, and
kept in the data folder for its owner alone. Law: there are none in production, none where an
identity provider knows the people, and none where another machine reaches the web server.
"""

import hmac
import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from domain.access import PERMITTED, Action, Person, Role
from domain.references import parse_reference
from services.addresses import is_loopback
from services.oidc import OURS, host_of
from services.settings import Environment, Settings, SettingsFault
from services.stack.keys import changed, kept
from services.staff import Colleague

LOCAL_PEOPLE: Final = (
    ("officer.chan", Role.OFFICER),
    ("officer.lee", Role.OFFICER),
    ("supervisor.wong", Role.SUPERVISOR),
    ("supervisor.lee", Role.SUPERVISOR),
    ("panel.cheung", Role.PANEL),
    ("auditor.ho", Role.AUDITOR),
    ("admin.ng", Role.ADMINISTRATOR),
    ("service.intake", Role.SERVICE),
)


_THROUGH: Final = (
    "through which other machines reach local sign-in: leave it untold, or name an identity "
    "provider by QMAS_OIDC_ISSUER"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A local person's name, role, password for the pages and token for the API."""

    name: str
    role: Role
    password: str
    token: str

    @property
    def person(self) -> Person:
        """The person who signs in with this."""
        return Person(name=self.name, role=self.role)


def are_local(settings: Settings) -> bool:
    """Say whether the people of this installation are the local ones."""
    return settings.env is Environment.EMBEDDED and settings.oidc is None


def issuer(settings: Settings) -> str:
    """Return who knows the people of this installation: an identity provider, or `local`."""
    return settings.oidc.issuer if settings.oidc else "local"


def refuse_open_door(settings: Settings, bound: str | None = None) -> None:
    """Raise `SettingsFault` where local people could sign in from another machine.

    `bound` is where the web server listens in fact, which whoever starts it by hand may choose.
    What is told of a proxy, or of an address elsewhere, tells that others reach it all the same.
    """
    _refuse_elsewhere(settings, bound)
    public = host_of(settings.public_url)
    if are_local(settings) and settings.trusted_proxies:
        raise SettingsFault((f"QMAS_TRUSTED_PROXIES tells of a proxy, {_THROUGH}",))
    if are_local(settings) and public and not is_loopback(public):
        raise SettingsFault((f"QMAS_PUBLIC_URL is of the host {public!r}, {_THROUGH}",))


def _refuse_elsewhere(settings: Settings, bound: str | None = None) -> None:
    host = bound or settings.web_host
    if are_local(settings) and not is_loopback(host):
        fault = (
            f"QMAS_WEB_HOST is {host!r}, where other machines reach local sign-in: "
            "make it 127.0.0.1, or name an identity provider by QMAS_OIDC_ISSUER"
        )
        raise SettingsFault((fault if bound is None else f"the web server's {fault}",))


def logins_file(settings: Settings) -> Path:
    """Return where the names and passwords of local people are kept."""
    return settings.home / "secrets" / "logins.json"


def logins(settings: Settings) -> tuple[Login, ...]:
    """Return the local people, made on first use; refused where there are none, or no such door."""
    if settings.env is not Environment.EMBEDDED:
        raise SettingsFault(("QMAS_ENV: local sign-in exists in the embedded stack only",))
    if not are_local(settings):
        raise SettingsFault(("QMAS_OIDC_ISSUER: the identity provider knows the people here",))
    _refuse_elsewhere(settings)
    path = logins_file(settings)
    told = kept(path, _new_people)
    if _with_everybody(told) != told:
        # A data folder from before there was somebody: they get a log-in, and nobody another one.
        told = changed(path, _with_everybody)
    return tuple(Login(**{**each, "role": Role(each["role"])}) for each in json.loads(told))


def officers(settings: Settings) -> frozenset[str] | None:
    """Return who can have cases; None where this installation does not know its people by name."""
    if not are_local(settings):
        return None
    return frozenset(name for name, role in LOCAL_PEOPLE if role in PERMITTED[Action.WORK])


def colleagues(settings: Settings) -> tuple[Colleague, ...]:
    """Return whom this installation knows of its staff, with where mail reaches them.

    Where they are the local people, their mail is caught, unless others are told.
    """
    if (oidc := settings.oidc) is not None:
        return tuple(replace(each, account=oidc.spelled(each.account)) for each in settings.staff)
    if settings.staff or not are_local(settings):
        return settings.staff
    return tuple(
        Colleague(account=name, role=role, email=f"{name}@qmas.example")
        for name, role in LOCAL_PEOPLE
    )


def recorded_as(settings: Settings, name: str) -> str:
    """Return how the record and the sessions spell whoever is called so, however it is typed."""
    if settings.oidc is None or name.startswith(OURS) or parse_reference(name) is not None:
        return name
    return settings.oidc.spelled(name)


def spellings(settings: Settings, name: str) -> tuple[str, ...]:
    """Return under which names whoever is called so is on record, the one of today first.

    A name may have been recorded as it was typed, before there was one spelling of it; applicants
    are recorded by the reference of their case.
    """
    today = parse_reference(name) or recorded_as(settings, name)
    return tuple(dict.fromkeys((today, name)))


def sign_in(settings: Settings, name: str, password: str) -> Person | None:
    """Return the local person whose name and password these are, or None."""
    found = None
    for login in logins(settings):
        same = hmac.compare_digest(login.password.encode(), password.encode())
        if same and login.name == name:
            found = login.person
    return found


def person_of_token(settings: Settings, token: str) -> Person | None:
    """Return the local person whose API token this is, or None."""
    found = None
    for login in logins(settings):
        if hmac.compare_digest(login.token.encode(), token.encode()):
            found = login.person
    return found


def _new_people() -> bytes:
    return _with_everybody(b"[]")


def _with_everybody(told: bytes) -> bytes:
    """Return the log-ins with one for everybody who has none; as they were where all have one."""
    people = json.loads(told)
    known = {each["name"] for each in people}
    new = [asdict(_new(name, role)) for name, role in LOCAL_PEOPLE if name not in known]
    return json.dumps([*people, *new], indent=1).encode() if new else told


def _new(name: str, role: Role) -> Login:
    return Login(
        name=name, role=role, password=secrets.token_urlsafe(9), token=secrets.token_urlsafe(24)
    )
