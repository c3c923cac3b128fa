"""Which cases and looks are older than a day: what a retention schedule asks of the read models.

Law: nothing is counted beyond its bound and no list is longer than its page, so that the answer
takes as long over a million cases as over a thousand. What an erasure left is no case here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    ScalarSelect,
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
from services.store.noting import at_none, noted, shown
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


def aged_counts(
    models: ReadModels, look: Look, wanted: Iterable[Aged], on: date
) -> tuple[AgedCounts, ...]:
    """Return how many cases of each stage are due, kept and not due on a day, the look on record.

    They are counted by one statement, so that all of them are of one moment.
    """
    counts = [each for aged in wanted for each in _counts_of(aged)]
    named: list[ColumnElement[Any]]
    named = [each.label(f"count_{number}") for number, each in enumerate(counts)]
    asked = {"asked": "retention", "on": on}
    with models.reads.connect() as connection:
        row = connection.execute(noted(select(*named), look, at_none, filters=asked)).one()
    found = [Count.counted(int(each), MOST) for each in row]
    return tuple(
        AgedCounts(due=due, held=held, not_due=not_due)
        for due, held, not_due in zip(*[iter(found)] * 3, strict=True)
    )


def _counts_of(wanted: Aged) -> Iterator[ScalarSelect[int]]:
    """Yield the queries that count what is due, what is held, and what is not due."""
    since = _COLUMNS[wanted.runs_from]
    old = since < wanted.until
    for conditions in ((old, ~_HELD), (old, _HELD), (since >= wanted.until,)):
        bounded = select(case_list.c.reference).where(*_there(wanted), *conditions).limit(MOST)
        yield select(func.count()).select_from(bounded.subquery()).scalar_subquery()


def aged_cases(  # noqa: PLR0913 - what is asked for, most of it by its name
    models: ReadModels, look: Look, wanted: Aged, on: date, *, after: Place | None, limit: int
) -> tuple[tuple[AgedCase, ...], Place | None]:
    """Return cases that are due or held on a day, what began first before others, with the look.

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
    asked = {"asked": "retention", "on": on, "stage": wanted.stage}
    told = noted(query, look, shown(limit), filters=asked)
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
        _counted(models, reads.c.read_at < until),
        _counted(models, reads.c.read_at >= until),
    )


def _there(wanted: Aged) -> tuple[ColumnElement[bool], ...]:
    return case_list.c.stage == str(wanted.stage), case_list.c.sealed.is_not(None)


def _counted(models: ReadModels, *conditions: ColumnElement[Any]) -> Count:
    bounded = select(reads.c.read_id).where(*conditions).limit(MOST).subquery()
    with models.reads.connect() as connection:
        found = connection.execute(select(func.count()).select_from(bounded)).scalar_one()
    return Count.counted(int(found), MOST)
