"""The statements of the ledger that are longer than a line: who is due, and what was tried."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Insert,
    Select,
    Text,
    Update,
    and_,
    case,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
    update,
)

from domain.particulars import ContactChanged, RepresentativeAppointed, RepresentativeRemoved
from domain.processes import Party
from domain.projections.stage_after import CASE_STREAM
from domain.wire import WIRE
from services.notifications.entries import (
    FREED,
    QUIET,
    RETURNED,
    UNUSABLE,
    WITHHELD,
    Claim,
    Means,
    Plan,
    State,
)
from services.notifications.replies import LONGEST_ASKED
from services.notifications.resting import ends
from services.notifications.tables import (
    attempts,
    case_keys,
    checkpoint,
    events,
    log,
    notifications,
    subscriptions,
)

OPEN: Final = ("planned", "sending")
"""The states of what may still be sent."""

AT_MOST: Final = 100_000
"""How far rows are counted: beyond it more is not news, and counting would take longer and longer.
"""

_ROW: Final = notifications.c
_TO_ANOTHER: Final = {
    Party.APPLICANT: (ContactChanged,),
    Party.REPRESENTATIVE: (RepresentativeAppointed, RepresentativeRemoved),
}
"""What happens in a case after which its letters to somebody go to another address, or to nobody.
"""


def claiming(limit: int, lease: timedelta, subscription: str | None) -> Update:
    """Return the statement that claims what is due by mail, or of a subscription."""
    means = [_ROW.means == Means.EMAIL]
    if subscription is not None:
        means = [_ROW.means == Means.WEBHOOK, _ROW.party == subscription]
    due = (
        select(_ROW.id)
        .where(
            _ROW.state.in_(OPEN),
            *means,
            _ROW.next_attempt_at <= func.now(),
            ~_behind_another(),
            ~_is_for_another(),
        )
        .order_by(_ROW.next_attempt_at, _ROW.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    key = select(case_keys.c.wrapped).where(case_keys.c.reference == _ROW.reference)
    tried_again = attempts.c.outcome.startswith(FREED)
    freed = exists().where(attempts.c.notification == _ROW.id, tried_again)
    return (
        update(notifications)
        .where(_ROW.id == due.c.id)
        .values(
            state=State.SENDING,
            attempts=_ROW.attempts + 1,
            claims=_ROW.claims + 1,
            next_attempt_at=func.now() + literal(lease),
        )
        .returning(notifications, key.scalar_subquery().label("wrapped"), freed.label("freed"))
    )


def sealed_now(claim: Claim) -> Select[str | None, bytes | None, bool]:
    """Return the query of the letter and the wrapped key of a claim, of nothing once it is lost.

    And of whether it is for another by now, and waits for the plan.
    """
    key = select(case_keys.c.wrapped).where(case_keys.c.reference == _ROW.reference)
    columns = key.scalar_subquery().label("wrapped"), _is_for_another().label("waits")
    return select(_ROW.sealed, *columns).where(*held(claim))


def reached() -> Select[int, Any]:
    """Return the query of how far the log was read, and since when what follows has waited."""
    here = checkpoint.c
    since = case((log.c.position.is_not(None), func.greatest(log.c.sequenced_at, here.moved_at)))
    return select(here.position, since).select_from(
        checkpoint.outerjoin(log, log.c.position == here.position + 1)
    )


def counting(state: State, most: int | None = None) -> Select[int]:
    """Return the query of how many rows are in a state, no further than `AT_MOST` or `most`."""
    return counted(select(literal(1)).where(_ROW.state == state), most or AT_MOST)


def counted(query: Select[Any], most: int) -> Select[int]:
    """Return the query of how many rows another one gives, no further than `most`."""
    return select(func.count()).select_from(query.limit(most).subquery())


def due_now() -> Select[int, Any]:
    """Return the query of how many rows are due and somebody is asked to take, and since when."""
    rests_until = ends(subscriptions.c.rests_until, LONGEST_ASKED)
    asked = select(subscriptions.c.id).where(
        subscriptions.c.state == "active", func.coalesce(rests_until, func.now()) <= func.now()
    )
    means = (_ROW.means == Means.EMAIL), (_ROW.means == Means.WEBHOOK) & _ROW.party.in_(asked)
    oldest_first = [
        select(_ROW.next_attempt_at)
        .where(_ROW.state.in_(OPEN), _ROW.next_attempt_at <= func.now(), each)
        .order_by(_ROW.next_attempt_at)
        .limit(AT_MOST)
        .subquery()
        for each in means
    ]
    due = union_all(*map(select, oldest_first)).subquery()
    return select(func.count(), func.min(due.c.next_attempt_at)).select_from(due)


def subscribed() -> Select[tuple[str]]:
    """Return the query of all subscriptions that were not removed."""
    return select(subscriptions.c.id).where(subscriptions.c.state != "removed")


def recipient(plan: Plan) -> tuple[str, str]:
    """Return who a row is for: what is meant for them arrives in the order it was planned."""
    return plan.reference, plan.identity.party


def waiting_until(
    connection: Connection, plans: Sequence[Plan]
) -> Mapping[tuple[str, str], datetime]:
    """Return until when those recipients wait who have a row that waits: others come behind it.

    A row that quiet hours hold waits alone: what may go out at any hour does not wait for it.
    """
    # As two lists, for a batch may have more recipients than a statement may have parameters.
    references, parties = zip(*{recipient(plan) for plan in plans}, strict=True)
    lists = (literal(list(each), ARRAY(Text)) for each in (references, parties))
    asked = func.unnest(*lists).table_valued("reference", "party").render_derived()
    found = connection.execute(
        select(_ROW.reference, _ROW.party, func.max(_ROW.next_attempt_at))
        .where(
            tuple_(_ROW.reference, _ROW.party).in_(select(asked.c.reference, asked.c.party)),
            _ROW.state == State.PLANNED,
            ~held_alone(_ROW),
        )
        .group_by(_ROW.reference, _ROW.party)
    )
    return {(reference, party): until for reference, party, until in found}


def _behind_another() -> ColumnElement[bool]:
    """Say that an earlier row for the same recipient is open, and not merely held alone."""
    earlier = notifications.alias("earlier")
    return exists().where(
        earlier.c.reference == _ROW.reference,
        earlier.c.party == _ROW.party,
        earlier.c.state.in_(OPEN),
        earlier.c.id < _ROW.id,
        ~held_alone(earlier.c),
    )


def _is_for_another() -> ColumnElement[bool]:
    """Say that an event that the plan has yet to come to has it go elsewhere, or to nobody."""
    since = select(checkpoint.c.position).scalar_subquery()
    logged = and_(log.c.commit_id == events.c.commit_id, log.c.ord == events.c.ord)
    ends_it = (
        and_(_ROW.party == party, events.c.type.in_([WIRE[each].name for each in ends]))
        for party, ends in _TO_ANOTHER.items()
    )
    return exists(
        select(literal(1))
        .select_from(events.outerjoin(log, logged))
        .where(
            events.c.stream == CASE_STREAM + _ROW.reference,
            or_(*ends_it),
            func.coalesce(log.c.position > since, true()),
        )
        .offset(0)  # asked of each row that is due: it is never worked out for all events at once
    )


def held_alone(row: Any) -> ColumnElement[bool]:
    """Say that quiet hours alone hold a row back: untried since it was planned, or once more."""
    not_yet = func.coalesce(row.not_before > func.now(), false())
    once_more = func.coalesce(row.last_error == QUIET, false()) & (row.state == State.PLANNED)
    untried = not_yet & (row.attempts == 0)
    return and_(row.next_attempt_at > func.now(), untried | once_more)


def retrying(ids: Sequence[int], reference: str | None) -> Update:
    """Return the statement by which rows are due now, as `Ledger.retry` tells."""
    failed_or_waiting = (_ROW.state == State.FAILED) | (
        (_ROW.state == State.PLANNED) & (_ROW.next_attempt_at > func.now())
    )
    came_back = (_ROW.state == State.FAILED) & _ROW.last_error.startswith(RETURNED)
    again: list[Any] = [
        _ROW.sealed.is_not(None) | _ROW.party.in_(subscribed()),
        failed_or_waiting,
        _ROW.last_error.is_distinct_from(UNUSABLE),
    ]
    if ids:
        withheld = (_ROW.state == State.WITHHELD) & (_ROW.last_error == WITHHELD)
        again[1] = failed_or_waiting | withheld
        again.append(_ROW.id.in_(ids))
    else:
        # To the same address it would come back again, and nobody would print it meanwhile.
        again += [came_back.is_not(True), ~held_alone(_ROW)]
    if reference is not None:
        again.append(_ROW.reference == reference)
    fresh = {"attempts": 0, "next_attempt_at": func.now(), "settled_at": None}
    return update(notifications).where(*again).values(state=State.PLANNED, **fresh)


def tried(change: Update, outcome: str) -> Insert:
    """Return the statement that makes `change` and records, for each row of it, the attempt."""
    changed = change.returning(_ROW.id).cte("changed")
    found = select(changed.c.id, literal(outcome))
    recorded = insert(attempts).from_select(["notification", "outcome"], found)
    # Otherwise an insert does not say how many rows it made, and so how many were changed.
    return recorded.execution_options(preserve_rowcount=True)


def held(claim: Claim) -> list[Any]:
    """The row as this claim took it, and nobody has claimed it since.

    The attempts would not tell alone, for whoever has a row tried again sets them to none; nor do
    the claims while a program that counts only attempts still runs beside this one.
    """
    return [
        _ROW.id == claim.id,
        _ROW.state == State.SENDING,
        _ROW.attempts == claim.attempts,
        _ROW.claims == claim.number,
    ]


def failing(claim: Claim, problem: str) -> Update:
    """Return the statement that gives a row up; one that was addressed anew is due now instead."""
    anew = _ROW.sealed.is_distinct_from(claim.sealed)
    return (
        update(notifications)
        .where(*held(claim))
        .values(
            state=case((anew, State.PLANNED), else_=State.FAILED),
            attempts=case((anew, 0), else_=_ROW.attempts),
            next_attempt_at=case((anew, func.now()), else_=_ROW.next_attempt_at),
            settled_at=case((~anew, func.now())),
            last_error=problem,
        )
    )
