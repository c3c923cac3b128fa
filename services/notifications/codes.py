"""The codes by which applicants come in, from being asked for until they are used or gone.

Law: to ask writes one row by one statement, which reads nothing of any case: so whether there is
such a case, whose it is and what mail it has cannot be told from the answer or from its time. All
of that is found out by whoever sends. A code opens nothing before it was allowed, and opens once.
What it opened is kept here alone, by its challenge and its browser: no cookie opens it by itself,
and the code, entered there once more, leads to it for as long as it is open.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Row,
    and_,
    case,
    column,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
    values,
)

from services.notifications.fence import Fence
from services.notifications.marks import MarksAway
from services.notifications.tables import enquiry_codes
from services.notifications.tables import fence as fence_row
from services.store import BlindIndex
from services.store.sealing import CaseKey, SealBroken

DIGITS: Final = 6
HOLDS: Final = timedelta(minutes=10)
OPEN: Final = timedelta(minutes=15)
"""How long what a code opened stays open in its browser."""

TRIES: Final = 5
"""How often a wrong code may be entered; after as many the right one opens nothing."""

AN_HOUR: Final = 3
A_DAY: Final = 10
"""How many codes go out for one application, at most."""

AHEAD: Final = timedelta(hours=1)
"""How far ahead of now an instant may be, of which more than any two clocks differ by.

What is further ahead was written while a clock was wrong that has been set back since: it opens
nothing, goes to nobody and counts for nothing, or it would for as long as the clock was ahead.
"""

_COUNTED: Final = timedelta(days=1)
_LOCKS: Final = 0x636F6465  # "code": a class of advisory locks of our own
_ROW: Final = enquiry_codes.c
_AS_LONG: Final = func.pg_logical_emit_message(true(), "", "")
"""A write that leaves nothing behind, and waits for the disk as one that does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody typed who wants to come in, and what is known of them.

    `asker` tells apart who asks. `browser` is who alone may enter the code, None for a caller of
    the API, who has nothing but the challenge.
    """

    reference: str
    born: date
    asker: bytes
    browser: bytes | None


class Unsent(msgspec.Struct, frozen=True):
    """What is sealed until it is sent: the date of birth that was typed, and the code."""

    born: date
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A code that this process alone may send until its lease ends; `attempts` counts this one.

    `unsent` is None where it was sealed by another key, and is nothing that can be sent.
    """

    id: UUID
    reference: str
    asked_at: datetime
    expires_at: datetime
    attempts: int
    asker: bytes
    unsent: Unsent | None


