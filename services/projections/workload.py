"""The work of each officer: what they have, what came back to them, and what they did lately."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from domain.work_queue import FOR_OFFICERS
from services.projections.models import ReadModels

_BY_OFFICER: Final = text(
    """
    WITH has AS (
        SELECT holder AS officer, count(*) AS held, min(since) AS longest_since,
            count(*) FILTER (WHERE returned) AS came_back
        FROM work WHERE holder IS NOT NULL GROUP BY holder
    ), did AS (
        SELECT step.officer,
            count(DISTINCT paths.reference) FILTER (WHERE step.at >= :month) AS in_month,
            count(DISTINCT paths.reference) FILTER (WHERE step.at >= :week) AS in_week
        FROM paths CROSS JOIN LATERAL unnest(paths.by, paths.since)
            WITH ORDINALITY AS step (officer, at, number)
        WHERE paths.moved_at >= least(:week, :month) AND step.at >= least(:week, :month)
            AND step.number > 1
            AND step.officer IS NOT NULL
        GROUP BY step.officer
    )
    SELECT officer, coalesce(held, 0) AS held, longest_since, coalesce(came_back, 0) AS came_back,
        coalesce(in_week, 0) AS in_week, coalesce(in_month, 0) AS in_month
    FROM has FULL JOIN did USING (officer) ORDER BY held DESC, officer
    """
)
_NOBODYS: Final = text(
    """
    SELECT count(*) AS cases, min(stage_since) AS longest_since FROM case_list
    WHERE stage = ANY (:stages) AND NOT documents_awaited AND NOT held AND holder IS NULL
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerLoad:
    """An officer's work: `held` cases, the longest one since `longest_since`, None without any.

    `came_back` counts those that were returned to them. `in_week` and `in_month` count the cases
    that they brought to another stage since these began; filing is none of it, nor an exercise.
    """

    officer: str
    held: int
    longest_since: datetime | None
    came_back: int
    in_week: int
    in_month: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The work of all officers, and of how many waiting `cases` nobody is the officer."""

    officers: tuple[OfficerLoad, ...]
    cases: int
    longest_since: datetime | None


def load(models: ReadModels, *, week: datetime, month: datetime) -> Load:
    """Return who has and did how much, since a week and a month began."""
    stages = [str(each) for each in FOR_OFFICERS]
    with models.reads.connect() as connection:
        found = connection.execute(_BY_OFFICER, {"week": week, "month": month}).all()
        nobodys = connection.execute(_NOBODYS, {"stages": stages}).one()
    return Load(
        officers=tuple(
            OfficerLoad(
                officer=each.officer,
                held=each.held,
                longest_since=each.longest_since,
                came_back=each.came_back,
                in_week=each.in_week,
                in_month=each.in_month,
            )
            for each in found
        ),
        cases=nobodys.cases,
        longest_since=nobodys.longest_since,
    )
