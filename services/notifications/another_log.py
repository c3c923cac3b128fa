"""Letters that were planned from another log: how that is known, and how a person ends it.

Law: what the log does not hold is told to nobody, and what was planned from another log says
nothing of what this one has had since. Only a person knows which of the two people were told of.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    exists,
    func,
    or_,
    select,
    update,
)

from services.notifications.tables import (
    checkpoint,
    events,
    fence,
    log,
    notifications,
    subscriptions,
)

LOST: Final = "withheld: the log does not have its event"
PLANNED: Final = "notifications were planned from another log than the one that is there"
OF_LOST: Final = (
    "letters were planned for events that the log does not have, and perhaps none for some that it "
    "has"
)

_HERE: Final = checkpoint.c
_ROWS: Final[Select[Any]] = select(*notifications.c["id", "position", "event_id", "planned_at"])
_UNSENT: Final = ("planned", "sending", "failed")
_NEWEST: Final = 100
_AT_ONCE: Final = 1_000


def of_another_log() -> Select[bool]:
    """Return the query of whether what was planned last is not what the log has at its position.

    By its leaf: a log that was restored and went on has other ones from there on. By its instant
    where the leaf is not known, as of what was planned before leaves were kept.
    """
    by_instant = _HERE.leaf.is_(None) & (log.c.sequenced_at == _HERE.sequenced_at)
    last = select(log.c.position).where(
        log.c.position == _HERE.position, (log.c.leaf == _HERE.leaf) | by_instant
    )
    return select((_HERE.position > 0) & ~exists(last))


def of_lost_events() -> Select[bool]:
    """Return the query of whether rows are of events that the log does not have.

    Where leaves were not kept, the checkpoint may have been taken for one of this log. Rows that
    are older than the last choice of a person are not meant: that was made with them there. The
    newest are looked at, and the oldest of those that `look_further` did not come past.
    """
    newest = _ROWS.order_by(notifications.c.id.desc()).limit(_NEWEST).subquery()
    oldest = _unknown(_AT_ONCE).subquery()
    return select(or_(*(exists().where(*_lost_since_chosen(each.c)) for each in (newest, oldest))))


def of_any_lost_event() -> Select[bool]:
    """Return the query of the same, of however many rows: a person waits for it, and no program."""
    return select(exists().where(*_lost_since_chosen(_unknown().subquery().c)))


def look_further(connection: Connection, at_once: int = _AT_ONCE) -> None:
    """Some more rows, oldest first, are known to be of this log; for the checkpoint's holder only.

    It comes past none that is lost, so that those stay told of, whatever is planned behind them.
    """
    looked_at = _unknown(at_once).subquery()
    last = select(func.max(looked_at.c.id)).scalar_subquery()
    lost = exists().where(*_lost_since_chosen(looked_at.c))
    further = update(checkpoint).where(last.is_not(None), ~lost)
    connection.execute(further.values(known_id=last))


def withhold_lost(connection: Connection) -> int:
    """No letter of an event that the log does not have goes out; return how many would have.

    Nor is one printed, or tried again, that mail could not deliver.
    """
    row = notifications.c
    lost = update(notifications).where(row.state.in_(_UNSENT), ~_in_log(row))
    return connection.execute(
        lost.values(state="withheld", settled_at=func.now(), last_error=LOST)
    ).rowcount


def last_in_both(connection: Connection) -> int | None:
    """Return the position up to which both logs are one, as far as rows tell; None without any.

    It is that of the newest row whose event the log has and that is older than what was lost: where
    the plan was taken for one of this log, it went on behind events that nobody looked at.
    """
    row = notifications.c
    first_lost = connection.scalar(select(func.min(row.id)).where(*_lost_since_chosen(row)))
    newest_first = select(row.position).where(_in_log(row)).order_by(row.id.desc()).limit(1)
    if first_lost is not None:
        newest_first = newest_first.where(row.id < first_lost)
    return connection.scalar(newest_first)


def plan_from(connection: Connection, position: int) -> None:
    """This log counts as planned up to a position.

    A subscription that was made on the other log awaits nothing beyond it; one that was made on
    this log still hears of nothing that was there before.
    """
    # The database notes the leaf where the position changes, and it may be the same.
    for each in (0, position):
        connection.execute(update(checkpoint).values(position=each, moved_at=func.now()))
    made_here = exists().where(
        log.c.position == subscriptions.c.since, log.c.sequenced_at <= subscriptions.c.created_at
    )
    beyond = update(subscriptions).where(subscriptions.c.since > position, ~made_here)
    connection.execute(beyond.values(since=position))


def _unknown(most: int | None = None) -> Select[Any]:
    """Return the query of the rows that are not known to be of this log, the oldest first.

    The last that was known is among them: where the log was another one since, it is lost now.
    """
    known = select(_HERE.known_id).scalar_subquery()
    return _ROWS.where(notifications.c.id >= known).order_by(notifications.c.id).limit(most)


def _lost_since_chosen(row: Any) -> tuple[ColumnElement[bool], ...]:
    """Say that the log does not have a row's event, and that it is younger than the last choice."""
    chosen = func.coalesce(select(fence.c.confirmed_at).scalar_subquery(), func.to_timestamp(0))
    return row.planned_at > chosen, ~_in_log(row)


def _in_log(row: Any) -> ColumnElement[bool]:
    """Say that the log has the event of a row at its position."""
    there = (log.c.commit_id == events.c.commit_id) & (log.c.ord == events.c.ord)
    same = events.c.body["id"].astext == cast(row.event_id, Text)
    return exists().where(log.c.position == row.position, there, same)
