"""The queue of the office: which case waits longest that nobody has, and who has how many.

Law: what is read here may be old, so nobody has a case because of it; a case is had by an event
that expects the version its work is at. What is read only decides which case is tried first.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, exists, func, literal, select, text

from domain.application import Route
from domain.looks import Look
from domain.projections.work import WorkRow
from domain.stages import Stage
from services.counts import MOST, Count
from services.projections.catalogue import WORK
from services.projections.models import ReadModels
from services.projections.rows import made
from services.projections.tables import case_list, work
from services.store.noting import Named, account, noted, shown

_LOCKS: Final = 0x776F726B  # "work": a class of advisory locks of our own
_LOOKED_AT: Final = 100

# One walk along the index for each stage and route, and of what they find the longest waiting.
# It is a text because SQLAlchemy has no names for the columns of lists side by side.
_WAITING: Final = """
SELECT candidate.reference FROM (
    SELECT waiting.reference, waiting.version
    FROM unnest(CAST(:stages AS text[])) AS at (stage)
    CROSS JOIN unnest(CAST(:routes AS text[])) AS by (route)
    CROSS JOIN LATERAL (
        SELECT case_list.reference, case_list.stage_since, coalesce(work.version, 0) AS version
        FROM case_list LEFT JOIN work ON work.reference = case_list.reference
        WHERE case_list.stage = at.stage AND case_list.route = by.route
            AND NOT case_list.documents_awaited AND NOT case_list.held AND work.holder IS NULL
            AND case_list.reference <> ALL (CAST(:passed AS text[]))
        ORDER BY case_list.stage_since, case_list.reference LIMIT :looked_at
    ) AS waiting
    ORDER BY waiting.stage_since, waiting.reference LIMIT :looked_at
) AS candidate
"""
# Looked at in the order of the queue: the first on which nothing was done that the rows do not hold
# yet, and that nobody else is just taking, ends the search. CASE keeps to that order, so that
# nothing is locked in vain.
_FREE: Final = text(
    f"""
    {_WAITING}
    WHERE CASE WHEN EXISTS (
        SELECT FROM events WHERE events.stream = 'work-' || candidate.reference
            AND events.version > candidate.version
    ) THEN false ELSE pg_try_advisory_xact_lock({_LOCKS}, hashtext(candidate.reference)) END
    LIMIT 1
    """
)
_ANY: Final = text(f"{_WAITING} LIMIT 1")
_COUNTED: Final = text(
    """
    SELECT count(*) FROM (
        SELECT FROM case_list
        WHERE stage = ANY (CAST(:stages AS text[])) AND NOT documents_awaited AND held = :on_hold
        AND holder IS NULL LIMIT :most
    ) AS found
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCase:
    """A case that somebody has, with where it stands."""

    work: WorkRow
    stage: Stage
    stage_since: datetime
    route: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How many cases an officer has, and since when the one that they have had longest."""

    officer: str
    cases: int
    longest_since: datetime


@contextmanager
def longest_waiting(
    models: ReadModels, stages: Sequence[Stage], routes: Sequence[Route], passed: Collection[str]
) -> Iterator[str | None]:
    """Yield the case that waits longest and that nobody has, but those in `passed`; None if none.

    Until the block is left, others who ask are given other cases as long as there are any, so that
    they do not all try for the same one. Whoever is killed in it keeps nothing from anybody.
    """
    given: dict[str, Any] = {
        "stages": [str(each) for each in stages],
        "routes": [str(each) for each in routes],
        "passed": sorted(passed),
        "looked_at": _LOOKED_AT,
    }
    with models.engine.begin() as connection:
        found = connection.execute(_FREE, given).scalar()
        # Of what is left others may be taking it, and may yet fail to; or the rows are behind, and
        # it may be free. Then it is tried.
        yield found or connection.execute(_ANY, given).scalar()


def waiting(models: ReadModels, stages: Sequence[Stage], *, on_hold: bool = False) -> Count:
    """Return how many cases are at these stages and nobody has them.

    They are those that can be taken next or, `on_hold`, those that an investigation keeps back.
    """
    with models.reads.connect() as connection:
        given = {"stages": [str(each) for each in stages], "on_hold": on_hold, "most": MOST}
        return Count.counted(int(connection.execute(_COUNTED, given).scalar_one()), MOST)


def held_by(models: ReadModels, look: Look, officer: str) -> tuple[HeldCase, ...]:
    """Return the cases that an officer has, the longest had first, and record the look at them."""
    query = _held().where(work.c.holder == officer).order_by(work.c.since, work.c.reference)
    holds = exists(select(literal(1)).select_from(work).where(work.c.holder == officer))
    named = Named(filter="holder", exists=account(look, officer, holds))
    with models.reads.connect() as connection:
        told = noted(query, look, shown(), filters={"holder": officer}, named=[named])
        return tuple(_held_case(each) for each in connection.execute(told))


def workloads(models: ReadModels) -> tuple[Workload, ...]:
    """Return who has how many cases, whoever has most first."""
    number = func.count()
    query = (
        select(work.c.holder, number, func.min(work.c.since))
        .where(work.c.holder.is_not(None))
        .group_by(work.c.holder)
        .order_by(number.desc(), work.c.holder)
    )
    with models.reads.connect() as connection:
        return tuple(
            Workload(officer=holder, cases=int(cases), longest_since=since)
            for holder, cases, since in connection.execute(query)
        )


def _held() -> Select[Any]:
    return select(work, case_list.c.stage, case_list.c.stage_since, case_list.c.route).join(
        case_list, case_list.c.reference == work.c.reference
    )


def _held_case(found: Any) -> HeldCase:
    fields = {name: getattr(found, name) for name in WORK.clear_columns}
    return HeldCase(
        work=made(WORK, fields, {}),
        stage=Stage(found.stage),
        stage_since=found.stage_since,
        route=Route(found.route),
    )
