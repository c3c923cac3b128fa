"""The fence: after a restore nothing goes out until a person has said what is to become of it.

Law: before a message is handed over, the ledger counts its batch, and that count is remembered
outside of the database. A database that has counted less than is remembered is older than what it
had sent; one whose identity changed is a copy; one whose count nobody remembers may be either; and
one that planned from another log has letters of events that never were. Each of them closes the
fence, and only a person opens it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, get_args
from uuid import UUID

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    ScalarSelect,
    Update,
    case,
    exists,
    func,
    literal,
    literal_column,
    select,
    update,
)

from domain.deadlines import DeadlineEvent
from domain.errors import Reportable
from domain.wire import WIRE
from services.counts import MOST, Count
from services.notifications.another_log import (
    PLANNED,
    last_in_both,
    of_another_log,
    of_any_lost_event,
    of_lost_events,
    plan_from,
    withhold_lost,
)
from services.notifications.entries import WITHHELD
from services.notifications.marks import Marks, MarksAway, Remembered, no_number
from services.notifications.statements import OPEN, counted
from services.notifications.tables import checkpoint, events, fence, log, notifications
from services.notifications.tripping import Stop, stopped, tripped
from services.seldom import Seldom

REMEDY: Final = "run `qmas notifications fence`: it says why nothing is sent, and how to go on"
WORKERS: Final = "have workers run (`qmas up`)"

_F: Final = fence.c
# Who runs the server, and which database of it: a copy made by a dump has another one.
_DATABASE: Final[ColumnElement[str]] = literal_column(
    "(SELECT system_identifier FROM pg_control_system())"
    " || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_ELSEWHERE: Final = of_another_log().scalar_subquery() | of_lost_events().scalar_subquery()
_STANDING: Final = select(fence, _DATABASE.label("here"), _ELSEWHERE.label("elsewhere"))
_HEAD: Final = select(func.coalesce(func.max(log.c.position), 0))
# When it closed, while what time had brought is still told of: all that counts as brought by then.
_TELLING: Final = datetime(9999, 1, 1, tzinfo=UTC)
_CLOSED_AT: Final = select(_F.closed_at).scalar_subquery()
# How far the log went when the fence was closed: what time had brought is told of by then.
_LAST: Final = _HEAD.where(log.c.sequenced_at <= _CLOSED_AT).scalar_subquery()
_OF_TIME: Final = sorted(WIRE[each].name for each in get_args(DeadlineEvent))

_log: Final = structlog.get_logger(__name__)


class Choice(StrEnum):
    """What becomes of the notifications that were planned before a restore."""

    WITHHOLD = "withhold"
    SEND = "send"


class FenceClosed(Reportable):
    """Nothing is delivered until a person opens the fence."""


class FenceOpen(Reportable):
    """There is nothing to confirm."""


class FenceTripped(FenceClosed):
    """The fence has to be closed, for the reason that is its text."""


class NotYetPlanned(Reportable):
    """What the restore brought has to be planned before anybody can say what becomes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceState:
    """The fence as it stands: closed while `closed_at` is not None.

    `closed_position` ends the part of the log that may have been told already, and with it what
    time had brought by `closed_at`; `remembered` is
    the mark, and `handed` the count that it is compared with. `broken` are the places of marks that
    are no number. `of_another_log` says that notifications were planned from another log. While it
    is open, `stops` says what stops whoever is about to send, and what becomes of that.
    """

    ledger: UUID | None
    handed: int
    remembered: int | None
    closed_at: datetime | None
    closed_because: str | None
    closed_position: int | None
    waiting: Count
    confirmed_at: datetime | None
    confirmed_by: str | None
    choice: Choice | None
    broken: tuple[str, ...] = ()
    of_another_log: bool = False
    stops: Stop | None = None

    @property
    def fault(self) -> str | None:
        """What is wrong while it is open, and what becomes of that; or None."""
        if self.stops is not None:
            return self.stops.says
        if not self.broken or self.closed_at is not None:
            return None
        return f"{no_number(self.broken)}; workers mend it from the other one"

    @property
    def remedy(self) -> str:
        """What a person does about what is wrong; empty where the fault says so itself."""
        if self.closed_at is not None:
            return REMEDY
        if self.stops is None:
            return WORKERS if self.broken else ""
        return f"{WORKERS}, then {REMEDY}" if self.stops.trips else ""