class Codes:
    """The codes in one database; `StoreUnreachable` when that does not answer in time."""

    def __init__(self, engine: Engine, fence: Fence, blind: BlindIndex) -> None:
        self._engine = engine
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._fence = fence
        self._blind = blind
        self._seal = CaseKey(blind.token("key", "what is asked for a code"))

    def ask(self, asked: Asked, now: datetime, *, admitted: bool = True) -> UUID:
        """A code is asked for; return the challenge that it answers.

        Who is not `admitted` is sent none, after the same work; the row is gone with the next
        `tidy`.
        """
        challenge = uuid4()
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        unsent = msgspec.json.encode(Unsent(born=asked.born, code=code))
        row = insert(enquiry_codes).values(
            id=challenge,
            reference=asked.reference,
            asked_at=now,
            expires_at=now + HOLDS if admitted else now,
            next_attempt_at=now,
            asker=asked.asker,
            browser=asked.browser,
            admitted=admitted,
            code=self._hash(challenge, code),
            unsent=self._seal.seal(unsent, challenge.bytes),
        )
        with self._autocommit.connect() as connection:
            connection.execute(row)
        return challenge

    def enter(
        self,
        challenge: UUID,
        code: str,
        *,
        browser: bytes | None,
        now: datetime,
        ready: Callable[[str], object] = str,
    ) -> str | None:
        """Return the reference that the code opens, once; None for any other, which counts.

        Where it is open in this browser already, as after a double click, it is returned again.
        `ready` is asked of that reference before the code is used up: what it raises leaves the
        code as it was, and costs it no try.
        Whether the code that was asked for went out, was used up or is nothing at all cannot be
        told from the time: each try is one write, right or wrong. Of those whose time is over some
        are kept and some are not, so none of them is looked for.
        """
        used = (
            update(enquiry_codes)
            .where(_ROW.id == challenge, _ROW.state == "allowed")
            .values(state="used", unsent=None, used_at=now)
        )
        given = self._hash(challenge, code)
        with self._autocommit.connect() as connection:
            found = connection.execute(_tried(challenge, given, browser, now)).one()
            right = hmac.compare_digest(bytes(found.code or len(given)), given)
            if not right or not _holds(found, now):
                return None
            if found.state == "allowed":
                ready(str(found.reference))
                if connection.execute(used).rowcount:
                    return str(found.reference)
        # Nothing is open in a caller of the API.
        return None if browser is None else self.opened(challenge, browser, now)

    def opened(self, challenge: UUID, browser: bytes, now: datetime) -> str | None:
        """Return the reference that a code opened in this browser; None where it is open no more.

        It ends after `OPEN`, with the e-mail address that the code went to, and with the person.
        """
        query = select(_ROW.reference).where(_is_open(challenge, browser, now))
        with self._autocommit.connect() as connection:
            return connection.scalar(query)

    def close(self, challenge: UUID, browser: bytes) -> None:
        """What a code opened in this browser is open no more."""
        ended = (
            update(enquiry_codes)
            .where(_ROW.id == challenge, _ROW.browser == browser, _ROW.state == "used")
            .values(state="void")
        )
        with self._autocommit.connect() as connection:
            connection.execute(ended)

    # Sending: each step is a transaction of its own, so none is open while a server is spoken to.

    def claim(self, now: datetime, lease: timedelta) -> Claim | None:
        """Take the code that is due first, for the length of `lease`; None where none is due.

        Raises `FenceClosed` or `MarksAway`, and takes none.
        """
        ledger = self._fence.passed()
        first = (
            select(_ROW.id)
            .where(_ROW.unsent.is_not(None), _ROW.next_attempt_at <= now)
            .order_by(_ROW.next_attempt_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        taken = (
            update(enquiry_codes)
            .where(_ROW.id.in_(first.scalar_subquery()))
            .values(attempts=_ROW.attempts + 1, next_attempt_at=now + lease)
            .returning(enquiry_codes)
        )
        with self._engine.begin() as connection:
            connection.execute(_dropped(now))
            found = connection.execute(taken).mappings().one_or_none()
            count = self._fence.count(connection, ledger) if found else 0
        if found is None:
            return None
        claim = self._claim(found)
        try:
            self._fence.remember(ledger, count)
        except MarksAway:
            self.put_off(claim, now)
            raise
        return claim

    def allow(self, claim: Claim, now: datetime) -> bool:
        """The code opens from now on and may go out; False where too many went out of late.

        False too where an address was changed since it was asked for; and while a change is being
        committed this waits for it, so that what is read after this is where the code may go.

        Earlier codes that the same asker had for the same application open nothing any more. Those
        that somebody else asked for do, or anybody could shut out the applicant by asking.
        """
        with self._engine.begin() as connection:
            lock = func.pg_advisory_xact_lock(_LOCKS, func.hashtext(claim.reference))
            connection.execute(select(lock))
            state = connection.scalar(select(_ROW.state).where(_ROW.id == claim.id))
            if state == "allowed":
                return True  # whoever had it before us was killed amid it
            if state != "asked" or _too_many(connection, claim.reference, now):
                return False
            connection.execute(
                update(enquiry_codes)
                .where(
                    _ROW.reference == claim.reference,
                    _ROW.asker == claim.asker,
                    _ROW.asked_at <= claim.asked_at,
                    _ROW.state == "allowed",
                )
                .values(state="void", unsent=None)
            )
            return self._change(connection, claim, state="allowed", allowed_at=now)

    def sent(self, claim: Claim) -> None:
        """The code was handed over, and is kept no longer."""
        with self._engine.begin() as connection:
            self._change(connection, claim, unsent=None)

    def drop(self, claim: Claim) -> None:
        """The code goes to nobody and opens nothing."""
        with self._engine.begin() as connection:
            self._change(connection, claim, state="dropped", unsent=None)

    def put_off(self, claim: Claim, until: datetime) -> None:
        """The code is due again at that time."""
        with self._engine.begin() as connection:
            self._change(connection, claim, next_attempt_at=until)

    def leave(self, claim: Claim, until: datetime) -> None:
        """As `put_off`, for others who can read its case; no attempt counts."""
        with self._engine.begin() as connection:
            self._change(connection, claim, next_attempt_at=until, attempts=claim.attempts - 1)

    def tidy(self, until: datetime, now: datetime) -> int:
        """What was asked for before `until` is gone, but for what still counts towards `A_DAY`.

        What never went out is gone once it holds no more, and what is `AHEAD` at once. Return how
        many rows that were.
        """
        old = delete(enquiry_codes).where(
            or_(
                _ROW.asked_at > now + AHEAD,
                _ROW.asked_at < min(until, now - _COUNTED),
                _ROW.allowed_at.is_(None) & (_ROW.expires_at < now),
            )
        )
        with self._engine.begin() as connection:
            return connection.execute(old).rowcount

    def _hash(self, challenge: UUID, code: str) -> bytes:
        # Not by `token`, for which a digit of another script is the same: what was typed is not.
        key = self._blind.token("key", "codes")
        return hmac.digest(key, challenge.bytes + code.encode(), hashlib.sha256)

    def _claim(self, row: Mapping[Any, Any]) -> Claim:
        try:
            plain = self._seal.open(row["unsent"], row["id"].bytes)
            unsent = msgspec.json.decode(plain, type=Unsent)
        except SealBroken:
            unsent = None
        named = ("id", "reference", "asked_at", "expires_at", "attempts", "asker")
        return Claim(**{name: row[name] for name in named}, unsent=unsent)

    def _change(self, connection: Connection, claim: Claim, **values: Any) -> bool:
        # Not a row that somebody else has claimed since, nor one that was used meanwhile.
        held = (_ROW.id == claim.id) & (_ROW.attempts == claim.attempts)
        still = _ROW.unsent.is_not(None)
        changed = update(enquiry_codes).where(held, still).values(**values)
        return bool(connection.execute(changed).rowcount)


def _tried(challenge: UUID, given: bytes, browser: bytes | None, now: datetime) -> Any:
    """Return the statement that counts a wrong try and gives what it was one on, if it is known.

    A right one is written too, as it was found. Each waits for the one before it, so that many at
    once get no more tries than one after the other.
    """
    wrong = case((_ROW.code == given, 0), else_=1)
    counted = (
        update(enquiry_codes)
        .where(_ROW.id == challenge, _ROW.browser.is_not_distinct_from(browser))
        .where(_ROW.expires_at > now, _ROW.asked_at <= now + AHEAD)
        .values(tries=_ROW.tries + wrong)
        .returning(_ROW.reference, _ROW.code, _ROW.state, _ROW.expires_at, _ROW.tries)
        .cte("counted")
    )
    # A challenge that is unknown has nothing to count on.
    as_long = case((counted.c.code.is_(None), _AS_LONG))
    one = values(column("one", Integer), name="one").data([(1,)])
    return select(counted, as_long).select_from(one.outerjoin(counted, true()))


def _holds(found: Row[Any], now: datetime) -> bool:
    """Say whether the right code opens what was found, or did already."""
    held = found.state in {"allowed", "used"}
    return bool(held and found.expires_at > now and found.tries < TRIES)


def _is_open(challenge: UUID, browser: bytes, now: datetime) -> ColumnElement[bool]:
    """Return the condition of a code that opened something in that browser, which is open still."""
    return and_(
        _ROW.id == challenge,
        _ROW.browser == browser,
        _ROW.state == "used",
        _ROW.used_at > now - OPEN,
        _ROW.used_at <= now + AHEAD,
    )


def _dropped(now: datetime) -> Any:
    """Return the statement that gives up what nobody is to be sent, or not any more.

    What was asked for before a person opened the fence may have been sent before a restore.
    """
    opened = select(fence_row.c.confirmed_at).scalar_subquery()
    return (
        update(enquiry_codes)
        .where(
            _ROW.unsent.is_not(None),
            or_(
                ~_ROW.admitted,
                _ROW.expires_at <= now,
                _ROW.asked_at > now + AHEAD,
                _ROW.asked_at <= opened,
            ),
        )
        .values(unsent=None, state="dropped")
    )


def _too_many(connection: Connection, reference: str, now: datetime) -> bool:
    """Say whether as many codes went out for an application as may."""
    lately = func.count().filter(_ROW.allowed_at > now - timedelta(hours=1))
    today = func.count().filter(_ROW.allowed_at > now - timedelta(days=1))
    query = select(lately, today).where(_ROW.reference == reference, _ROW.allowed_at <= now + AHEAD)
    an_hour, a_day = connection.execute(query).one()
    return bool(an_hour >= AN_HOUR or a_day >= A_DAY)
