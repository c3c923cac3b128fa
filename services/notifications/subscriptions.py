"""Systems that are told of events: which events, at which URL, signed with which secret.

Law: a subscription is for events that are recorded after it was made, whoever reads the log again.
Its secret is kept sealed under a key of its own, which the master key wraps, and shown once.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Engine, false, func, insert, literal, select, update

from domain.errors import Reportable
from services.notifications.replies import LONGEST_ASKED
from services.notifications.resting import ends
from services.notifications.signing import new_secret
from services.notifications.statements import OPEN
from services.notifications.tables import (
    checkpoint,
    log,
    notifications,
    subscriptions,
    webhook_changes,
)
from services.store import CaseKeys
from services.store.sealing import SealBroken

EVERYTHING: Final = "*"
REMOVED: Final = "subscription removed"

_S: Final = subscriptions.c
_ID_BYTES: Final = 5

_log: Final = structlog.get_logger(__name__)


class Activity(StrEnum):
    """Whether a subscription is served."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


class NoSubscription(Reportable):
    """There is no such subscription, or it was removed."""


class SecretPromised(Reportable):
    """The secret before the present one was said to be valid for a while that is not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscribed system, without its secrets.

    `since` is the position after which events are told. While it takes nothing it is asked again
    at `rests_until`, after `failures` times in a row.
    """

    id: str
    url: str
    events: tuple[str, ...]
    since: int
    state: Activity
    paused_because: str | None
    created_at: datetime
    created_by: str
    failures: int
    rests_until: datetime | None
    former_until: datetime | None

    def wants(self, name: str, position: int, *, heard: bool) -> bool:
        """Say whether it is to be told of the event of that wire name at that position.

        One for everything is told of what may be `heard` by an applicant, and of the rest by name:
        a system that shows applicants all that it is told must not give away a hold or a grade.
        """
        known = name in self.events or (EVERYTHING in self.events and heard)
        return known and position > self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was done to a subscription after it was made, when and by whom."""

    at: datetime
    what: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Served(Subscription):
    """A subscription with the secrets that are valid now, the newest first."""

    secrets: tuple[bytes, ...]


class Subscriptions:
    """The subscriptions in one database."""

    def __init__(self, engine: Engine, keys: CaseKeys) -> None:
        self._engine = engine
        self._keys = keys

    def add(self, url: str, events: Sequence[str], by: str) -> tuple[Subscription, bytes]:
        """A system is subscribed; return it, with the secret, which is not shown again."""
        name = base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode("ascii").lower()
        wrapped = self._keys.mint(_owner(name))
        secret = new_secret()
        with self._engine.begin() as connection:
            _keep_planners_out(connection)
            since = connection.execute(select(func.coalesce(func.max(log.c.position), 0)))
            connection.execute(
                insert(subscriptions).values(
                    id=name,
                    url=url,
                    events=list(events),
                    since=since.scalar_one(),
                    created_by=by,
                    wrapped=wrapped,
                    secret=self._sealed(name, wrapped, secret),
                )
            )
        return self.one(name), secret

    def all(self) -> tuple[Subscription, ...]:
        """Return those that were not removed, oldest first."""
        with self._engine.connect() as connection:
            return self.listening(connection)

    def one(self, name: str) -> Subscription:
        """Return a subscription that was not removed; raises `NoSubscription`."""
        found = self.known(name)
        if found.state is Activity.REMOVED:
            raise _no(name)
        return found

    def known(self, name: str) -> Subscription:
        """Return a subscription, removed or not; raises `NoSubscription`."""
        with self._engine.connect() as connection:
            query = select(*_columns()).where(_S.id == name)
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise _no(name)
        return Subscription(**_values(row))

    def changes(self, name: str) -> tuple[Change, ...]:
        """Return what was done to a subscription since it was made, in order."""
        found = webhook_changes.c
        query = select(found.at, found.what, found.by).where(found.subscription == name)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(found.id)).mappings()
            return tuple(Change(**row) for row in rows)

    def listening(self, connection: Connection) -> tuple[Subscription, ...]:
        """Return those that events are planned for: the paused ones too, for later."""
        query = select(*_columns()).where(_S.state != Activity.REMOVED)
        found = connection.execute(query.order_by(_S.created_at, _S.id)).mappings()
        return tuple(Subscription(**_values(row)) for row in found)

    def ready(self, name: str | None = None) -> tuple[Served, ...]:
        """Return those that can be told something now, with their secrets; or that one alone."""
        query = select(*_columns(), _S.wrapped, _S.secret, _S.former, func.now().label("now"))
        query = query.where(
            _S.state == Activity.ACTIVE,
            func.coalesce(ends(_S.rests_until, LONGEST_ASKED), func.now()) <= func.now(),
        )
        if name is not None:
            query = query.where(_S.id == name)
        with self._engine.connect() as connection:
            found = connection.execute(query.order_by(_S.id)).mappings().all()
        served = []
        for row in found:
            try:
                served.append(Served(**_values(row), secrets=self._opened(row)))
            except SealBroken as fault:  # then the others are told all the same
                _log.error("webhook_secret_unreadable", subscription=row["id"], reason=str(fault))
        return tuple(served)

    def served(self, name: str) -> Served:
        """Return a subscription with its secrets, paused or not; raises `NoSubscription`."""
        query = select(*_columns(), _S.wrapped, _S.secret, _S.former, func.now().label("now"))
        query = query.where(_S.id == name, _S.state != Activity.REMOVED)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise _no(name)
        return Served(**_values(row), secrets=self._opened(row))

    def rotate(self, name: str, keep: timedelta, by: str, *, at_once: bool = False) -> bytes:
        """Return a new secret; the present one is valid beside it as long as `keep`.

        While the one before it is valid still, raises `SecretPromised`; or that ends, `at_once`.
        """
        secret = new_secret()
        lasts = func.coalesce(_S.former_until > func.now(), false()).label("lasts")
        kept = select(_S.wrapped, _S.secret, _S.former_until, lasts)
        present = kept.where(_S.id == name, _S.state != Activity.REMOVED).with_for_update()
        with self._engine.begin() as connection:
            row = connection.execute(present).one_or_none()
            if row is None:
                raise _no(name)
            if row.lasts and not at_once:
                raise _promised(name, row.former_until)
            connection.execute(
                update(subscriptions)
                .where(_S.id == name)
                .values(
                    secret=self._sealed(name, row.wrapped, secret),
                    former=row.secret,
                    former_until=func.now() + literal(keep),
                )
            )
            _note(connection, name, "secret changed", by)
        return secret

    def pause(self, name: str, by: str, because: str | None = None) -> None:
        """Nothing is sent to it; what happens is planned, and waits."""
        why = because or f"by {by}"
        with self._engine.begin() as connection:
            _change(connection, name, state=Activity.PAUSED, paused_because=why)
            _note(connection, name, "paused", by)

    def resume(self, name: str, by: str) -> None:
        """What waits is sent, as soon as may be: what was put off too."""
        row = notifications.c
        fresh: dict[str, Any] = {"paused_because": None, "failures": 0, "rests_until": None}
        waits = update(notifications).where(
            row.means == "webhook",
            row.party == name,
            row.state == "planned",
            row.next_attempt_at > func.now(),
        )
        with self._engine.begin() as connection:
            _change(connection, name, state=Activity.ACTIVE, **fresh)
            connection.execute(waits.values(next_attempt_at=func.now()))
            _note(connection, name, "resumed", by)

    def remove(self, name: str, by: str) -> int:
        """It is told nothing any more and its secrets are gone; return how much it did not take."""
        row = notifications.c
        gone = dict.fromkeys(("secret", "former", "former_until", "wrapped"))
        with self._engine.begin() as connection:
            _keep_planners_out(connection)
            _change(connection, name, state=Activity.REMOVED, **gone)
            _note(connection, name, "removed", by)
            # What failed could be sent again, and there is nobody any more to whom.
            unsent = row.state.in_((*OPEN, "failed"))
            withheld = connection.execute(
                update(notifications)
                .where(row.means == "webhook", row.party == name, unsent)
                .values(state="withheld", settled_at=func.now(), last_error=REMOVED)
            )
        return withheld.rowcount

    def rest(self, name: str, wait: timedelta) -> None:
        """It takes nothing now, and is asked again after `wait`."""
        with self._engine.begin() as connection:
            until = func.now() + literal(wait)
            _change(connection, name, failures=_S.failures + 1, rests_until=until)

    def recovered(self, name: str) -> None:
        """It takes something again."""
        with self._engine.begin() as connection:
            _change(connection, name, failures=0, rests_until=None)

    def _sealed(self, name: str, wrapped: bytes, secret: bytes) -> str:
        return self._keys.unwrap(_owner(name), wrapped).seal(secret, _place(name))

    def _opened(self, row: Any) -> tuple[bytes, ...]:
        key = self._keys.unwrap(_owner(row["id"]), row["wrapped"])
        sealed = [row["secret"]]
        if row["former"] is not None and row["former_until"] > row["now"]:
            sealed.append(row["former"])
        return tuple(key.open(each, _place(row["id"])) for each in sealed)


def _change(connection: Connection, name: str, **values: Any) -> None:
    changed = update(subscriptions).where(_S.id == name, _S.state != Activity.REMOVED)
    if connection.execute(changed.values(**values)).rowcount == 0:
        raise _no(name)


def _note(connection: Connection, name: str, what: str, by: str) -> None:
    connection.execute(insert(webhook_changes).values(subscription=name, what=what, by=by))


def _no(name: str) -> NoSubscription:
    return NoSubscription(f"there is no subscription {name}: `qmas webhooks list` shows all")


def _promised(name: str, until: datetime) -> SecretPromised:
    return SecretPromised(
        f"the former secret of {name} is valid until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC: "
        "change it again after that, or end that one now with --at-once"
    )


def _keep_planners_out(connection: Connection) -> None:
    """No planner is between looking at the subscriptions and at the log until this commits."""
    connection.execute(select(checkpoint.c.position).with_for_update())


def _columns() -> list[Any]:
    return [_S[name] for name in Subscription.__dataclass_fields__]


def _values(row: Any) -> dict[str, Any]:
    values = {name: row[name] for name in Subscription.__dataclass_fields__}
    return values | {"events": tuple(row["events"]), "state": Activity(row["state"])}


def _owner(name: str) -> str:
    """Return what the key of a subscription is wrapped for: no case is called so."""
    return f"webhook {name}"


def _place(name: str) -> bytes:
    return f"secret of webhook {name}".encode()