class Fence:
    """The fence of the ledger in one database."""

    def __init__(self, engine: Engine, marks: Marks) -> None:
        self._engine = engine
        self.marks = marks
        self.seldom = Seldom()

    def passed(self) -> UUID:
        """Return the ledger's name if what is due may go out; a mark of it is then there.

        Raises `FenceClosed`, `FenceTripped` or `MarksAway`.
        """
        with self._engine.connect() as connection:
            named: UUID | None = connection.execute(select(_F.ledger)).scalar_one()
            ledger = named or self._name(connection)
            # The mark is read before the count that it must not be above.
            found = self.marks.remembered(ledger)
            row = connection.execute(_STANDING).one()
        if row.closed_at is not None or row.ledger != ledger:
            raise FenceClosed(row.closed_because or "the fence was opened just now")
        if found.away:
            _log.info("mark_not_read", places=found.away)
        if (why := tripped(row, found)) is not None:
            raise FenceTripped(why)
        self._see_to_marks(ledger, found)
        return ledger

    def _see_to_marks(self, ledger: UUID, found: Remembered) -> None:
        """A mark is there, and a broken one was mended from it; raises if none can be."""
        if found.highest is not None:
            if found.broken and self.marks.raise_to(ledger, found.highest):
                left = self.marks.remembered(ledger).broken
                if mended := tuple(each for each in found.broken if each not in left):
                    _log.warning("mark_mended", places=mended, mark=found.highest)
        # Before anything was sent there is nothing to forget, so the first mark is made here.
        elif not self.marks.raise_to(ledger, 0):
            raise MarksAway

    def _name(self, connection: Connection) -> UUID:
        """Return the ledger's name, made when it is first asked for: a copy made before has none.

        From now on it belongs to this database.
        """
        connection.execute(
            update(fence)
            .where(_F.ledger.is_(None))
            .values(ledger=func.gen_random_uuid(), database=_DATABASE)
        )
        connection.commit()
        ledger: UUID = connection.execute(select(_F.ledger)).scalar_one()
        return ledger

    def count(self, connection: Connection, ledger: UUID) -> int:
        """A batch more counts as handed over when the transaction is committed.

        Return the count, to be remembered before the first message of it goes out.
        """
        counted = connection.execute(
            update(fence)
            .where(_F.closed_at.is_(None), _F.ledger == ledger)
            .values(handed=_F.handed + 1)
            .returning(_F.handed)
        ).scalar_one_or_none()
        if counted is None:
            raise FenceClosed("the fence was closed just now")
        return int(counted)

    def remember(self, ledger: UUID, count: int) -> None:
        """The count is kept outside of the database; raises `MarksAway` where it can be nowhere."""
        if not self.marks.raise_to(ledger, count):
            raise MarksAway

    def close(self, because: str, *, telling: bool = False) -> None:
        """Nothing goes out any more; all that the log holds now may have been told already.

        And what time has brought by now, or by when that is `told`, where it is `telling` of it.
        """
        closed_at = literal(_TELLING) if telling else _now()
        self._change(
            _F.closed_at.is_(None),
            closed_at=closed_at,
            closed_because=because,
            closed_position=_HEAD.scalar_subquery(),
        )

    def is_telling(self) -> bool:
        """Say whether it was closed, and what time had brought by then is not all told of yet."""
        with self._engine.connect() as connection:
            return bool(connection.scalar(select(_F.closed_at == _TELLING)))

    def told(self) -> None:
        """What time had brought by now is in the log, and counts as told before it was closed."""
        self._change(_F.closed_at == _TELLING, closed_at=_now())

    def _change(self, which: ColumnElement[bool], **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(fence).where(which).values(**values))

    def is_closed(self) -> bool:
        """Say whether it is known that nothing may be sent."""
        with self._engine.connect() as connection:
            return connection.execute(select(_F.closed_at)).scalar_one() is not None

    def is_of_another_log(self) -> bool:
        """Say whether notifications were planned from another log, so that nothing is sent."""
        with self._engine.connect() as connection:
            return _is_of_another_log(connection)

    def state(self) -> FenceState:
        """Return the fence as it stands, with how many notifications wait behind it.

        Nobody closes it by asking, nor mends a mark.
        """
        behind = select(literal(1)).where(
            notifications.c.state.in_(OPEN),
            _may_be_told(select(_F.closed_position).scalar_subquery()),
        )
        waiting = counted(behind, MOST).scalar_subquery().label("waiting")
        # Since now, as people see it, while what time had brought is told of.
        shown = case((_F.closed_at == _TELLING, func.now()), else_=_F.closed_at).label("shown")
        with self._engine.connect() as connection:
            ledger: UUID | None = connection.execute(select(_F.ledger)).scalar_one()
            # As in `passed`, which would stop where this says so.
            found = Remembered(highest=None) if ledger is None else self.marks.remembered(ledger)
            row = connection.execute(_STANDING.add_columns(shown, waiting)).one()
        is_open = row.closed_at is None and row.ledger == ledger
        kept = {name: getattr(row, name) for name in FenceState.__dataclass_fields__ if name in _F}
        said = {
            "closed_at": row.shown,
            "choice": row.choice and Choice(row.choice),
            "waiting": Count.counted(row.waiting, MOST),
            "remembered": found.highest,
            "broken": found.broken,
            "of_another_log": row.elsewhere or row.closed_because == PLANNED,
            "stops": stopped(row, found) if is_open else None,
        }
        return FenceState(**{**kept, **said})

    def confirm(self, choice: Choice, by: str) -> int:
        """The fence is open; return how many notifications were withheld or are sent again.

        The ledger has a new name, so that the marks of the old one close the fence again for
        whoever restores the same backup. Where notifications were planned from another log, those
        of events that this one has not are withheld either way; what it holds by now is told to
        nobody, or planned from the last event on of which both tell. Raises `FenceOpen` and
        `NotYetPlanned`.
        """
        state = self.state()
        with self._engine.begin() as connection:
            # No planner adds a row of what was restored while we look.
            planned = connection.execute(select(checkpoint.c.position).with_for_update())
            reached = int(planned.scalar_one())
            closed = _held_closed(connection)
            done = 0
            if _is_of_another_log(connection) or connection.scalar(of_any_lost_event()):
                up_to = closed.last if closed else connection.execute(_HEAD).scalar_one()
                done = _parted(connection, choice, up_to)
            elif closed is None:
                raise FenceOpen(
                    f"the fence is open, but {'; '.join(filter(None, (state.fault, state.remedy)))}"
                    if state.fault
                    else "the fence is open: there is nothing to confirm"
                )
            elif reached < closed.last:
                raise NotYetPlanned(
                    f"notifications are planned up to position {reached} of {closed.last}; let the "
                    f"workers plan the rest (`qmas notifications status`), then confirm"
                )
            else:
                up_to = closed.closed_position
            done += connection.execute(_settled(choice, up_to)).rowcount
            connection.execute(
                update(fence).values(
                    ledger=func.gen_random_uuid(),
                    handed=0,
                    database=_DATABASE,
                    closed_at=None,
                    closed_because=None,
                    closed_position=None,
                    confirmed_at=func.now(),
                    confirmed_by=by,
                    choice=choice,
                )
            )
        return done


