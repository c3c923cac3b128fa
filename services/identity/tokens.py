"""Tokens for programs that call the API: made here, each for what it is to do and until a day.

Law: the table holds the SHA-256 of a token's secret alone, which is shown once. A token stands for
a program, which decides nothing: it has the role of a service or of an auditor. Who made one and
who revoked it is on record, and no row is ever deleted.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from domain.access import PERMITTED, Action, Person, Role
from domain.errors import Reportable
from services.identity.faults import TokenRefused
from services.identity.rows import Row, Rows

PREFIX: Final = "qmas_"
ROLES: Final = (Role.SERVICE, Role.AUDITOR)
REMEMBERED: Final = timedelta(seconds=5)
"""How long a token that was found right is not looked at again, after it was revoked too."""

USED_EVERY: Final = timedelta(minutes=1)
_MOST_REMEMBERED: Final = 256
_ID_BYTES: Final = 5
_SECRET_BYTES: Final = 32
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")

_MAKE: Final = """
INSERT INTO service_tokens (id, secret, name, role, actions, until, made, made_by)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
_READ: Final = """
SELECT id, name, role, actions, until, made, made_by, used, revoked, revoked_by, secret
FROM service_tokens WHERE id = %s
"""
_LIST: Final = """
SELECT id, name, role, actions, until, made, made_by, used, revoked, revoked_by
FROM service_tokens ORDER BY made, id
"""
_USED: Final = "UPDATE service_tokens SET used = %s WHERE id = %s AND (used IS NULL OR used < %s)"
_REVOKE: Final = """
UPDATE service_tokens SET revoked = %s, revoked_by = %s WHERE id = %s AND revoked IS NULL
RETURNING id
"""


class TokenUnmakeable(Reportable):
    """A token cannot be made like that."""


class NoSuchToken(Reportable):
    """There is no such token, or it was revoked before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceToken:
    """A token without its secret; without `only` it may do all that its role may."""

    id: str
    name: str
    role: Role
    only: frozenset[Action] | None
    until: datetime
    made: datetime
    made_by: str
    used: datetime | None
    revoked: datetime | None
    revoked_by: str | None

    @property
    def person(self) -> Person:
        """Who does what is done with it: a name that no person's account has."""
        return Person(name=f"token.{self.name}", role=self.role, only=self.only)


class Tokens:
    """The tokens of one installation."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._known: OrderedDict[bytes, tuple[Person, datetime]] = OrderedDict()
        self._lock = Lock()

    def make(self, wanted: ServiceToken) -> str:
        """The token is there; return what is sent, which is not shown again.

        Raises `TokenUnmakeable` with all that is wrong with it.
        """
        _refuse_unusable(wanted)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        actions = None if wanted.only is None else sorted(wanted.only)
        self._rows.ask(
            _MAKE,
            (
                *(wanted.id, _digest(secret), wanted.name, wanted.role.value, actions),
                *(wanted.until, wanted.made, wanted.made_by),
            ),
        )
        return f"{PREFIX}{wanted.id}_{secret}"

    def person_of(self, token: str, now: datetime) -> Person:
        """Return who calls with it; raises `TokenRefused`. Its use is noted once in `USED_EVERY`.

        One that was found right is taken for `REMEMBERED` more, or until its last instant.
        """
        digest = _digest(token)
        with self._lock:
            person, until = self._known.get(digest, (None, now))
        if person is not None and now < until:
            return person
        found = self._found(token, now)
        if found.used is None or now - found.used >= USED_EVERY:
            self._rows.ask(_USED, (now, found.id, now))
        with self._lock:
            self._known[digest] = (found.person, min(now + REMEMBERED, found.until))
            while len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return found.person

    def all(self) -> tuple[ServiceToken, ...]:
        """Return every token that was ever made, oldest first."""
        return tuple(map(_token, self._rows.ask(_LIST, ())))

    def revoke(self, name: str, by: str, now: datetime) -> None:
        """The token of that id is taken no more; raises `NoSuchToken`."""
        if not self._rows.ask(_REVOKE, (now, by, name)):
            raise NoSuchToken(f"there is no token {name} to revoke: `qmas tokens list` shows all")

    def _found(self, token: str, now: datetime) -> ServiceToken:
        name, _, secret = token.removeprefix(PREFIX).partition("_")
        rows = self._rows.ask(_READ, (name,)) if name.isascii() and name.isalnum() else []
        # A secret of nobody is compared all the same.
        kept = bytes(rows[0][-1]) if rows else bytes(hashlib.sha256().digest_size)
        if not hmac.compare_digest(kept, _digest(secret)) or not rows:
            raise TokenRefused("nobody has this token")
        found = _token(rows[0][:-1])
        if found.revoked is not None:
            raise TokenRefused("the token was revoked")
        if now >= found.until:
            raise TokenRefused("the token has expired")
        return found


def new_id() -> str:
    """Return an id by which a token is spoken of."""
    return base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode("ascii").lower()


def _refuse_unusable(wanted: ServiceToken) -> None:
    faults = []
    if not _NAME.fullmatch(wanted.name):
        faults.append(f"a name is of a-z, 0-9, dots and hyphens; {wanted.name!r} is not")
    if wanted.role not in ROLES:
        faults.append(f"a token has the role {' or '.join(ROLES)}, not {wanted.role}")
    if beyond := sorted(_beyond(wanted.role, wanted.only or ())):
        faults.append(f"the role {wanted.role} may not {', '.join(beyond)}")
    if wanted.until <= wanted.made:
        faults.append("it would have expired before it was made")
    if faults:
        raise TokenUnmakeable("; ".join(faults))


def _beyond(role: Role, actions: Iterable[Action]) -> Iterable[Action]:
    return (each for each in actions if role not in PERMITTED[each])


def _token(row: Row) -> ServiceToken:
    identity, name, role, actions, until, made, made_by, used, revoked, revoked_by = row
    return ServiceToken(
        id=identity,
        name=name,
        role=Role(role),
        only=None if actions is None else frozenset(map(Action, actions)),
        until=until,
        made=made,
        made_by=made_by,
        used=used,
        revoked=revoked,
        revoked_by=revoked_by,
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
