"""Who is signed in where: a row a browser, so that a session can be ended from anywhere.

Law: a browser holds a random secret and the table its SHA-256 alone; whoever reads the table, or a
copy of it, can sign in as nobody. A session counts only while the people come from where they did
when it began: once an identity provider is told, no local person is signed in any more.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.access import Person, Role
from services.counts import MOST, Count
from services.identity.rows import Row, Rows

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=10)
SEEN_EVERY: Final = timedelta(minutes=1)
_SECRET_BYTES: Final = 32
_LONGEST_NUMBER: Final = 18

_OPEN: Final = """
INSERT INTO sessions (secret, account, role, issuer, since, seen) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (secret) DO NOTHING
"""
_FORGET: Final = "DELETE FROM sessions WHERE since < %s"
_READ: Final = """
SELECT number, account, role, since, seen FROM sessions
WHERE secret = %s AND issuer = %s AND ended IS NULL
"""
_SEEN: Final = "UPDATE sessions SET seen = %s WHERE secret = %s AND seen < %s"
_LIST: Final = """
SELECT number, account, role, since, seen FROM sessions
WHERE (account = %s OR %s) AND issuer = %s AND ended IS NULL AND seen >= %s AND since >= %s
ORDER BY seen DESC, number DESC
"""
_BEGUN: Final = """
SELECT count(*) FROM (SELECT FROM sessions WHERE since < %s LIMIT %s) AS found
"""
_BEGUN_SINCE: Final = """
SELECT count(*) FROM (SELECT FROM sessions WHERE since >= %s LIMIT %s) AS found
"""
_END: Final = """
UPDATE sessions SET ended = %s, ended_by = %s
WHERE account = %s AND (number = %s OR %s) AND ended IS NULL
RETURNING seen >= %s AND since >= %s
"""
_LEAVE: Final = """
UPDATE sessions SET ended = %s, ended_by = account WHERE secret = %s AND ended IS NULL
"""
_END_OTHER_ROLES: Final = """
UPDATE sessions SET ended = %s, ended_by = issuer
WHERE account = %s AND issuer = %s AND role <> %s AND ended IS NULL
"""
_NO_ROLE: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser in which somebody is signed in; `seen` is right to `SEEN_EVERY`."""

    number: int
    person: Person
    since: datetime
    seen: datetime


class Sessions:
    """The sessions of one installation, whose people `issuer` knows."""

    def __init__(self, rows: Rows, issuer: str) -> None:
        self._rows = rows
        self._issuer = issuer

    def open(self, person: Person, now: datetime) -> str:
        """The person is signed in; return the secret by which their browser is known."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        row = (_digest(secret), person.name, person.role.value, self._issuer, now, now)
        self._rows.ask(_OPEN, row)
        return secret

    def read(self, secret: str, now: datetime) -> Session | None:
        """Return the session of a browser; None after `IDLE`, after `LONGEST`, or once ended.

        This counts as use. It is written down once in `SEEN_EVERY`, so that a session may end as
        much sooner than `IDLE` after its last use, and never later.
        """
        rows = self._rows.ask(_READ, (_digest(secret), self._issuer))
        if not rows:
            return None
        found = _session(rows[0])
        if now - found.seen > IDLE or now - found.since > LONGEST:
            return None
        if now - found.seen >= SEEN_EVERY:
            self._rows.ask(_SEEN, (now, _digest(secret), now))
        return found

    def forget(self, until: datetime, now: datetime) -> None:
        """What began before `until` is gone, but for what may be open still."""
        self._rows.ask(_FORGET, (min(until, now - LONGEST),))

    def leave(self, secret: str, now: datetime) -> None:
        """The session of this browser has ended."""
        self._rows.ask(_LEAVE, (now, _digest(secret)))

    def only_as(self, account: str, role: Role | None, now: datetime) -> None:
        """No session of this account goes on in another role, and none at all where it has none.

        They were ended by whoever knows the people, and says which role somebody has.
        """
        given = (now, account, self._issuer, _NO_ROLE if role is None else role.value)
        self._rows.ask(_END_OTHER_ROLES, given)

    def listed(self, now: datetime, account: str | None = None) -> tuple[Session, ...]:
        """Return the sessions that are open now, of everybody or of one, the latest used first."""
        given = (account, account is None, self._issuer, now - IDLE, now - LONGEST)
        return tuple(map(_session, self._rows.ask(_LIST, given)))

    def begun(self, until: datetime) -> tuple[Count, Count]:
        """Return how many sessions that are kept began before an instant, and how many since."""
        ((old,),) = self._rows.ask(_BEGUN, (until, MOST))
        ((new,),) = self._rows.ask(_BEGUN_SINCE, (until, MOST))
        return Count.counted(int(old), MOST), Count.counted(int(new), MOST)

    def end(self, account: str, by: str, now: datetime, number: str | None = None) -> int:
        """One session of this account has ended, or all; return how many were open.

        A `number` that is none of this account's ends nothing.
        """
        if number is not None and not _is_number(number):
            return 0
        given = (now, by, account, int(number or 0), number is None, now - IDLE, now - LONGEST)
        return sum(1 for (was_open,) in self._rows.ask(_END, given) if was_open)


def _session(row: Row) -> Session:
    number, account, role, since, seen = row
    person = Person(name=account, role=Role(role))
    return Session(number=number, person=person, since=since, seen=seen)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
