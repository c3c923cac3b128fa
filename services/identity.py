"""Who is at the door, in the embedded stack: a few local people with passwords and tokens.

They exist so that a fresh machine can be tried. Their secrets are random, made on first use,
kept in the data folder for its owner alone, and refused outside the embedded stack.
"""

import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Final

from domain.access import PERMITTED, Action, Person, Role
from services.settings import Settings, SettingsFault
from services.stack.keys import kept
from services.staff import Colleague

LOCAL_PEOPLE: Final = (
    ("officer.chan", Role.OFFICER),
    ("officer.lee", Role.OFFICER),
    ("supervisor.wong", Role.SUPERVISOR),
    ("supervisor.lee", Role.SUPERVISOR),
    ("panel.cheung", Role.PANEL),
    ("auditor.ho", Role.AUDITOR),
    ("service.intake", Role.SERVICE),
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


def logins(settings: Settings) -> tuple[Login, ...]:
    """Return the local people, made on first use; refused outside the embedded stack."""
    if settings.env != "embedded":
        raise SettingsFault(("QMAS_ENV: local sign-in exists in the embedded stack only",))
    told = kept(settings.home / "secrets" / "logins.json", _new_people)
    return tuple(Login(**{**each, "role": Role(each["role"])}) for each in json.loads(told))


def officers(settings: Settings) -> frozenset[str] | None:
    """Return who can have cases; None where this installation does not know its people by name."""
    if settings.env != "embedded":
        return None
    return frozenset(name for name, role in LOCAL_PEOPLE if role in PERMITTED[Action.WORK])


def colleagues(settings: Settings) -> tuple[Colleague, ...]:
    """Return whom this installation knows of its staff, with where mail reaches them.

    In the embedded stack they are the local people, whose mail is caught, unless others are told.
    """
    if settings.staff or settings.env != "embedded":
        return settings.staff
    return tuple(
        Colleague(account=name, role=role, email=f"{name}@qmas.example")
        for name, role in LOCAL_PEOPLE
    )


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
    people = [asdict(_new(name, role)) for name, role in LOCAL_PEOPLE]
    return json.dumps(people, indent=1).encode()


def _new(name: str, role: Role) -> Login:
    return Login(
        name=name, role=role, password=secrets.token_urlsafe(9), token=secrets.token_urlsafe(24)
    )
