"""Letters to people outside the office that mail could not deliver: shown, printed, posted.

Law: a letter that failed stays on the list until it goes out by mail after all, or an officer
records that it was sent by post, which is an event; the ledger follows it like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Select, func, literal, select, update

from domain.looks import Look
from domain.processes import OUTSIDE, Party
from domain.work_events import LetterPosted
from services.counts import MOST, Count
from services.notifications.entries import Identity, Means, Notification, State, letter_in
from services.notifications.ledger import Ledger
from services.notifications.letters import Letter, NoMessage
from services.notifications.statements import OPEN, counted
from services.notifications.tables import case_keys, notifications
from services.store import MasterKeyChanged, SealBroken
from services.store.noting import noted, shown

_ROW: Final = notifications.c
_TO_PRINT: Final = sorted(OUTSIDE - {Party.FORMER_ADDRESS})
"""Nobody is written to by post because of a mailbox that they gave up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A letter that waits to be printed: its row, and what it says; None where it is damaged."""

    row: Notification
    letter: Letter | None


def waiting(
    ledger: Ledger,
    look: Look,
    *,
    before: int | None = None,
    limit: int = 25,
    shows: int | None = None,
) -> tuple[Notification, ...]:
    """Return the letters that wait to be printed, the latest first, made before row `before`.

    Their cases are on record as looked at, of the first `shows` where no more are shown.
    """
    columns = [_ROW[name] for name in Notification.__dataclass_fields__]
    query = _waiting(select(*columns)).order_by(_ROW.id.desc()).limit(limit)
    if before is not None:
        query = query.where(_ROW.id < before)
    with ledger.reads.connect() as connection:
        told = noted(query, look, shown(shows))
        return tuple(map(Notification.of, connection.execute(told).mappings()))


def number_waiting(ledger: Ledger) -> Count:
    """Return how many letters wait to be printed."""
    query = counted(_waiting(select(literal(1)).select_from(notifications)), MOST)
    with ledger.engine.connect() as connection:
        return Count.counted(int(connection.execute(query).scalar_one()), MOST)


def of_case(ledger: Ledger, reference: str) -> Mapping[int, LetterPosted]:
    """Return the letters of a case that wait, by number, each as its posting is recorded."""
    columns = _ROW.id, _ROW.event_id, _ROW.effect, _ROW.party
    query = _waiting(select(*columns)).where(_ROW.reference == reference)
    with ledger.engine.connect() as connection:
        return {
            row.id: LetterPosted(event_id=str(row.event_id), effect=row.effect, party=row.party)
            for row in connection.execute(query)
        }


def letter(ledger: Ledger, look: Look, number: int) -> Undelivered | None:
    """Return a letter that waits, None where none of this number does; the look is on record.

    Raises `MasterKeyChanged`: then others can read it.
    """
    query = _waiting(select(notifications, case_keys.c.wrapped)).where(_ROW.id == number)
    with ledger.reads.connect() as connection:
        told = noted(query, look, shown(), filters={"letter": number})
        found = connection.execute(told).mappings().one_or_none()
    if found is None:
        return None
    row = Notification.of({name: found[name] for name in Notification.__dataclass_fields__})
    return Undelivered(row=row, letter=_said(ledger, found))


def _said(ledger: Ledger, found: Mapping[Any, Any]) -> Letter | None:
    """Return what a letter says; None where nobody can read it any more."""
    try:
        key = ledger.keys.unwrap(found["reference"], found["wrapped"])
        return letter_in(found["sealed"], key, Identity.of(found))
    except MasterKeyChanged:
        raise
    except (SealBroken, NoMessage):
        return None


def posted(connection: Connection, reference: str, event: LetterPosted) -> None:
    """The letter that an event says was posted waits no longer to be printed, nor to be mailed.

    It was due by mail again where its address was changed, or a person retried it, before this.
    """
    may_go_out = _ROW.state.in_((*OPEN, State.FAILED))
    # Every letter to them, in the order in which whoever puts one off takes the rows (as in
    # `dismiss`): they hold an earlier one until they have this one, and the plan may need it next.
    connection.execute(
        select(_ROW.id)
        .where(_ROW.reference == reference, _ROW.party == event.party, may_go_out)
        .order_by(_ROW.id)
        .with_for_update()
    )
    connection.execute(
        update(notifications)
        .where(
            _ROW.event_id == UUID(event.event_id),
            _ROW.effect == event.effect,
            _ROW.party == event.party,
            may_go_out,
        )
        .values(state=State.POSTED, settled_at=func.coalesce(_ROW.settled_at, func.now()))
    )


def _waiting(query: Select[Any]) -> Select[Any]:
    """Return the query for failed letters to people outside the office who were not erased."""
    return query.join(case_keys, case_keys.c.reference == _ROW.reference).where(
        _ROW.state == State.FAILED,
        _ROW.means == Means.EMAIL,
        _ROW.party.in_(_TO_PRINT),
        _ROW.sealed.is_not(None),
        case_keys.c.wrapped.is_not(None),
    )
