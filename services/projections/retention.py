"""Which cases and looks are older than a day: what a retention schedule asks of the read models.

Law: nothing is counted beyond its bound and no list is longer than its page, so that the answer
takes as long over a million cases as over a thousand. What an erasure left is no case here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from domain.looks import Look
from domain.rules.retention import RunsFrom
from domain.stages import Stage
from services.counts import MOST, Count
from services.projections.models import ReadModels
from services.projections.tables import case_list
from services.store.noting import noted, shown
from services.store.tables import reads

_COLUMNS: Final = {
    RunsFrom.END: case_list.c.stage_since,
    RunsFrom.SUBMISSION: case_list.c.submitted_at,
}
# Few cases are held, so all of them are had first, by the index of holds.
_HELD: Final = literal_column(
    """case_list.reference = ANY (ARRAY(
        SELECT substr(placed.stream, 6) FROM events AS placed
        WHERE placed.type = 'legal-hold-placed' AND NOT EXISTS (
            SELECT FROM events AS lifted
            WHERE lifted.stream = placed.stream AND lifted.type = 'legal-hold-lifted'
                AND lifted.body #>> '{payload,hold}' = placed.body #>> '{payload,hold}'
        )
    ))""",
    Boolean,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """Cases of a stage: those that began before `until` are `due`, but for what is held."""

    stage: Stage
    runs_from: RunsFrom
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedCase:
    """A case, since when its time runs, and whether a legal hold keeps it."""

    reference: str
    since: datetime
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedCounts:
    """How many cases are due, kept by a legal hold although they would be, and not due yet."""

    due: Count
    held: Count
    not_due: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The last case of a page, after which the next one begins."""

    since: datetime
    reference: str


def aged_counts(models: ReadModels, wanted: Aged) -> AgedCounts:
    """Return how many cases of a stage are due, kept and not due."""
    since = _COLUMNS[wanted.runs_from]
    old = since < wanted.until
    return AgedCounts(
        due=_counted(models, *_there(wanted), old, ~_HELD),
        held=_counted(models, *_there(wanted), old, _HELD),
        not_due=_counted(models, *_there(wanted), since >= wanted.until),
    )


def aged_cases(
    models: ReadModels, look: Look, wanted: Aged, *, after: Place | None, limit: int
) -> tuple[tuple[AgedCase, ...], Place | None]:
    """Return cases that are due or held, what began first before the others, the look on record.

    The place is where the next page begins, None on the last.
    """
    since = _COLUMNS[wanted.runs_from]
    query = (
        select(case_list.c.reference, since.label("since"), _HELD.label("held"))
        .where(*_there(wanted), since < wanted.until)
        .order_by(since, case_list.c.reference)
        .limit(limit + 1)
    )
    if after is not None:
        last = tuple_(literal(after.since), cast(after.reference, Text))
        query = query.where(tuple_(since, case_list.c.reference) > last)
    told = noted(query, look, shown(limit), filters={"stage": wanted.stage})
    with models.reads.connect() as connection:
        found = connection.execute(told).all()
    cases = tuple(
        AgedCase(reference=each.reference, since=each.since, held=each.held)
        for each in found[:limit]
    )
    if len(found) <= limit:
        return cases, None
    return cases, Place(since=cases[-1].since, reference=cases[-1].reference)


def looks_before(models: ReadModels, until: datetime) -> tuple[Count, Count]:
    """Return how many looks were recorded before an instant, and how many since."""
    return (
        _counted_of(models, reads.c.read_at < until),
        _counted_of(models, reads.c.read_at >= until),
    )


def _there(wanted: Aged) -> tuple[ColumnElement[bool], ...]:
    return case_list.c.stage == str(wanted.stage), case_list.c.sealed.is_not(None)


def _counted(models: ReadModels, *conditions: ColumnElement[Any]) -> Count:
    return _counted_of(models, *conditions, of=case_list.c.reference)


def _counted_of(
    models: ReadModels, *conditions: ColumnElement[Any], of: Any = reads.c.read_id
) -> Count:
    bounded = select(of).where(*conditions).limit(MOST).subquery()
    with models.reads.connect() as connection:
        found = connection.execute(select(func.count()).select_from(bounded)).scalar_one()
    return Count.counted(int(found), MOST)