def _now() -> ColumnElement[datetime]:
    """Return now, or the last instant of the log: these stand still while the clock is behind."""
    last = select(log.c.sequenced_at).order_by(log.c.position.desc()).limit(1)
    return func.greatest(func.now(), last.scalar_subquery())


def _held_closed(connection: Connection) -> Row[Any, Any, Any] | None:
    """Return up to where the closed fence, held by us, is of the log, None where it is open.

    Raises `NotYetPlanned` while what time had brought is still told of.
    """
    last = func.greatest(_F.closed_position, _LAST).label("last")
    query = select(_F.closed_at, _F.closed_position, last).where(_F.closed_at.is_not(None))
    closed = connection.execute(query.with_for_update()).one_or_none()
    if closed is not None and closed.closed_at == _TELLING:
        raise NotYetPlanned(
            "what time had brought before the fence was closed is still told of; let the workers "
            "do that and plan it (`qmas notifications status`), then confirm"
        )
    return closed


def _is_of_another_log(connection: Connection) -> bool:
    """Say whether notifications were planned from another log, by where the plan is or by rows.

    Once it closed the fence that stays so until a person chooses, whatever is planned meanwhile.
    """
    return bool(connection.scalar(select(_ELSEWHERE | (_F.closed_because == PLANNED))))


def _parted(connection: Connection, choice: Choice, up_to: int) -> int:
    """What was planned from another log is over; return how many were withheld by choice."""
    # Of a log that has nothing in common with what was planned nobody can say who was told what.
    common = last_in_both(connection) if choice is Choice.SEND else None
    lost = withhold_lost(connection)
    plan_from(connection, up_to if common is None else min(common, up_to))
    return lost if choice is Choice.WITHHOLD else 0


def _may_be_told(up_to: int | ScalarSelect[int | None]) -> ColumnElement[bool]:
    """Say that a row is of an event up to that position, or of what time had brought later on."""
    position = notifications.c.position
    brought = exists().where(
        log.c.position == position,
        log.c.sequenced_at <= _CLOSED_AT,
        events.c.commit_id == log.c.commit_id,
        events.c.ord == log.c.ord,
        events.c.type.in_(_OF_TIME),
    )
    return (position <= up_to) | brought


def _settled(choice: Choice, up_to: int) -> Update:
    """Return the statement that settles or frees what may have been told before."""
    row = notifications.c
    before = update(notifications).where(row.state.in_(OPEN), _may_be_told(up_to))
    if choice is Choice.SEND:
        return before.values(state="planned", next_attempt_at=func.now())
    return before.values(state="withheld", settled_at=func.now(), last_error=WITHHELD)
