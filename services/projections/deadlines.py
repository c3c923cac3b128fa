"""What is due in which cases, and which have something to be told because time has passed.

Law: what is read here may be old, so nothing is told because of it; it only says which cases are
looked at, and what a list shows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    literal,
    literal_column,
    select,
    text,
    union_all,
)

from domain.days import hong_kong_date
from domain.deadlines import PASSED, Deadline
from domain.looks import Look
from domain.reminding import Schedule
from services.projections.models import ReadModels
from services.projections.tables import case_list, deadlines
from services.store.noting import noted, shown

_TODAY: Final[ColumnElement[date]] = literal_column("(now() AT TIME ZONE interval '8 hours')::date")

# The same questions as `reminding.due` asks, of the case's own day and of a request for data. What
# was told for good is looked for no more: -1 is that a day is over.
_DUE: Final = text(
    """
    SELECT reference FROM deadlines
    JOIN unnest(CAST(:deadlines AS text[]), CAST(:days AS integer[])) AS told_when (kind, days)
        ON deadline = kind AND due_on <= CAST(:today AS date) + told_when.days
        AND (told IS NULL OR told > told_when.days)
        AND (
            told_when.days = -1
            OR (due_on >= CAST(:today AS date) AND opened_on < due_on - told_when.days)
        )
    WHERE told IS DISTINCT FROM -1 AND reference > :after
    UNION
    SELECT reference FROM deadlines
    JOIN unnest(CAST(:deadlines AS text[]), CAST(:days AS integer[])) AS told_when (kind, days)
        ON kind = 'data-access' AND access_due_on <= CAST(:today AS date) + told_when.days
        AND (access_told IS NULL OR access_told > told_when.days)
        AND (
            told_when.days = -1
            OR (
                access_due_on >= CAST(:today AS date)
                AND access_opened_on < access_due_on - told_when.days
            )
        )
    WHERE access_told IS DISTINCT FROM -1 AND reference > :after
    UNION
    SELECT reference FROM deadlines WHERE quiet_since <= :quiet_by AND reference > :after
    ORDER BY reference LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due in a case by a day, that day included; `over` once that it passed was told."""

    deadline: Deadline
    on: date
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedAnswer:
    """A case in which data are asked for, and who has it: None where nobody does."""

    reference: str
    due_on: date
    holder: str | None


def answers_awaited(models: ReadModels, look: Look, *, limit: int) -> tuple[AwaitedAnswer, ...]:
    """Return at most `limit` requests for data that await their answer, the next due first.

    Their cases are on record as looked at.
    """
    due_on = deadlines.c.access_due_on
    query = (
        select(deadlines.c.reference, due_on, case_list.c.holder)
        .join_from(
            deadlines, case_list, case_list.c.reference == deadlines.c.reference, isouter=True
        )
        .where(due_on.is_not(None))
        .order_by(due_on, deadlines.c.reference)
        .limit(limit)
    )
    with models.reads.connect() as connection:
        return tuple(
            AwaitedAnswer(reference=reference, due_on=on, holder=holder)
            for reference, on, holder in connection.execute(noted(query, look, shown()))
        )


def days_due(
    connection: Connection, references: Collection[str], *, with_data: bool = True
) -> dict[str, Due]:
    """Return what is due first in each of these cases in which something is.

    The answer to a request for data counts unless `with_data` is false.
    """
    columns = deadlines.c
    of_case = select(columns.reference, columns.deadline, columns.due_on, columns.told).where(
        columns.due_on.is_not(None),
        # A window that has closed is due no more, and nobody says that it is over.
        (columns.deadline != Deadline.RECONSIDERATION) | (columns.due_on >= _TODAY),
    )
    of_data = select(
        columns.reference,
        literal(str(Deadline.DATA_ACCESS)),
        columns.access_due_on,
        columns.access_told,
    ).where(columns.access_due_on.is_not(None), literal(with_data))
    these = columns.reference.in_(sorted(references))
    found: dict[str, Due] = {}
    for reference, deadline, on, told in connection.execute(
        union_all(of_case.where(these), of_data.where(these))
    ):
        due = Due(deadline=Deadline(deadline), on=on, over=told == PASSED)
        found[reference] = min(found.get(reference, due), due, key=lambda each: each.on)
    return found


def due_cases(
    models: ReadModels, at: datetime, told_when: Schedule, *, after: str, limit: int
) -> tuple[str, ...]:
    """Return at most `limit` cases to look at that come after a reference, in their order."""
    pairs = [(kind, days) for kind, each in told_when.days.items() for days in each]
    given: dict[str, Any] = {
        "deadlines": [str(kind) for kind, _ in pairs],
        "days": [days for _, days in pairs],
        "today": hong_kong_date(at),
        "quiet_by": at - told_when.silence,
        "after": after,
        "limit": limit,
    }
    with models.reads.connect() as connection:
        return tuple(str(each) for each in connection.execute(_DUE, given).scalars())
