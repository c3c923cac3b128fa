"""The ledger of effects: one row per event, effect and party, from planned to settled.

Law: a row is made once, in the transaction that moves the checkpoint past its event, and is never
deleted. So nothing is sent again because the log is read again, whether by a rebuild, a replay or
after a restore. What a person is sent is kept only sealed by the key of their case.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    func,
    literal,
    make_url,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from domain.looks import Look
from services.counts import MOST, Count
from services.notifications.another_log import of_another_log, of_lost_events
from services.notifications.entries import (
    AGAIN,
    ERASED,
    FREED,
    QUIET,
    RETURNED,
    Attempt,
    Claim,
    Notification,
    Plan,
    PlannedFromAnotherLog,
    Standing,
    State,
    letter_in,
)
from services.notifications.fence import Fence
from services.notifications.letters import Letter
from services.notifications.marks import Marks, MarksAway
from services.notifications.resting import MailRest
from services.notifications.statements import (
    claiming,
    counting,
    due_now,
    failing,
    held,
    reached,
    recipient,
    retrying,
    sealed_now,
    tried,
    waiting_until,
)
from services.notifications.tables import (
    attempts,
    case_keys,
    checkpoint,
    events,
    log,
    notifications,
)
from services.store import CaseKeys
from services.store.absence import tell_absence
from services.store.connections import REACHING
from services.store.noting import noted, shown
from services.store.sameness import Sameness

_ROW: Final = notifications.c
_LONGEST: Final = 200  # of what is on record of an attempt
# Instants are read as UTC, so that a message is dated the same whatever the server's own zone.
_SETTINGS: Final = (
    "-c timezone=UTC -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
)


class Ledger:
    """The ledger in one database; `StoreUnreachable` when that does not answer in time."""

    def __init__(self, engine: Engine, keys: CaseKeys, marks: Marks, same: Sameness) -> None:
        self.engine, self.same = engine, same
        same.guard(engine)
        self.reads = engine.execution_options(isolation_level="AUTOCOMMIT")
        self.keys = keys
        self.fence = Fence(engine, marks)
        self.mail = MailRest(engine)

    @classmethod
    def connect(cls, url: str, keys: CaseKeys, marks: Marks, same: Sameness | None = None) -> Self:
        """Return the ledger at a libpq URL; connections are opened when first needed."""
        engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            connect_args={
                "options": _SETTINGS,
                **REACHING,
                "application_name": "qmas-notifications",
            },
            # A message that was handed over must still be marked after the database restarted, or
            # it would be sent again; so a connection is tried before it is used.
            pool_pre_ping=True,
            pool_size=4,
            hide_parameters=True,  # an error is logged, and an address is personal
        )
        tell_absence(engine)
        return cls(engine, keys, marks, same or Sameness())

    def dispose(self) -> None:
        """Give every connection back."""
        self.engine.dispose()
        self.fence.marks.dispose()

    # Planning: one transaction of the caller's holds all of it.

    def lock_checkpoint(self, connection: Connection) -> int:
        """Return the position up to which effects were planned; other planners wait behind us.

        Raises `PlannedFromAnotherLog`.
        """
        found = connection.execute(select(checkpoint.c.position).with_for_update())
        position = int(found.scalar_one())
        if connection.execute(of_another_log()).scalar_one():
            raise PlannedFromAnotherLog(position)
        return position

    def enter(self, connection: Connection, plans: Sequence[Plan]) -> int:
        """Enter the effects that are not there yet; return how many that were."""
        if not plans:
            return 0
        wrapped = self._wrapped(connection, {plan.reference for plan in plans})
        waiting = waiting_until(connection, plans)
        now = connection.execute(select(func.now())).scalar_one()
        rows = [
            {
                **plan.row(self.keys, wrapped.get(plan.reference), now),
                "next_attempt_at": max(
                    now, plan.not_before or now, waiting.get(recipient(plan), now)
                ),
            }
            for plan in plans
        ]
        entered = connection.execute(
            insert_or_leave(notifications)
            .on_conflict_do_nothing(index_elements=("event_id", "effect", "party"))
            .returning(_ROW.id),
            rows,
        )
        return len(entered.all())

    def move_checkpoint(self, connection: Connection, position: int) -> None:
        """The log counts as read for effects up to `position`; for the checkpoint's holder only."""
        connection.execute(update(checkpoint).values(position=position, moved_at=func.now()))

    # Sending: each step is a transaction of its own, so none is open while a server is spoken to.

    def claim(
        self, *, limit: int, lease: timedelta, subscription: str | None = None
    ) -> tuple[Claim, ...]:
        """Take up to `limit` due rows for the length of `lease`, oldest first.

        They are e-mails, or webhooks of that subscription. Of the rows of one recipient only the
        first that is open is ever taken; what quiet hours hold, untried, counts for none.
        A letter that goes to another since an event that is not planned yet is not taken either.
        Raises `FenceClosed` or `MarksAway`, and takes none.
        """
        ledger = self.fence.passed()
        with self.engine.begin() as connection:
            found = connection.execute(claiming(limit, lease, subscription)).mappings().all()
            count = self.fence.count(connection, ledger) if found else 0
        claims = tuple(sorted(map(Claim.of, found), key=lambda claim: claim.id))
        if claims:
            try:
                self.fence.remember(ledger, count)
            except MarksAway:
                self.release(claims)
                raise
        return claims

    def renewed(self, claim: Claim) -> Claim | None:
        """Return a claim with the letter and the key of now; None where it is held no more.

        Since it was taken its letter may have been addressed anew, withheld, tried again by a
        person, or taken by somebody else, and its person erased. One that the plan has yet to
        address anew is let go.
        """
        with self.reads.connect() as connection:
            found = connection.execute(sealed_now(claim)).one_or_none()
        if found and found.waits:
            self.release((claim,))
            return None
        return found and replace(claim, sealed=found.sealed, wrapped=found.wrapped)

    def open_letter(self, claim: Claim) -> Letter | None:
        """Return what is to be sent, None once the person was erased.

        Raises `SealBroken`, and `NoMessage` where what was sealed is no letter.
        """
        if claim.wrapped is None or claim.sealed is None:
            return None
        key = self.keys.unwrap(claim.reference, claim.wrapped)
        return letter_in(claim.sealed, key, claim.identity)

    def sent(self, claim: Claim) -> None:
        """The message was handed over; that stays true even if the lease had ended meanwhile.

        But one that somebody else handed over in between, and that came back, is back.
        """
        is_back = (_ROW.state == State.FAILED) & _ROW.last_error.startswith(RETURNED)
        # By both: another database may have come in the place of ours, with a row of that number.
        is_it = (_ROW.id == claim.id) & (_ROW.message_id == claim.message_id)
        done = update(notifications).where(is_it, _ROW.state != State.SENT, ~is_back)
        # What was handed over is kept, though the row may hold it for another address by now.
        settled = {"settled_at": func.now(), "last_error": None, "sealed": claim.sealed}
        changed = done.values(state=State.SENT, **settled)
        with self.same.unmet(), self.engine.begin() as connection:
            connection.execute(tried(changed, State.SENT))

    def postpone(self, claim: Claim, wait: timedelta, problem: str) -> None:
        """The row is due again after `wait`, and what is planned for its recipient not sooner."""
        due = func.now() + literal(wait)
        changed = (
            update(notifications)
            .where(*held(claim))
            .values(state=State.PLANNED, next_attempt_at=due, last_error=problem)
        )
        behind = update(notifications).where(
            _ROW.reference == claim.reference,
            _ROW.party == claim.identity.party,
            _ROW.id > claim.id,
            _ROW.state == State.PLANNED,
            _ROW.next_attempt_at < due,
        )
        with self.engine.begin() as connection:
            if connection.execute(tried(changed, problem)).rowcount:
                # It is held no more, but waits for this one: what is behind it has to wait too.
                why = func.nullif(_ROW.last_error, QUIET)
                connection.execute(behind.values(next_attempt_at=due, last_error=why))

    def fail(self, claim: Claim, problem: str) -> None:
        """The row is given up until a person retries it; one that was addressed anew is due now."""
        with self.engine.begin() as connection:
            connection.execute(tried(failing(claim, problem), problem))

    def withhold(self, claim: Claim) -> None:
        """The row of an erased person is settled without anything sent, and its letter is gone."""
        self._change(
            held(claim),
            state=State.WITHHELD,
            settled_at=func.now(),
            last_error=ERASED,
            sealed=None,
        )

    def release(self, claims: Iterable[Claim]) -> None:
        """Rows that were claimed and not tried are due at once, as if never claimed."""
        for claim in claims:
            self._change(
                held(claim),
                state=State.PLANNED,
                attempts=claim.attempts - 1,
                next_attempt_at=func.now(),
            )

    def leave(self, claim: Claim, wait: timedelta, because: str) -> None:
        """What others can read waits for them, and is due after `wait`; no attempt counts."""
        self._change(
            held(claim),
            state=State.PLANNED,
            attempts=claim.attempts - 1,
            next_attempt_at=func.now() + literal(wait),
            last_error=because,
        )

    def hold(self, claim: Claim, until: datetime) -> None:
        """Quiet hours hold the row until then; as it was not tried, the attempt does not count."""
        self._change(
            held(claim),
            state=State.PLANNED,
            attempts=claim.attempts - 1,
            next_attempt_at=until,
            last_error=QUIET,
        )

    # For whoever runs the system.

    def standing(self) -> Standing:
        """Return how far the ledger is, counting no further than `AT_MOST` of anything.

        What waits for a subscription that is paused or rests is not due.
        """
        with self.engine.connect() as connection:
            position, waits_since = connection.execute(reached()).one()
            counts = {state: connection.execute(counting(state)).scalar_one() for state in State}
            due, oldest = connection.execute(due_now()).one()
            foreign = connection.execute(of_another_log()).scalar_one()
            lost = connection.execute(of_lost_events()).scalar_one()
        return Standing(
            position=position,
            waits_since=waits_since,
            counts=counts,
            due=due,
            oldest_due=oldest,
            of_another_log=foreign,
            of_lost_events=lost,
        )

    def rows(  # noqa: PLR0913 - what is asked for, each by its name
        self,
        look: Look,
        *,
        states: Sequence[State] = (),
        reference: str | None = None,
        number: int | None = None,
        before: int | None = None,
        limit: int = 25,
        shows: int | None = None,
    ) -> tuple[Notification, ...]:
        """Return rows, newest first: of these states, this case or number, made before `before`.

        Their cases are on record as looked at, of the first `shows` where no more are shown.
        """
        columns = [_ROW[name] for name in Notification.__dataclass_fields__]
        query = select(*columns).order_by(_ROW.id.desc()).limit(limit)
        if states:
            query = query.where(_ROW.state.in_(states))
        if reference is not None:
            query = query.where(_ROW.reference == reference)
        if number is not None:
            query = query.where(_ROW.id == number)
        if before is not None:
            query = query.where(_ROW.id < before)
        asked = {"states": states, "case": reference, "notification": number}
        told = noted(query, look, shown(shows), filters=asked)
        with self.reads.connect() as connection:
            return tuple(map(Notification.of, connection.execute(told).mappings()))

    def events(self, rows: Sequence[Notification]) -> Mapping[int, str]:
        """Return the name of the event that each position of these rows is of."""
        at = (events.c.commit_id == log.c.commit_id) & (events.c.ord == log.c.ord)
        query = select(log.c.position, events.c.type).select_from(log.join(events, at))
        wanted = log.c.position.in_({each.position for each in rows})
        with self.engine.connect() as connection:
            return {each.position: each.type for each in connection.execute(query.where(wanted))}

    def failed(self) -> Count:
        """Return how many rows are given up."""
        with self.engine.connect() as connection:
            found = connection.execute(counting(State.FAILED, MOST)).scalar_one()
        return Count.counted(int(found), MOST)

    def attempts(self, row: int) -> tuple[Attempt, ...]:
        """Return what was tried for a row, in order."""
        query = (
            select(attempts.c.at, attempts.c.outcome)
            .where(attempts.c.notification == row)
            .order_by(attempts.c.at, attempts.c.id)
        )
        with self.engine.connect() as connection:
            return tuple(Attempt(**each) for each in connection.execute(query).mappings())

    def retry(self, by: str, *, ids: Sequence[int] = (), reference: str | None = None) -> int:
        """Rows that failed or wait for a later attempt are due now, with all attempts before them.

        Of these ids or of this case where given, else all; what a restore withheld, what came back
        and what quiet hours hold, by its id alone: then it goes out at any hour. Return how many
        there were; rows that have nothing to send are not among them. The mail server rests no
        more. Who asked for it is on record among the attempts.
        """
        self.mail.end()
        said = FREED if ids else AGAIN
        with self.engine.begin() as connection:
            return connection.execute(
                tried(retrying(ids, reference), f"{said}, by {by}"[:_LONGEST])
            ).rowcount

    def _change(self, where: Sequence[Any], **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(notifications).where(*where).values(**values))

    def _wrapped(self, connection: Connection, references: set[str]) -> dict[str, bytes | None]:
        """Return the keys of these cases, locked against erasure until the transaction ends."""
        query = (
            select(case_keys.c.reference, case_keys.c.wrapped)
            .where(case_keys.c.reference.in_(references))
            .with_for_update(read=True)
        )
        return {row.reference: row.wrapped for row in connection.execute(query)}
