"""What the ledger keeps of what people were sent: letters, sealed by the key of their case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, literal, select

from services.counts import MOST, Count
from services.notifications.entries import ERASED, Attempt, Identity, State, letter_in
from services.notifications.ledger import Ledger
from services.notifications.letters import Letter
from services.notifications.tables import attempts, case_keys, enquiry_codes, notifications

_ROW: Final = notifications.c
_CODE: Final = enquiry_codes.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody was to be told of an event of a case, by which means, and what was tried.

    `letter` is what was composed for them; None where nothing was, or where its key is gone.
    """

    position: int
    effect: str
    party: str
    means: str
    planned_at: datetime
    letter: Letter | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAsked:
    """That somebody asked for a code, when it went out and was used; None where it was not."""

    asked_at: datetime
    sent_at: datetime | None
    used_at: datetime | None


def letters_kept(ledger: Ledger, reference: str) -> Mapping[str, int]:
    """Return how many letters of a case are kept sealed, by how far they have come."""
    query = (
        select(_ROW.state, func.count())
        .where(_ROW.reference == reference, _ROW.sealed.is_not(None))
        .group_by(_ROW.state)
        .order_by(_ROW.state)
    )
    with ledger.engine.connect() as connection:
        return {str(state): int(count) for state, count in connection.execute(query)}


def told_of(ledger: Ledger, reference: str, position: int, until: datetime) -> tuple[Told, ...]:
    """Return what there was to be told of a case, opened, in order.

    It is what follows from the first `position` events, as it was planned and tried until then.
    Raises `SealBroken` or `NoMessage` where a letter is damaged.
    """
    query = (
        select(notifications, case_keys.c.wrapped)
        .outerjoin(case_keys, case_keys.c.reference == _ROW.reference)
        .where(_ROW.reference == reference, _ROW.position <= position, _ROW.planned_at <= until)
        .order_by(_ROW.position, _ROW.effect, _ROW.party)
    )
    tried = (
        select(attempts.c.notification, attempts.c.at, attempts.c.outcome)
        .join(notifications, _ROW.id == attempts.c.notification)
        .where(_ROW.reference == reference, attempts.c.at <= until)
        .order_by(attempts.c.at, attempts.c.id)
    )
    with ledger.reads.connect() as connection:
        rows = connection.execute(query).mappings().all()
        tries: dict[int, list[Attempt]] = {}
        for number, at, outcome in connection.execute(tried):
            tries.setdefault(number, []).append(Attempt(at=at, outcome=outcome))
    return tuple(_told(ledger, row, tuple(tries.get(row["id"], ()))) for row in rows)


def codes_of(ledger: Ledger, reference: str, until: datetime) -> tuple[CodeAsked, ...]:
    """Return the codes that were asked for until then, as far as they are still known: a day."""
    query = (
        select(_CODE.asked_at, _CODE.allowed_at, _CODE.used_at)
        .where(_CODE.reference == reference, _CODE.asked_at <= until)
        .order_by(_CODE.asked_at, _CODE.id)
    )
    with ledger.reads.connect() as connection:
        return tuple(
            CodeAsked(
                asked_at=asked,
                sent_at=sent if sent and sent <= until else None,
                used_at=used if used and used <= until else None,
            )
            for asked, sent, used in connection.execute(query)
        )


def letters_settled(ledger: Ledger, until: datetime) -> tuple[Count, Count]:
    """Return how many letters that are kept were settled before an instant, and how many since."""
    kept = _ROW.sealed.is_not(None)
    return (
        _counted(ledger, kept, _ROW.settled_at < until),
        _counted(ledger, kept, _ROW.settled_at >= until),
    )


def codes_asked(ledger: Ledger, until: datetime) -> tuple[Count, Count]:
    """Return how many codes were asked for before an instant, and how many since."""
    return (
        _counted(ledger, _CODE.asked_at < until),
        _counted(ledger, _CODE.asked_at >= until),
    )


def _counted(ledger: Ledger, *conditions: ColumnElement[bool]) -> Count:
    bounded = select(literal(1)).where(*conditions).limit(MOST).subquery()
    with ledger.reads.connect() as connection:
        found = connection.execute(select(func.count()).select_from(bounded)).scalar_one()
    return Count.counted(int(found), MOST)


def _told(ledger: Ledger, row: Mapping[Any, Any], tries: tuple[Attempt, ...]) -> Told:
    letter = None
    if row["sealed"] is not None and row["wrapped"] is not None:
        key = ledger.keys.unwrap(row["reference"], row["wrapped"])
        letter = letter_in(row["sealed"], key, Identity.of(row))
    return Told(
        position=row["position"],
        effect=row["effect"],
        party=row["party"],
        means=row["means"],
        planned_at=row["planned_at"],
        letter=letter,
        attempts=tries,
    )


def letters_withheld(ledger: Ledger, reference: str) -> int:
    """Return how many letters were not sent, for the person was erased; they are kept no more."""
    withheld = (_ROW.state == State.WITHHELD) & (_ROW.last_error == ERASED)
    query = select(func.count()).where(_ROW.reference == reference, withheld)
    with ledger.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())
