"""Counts over the paths of cases. Each is one statement over one row for each case.

Law: what is counted at an instant follows from what had happened by then, so that the figures of a
past day can be had again. Days and months are Hong Kong's.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, TextClause, text

from domain.application import Route
from domain.projections.paths import ANSWERS
from domain.stages import Stage
from domain.statistics import (
    Arrivals,
    Intake,
    Inventory,
    Reached,
    Spread,
    Statistics,
    Stays,
    passed_over,
)
from domain.waiting import Waits, first_day
from services.projections.catalogue import PATHS
from services.projections.checkpoints import head_of, is_of_another_log, live, positions
from services.projections.errors import OfAnotherLog
from services.projections.models import ReadModels

_WITHOUT_GOING_ON: Final = (Stage.WITHDRAWN, Stage.LAPSED)
ENDS: Final = frozenset({Stage.SETTLED, Stage.REFUSED, *_WITHOUT_GOING_ON, Stage.VOIDED})
"""Where a case stays for good, so that no stay there is measured."""

# The zone is an offset that never changes, so the server needs no table of zones for it.
_HONG_KONG: Final = "AT TIME ZONE interval '8 hours'"

_STAYS: Final = f"""
WITH stays AS (
    SELECT (date_trunc('month', paths.submitted_at {_HONG_KONG}))::date AS month, paths.ruleset,
        stay.stage, stay.began, array_position(paths.stages, stay.stage) = stay.number AS first,
        ends.ended, paths.stages[stay.number + 1] AS next,
        extract(epoch FROM ends.ended - stay.began)::double precision / 86400 AS took,
        extract(epoch FROM :at - stay.began)::double precision / 86400 AS lasts,
        (stay.began {_HONG_KONG})::date AS day,
        extract(year FROM ends.ended {_HONG_KONG})::integer AS year
    FROM paths
    CROSS JOIN LATERAL unnest(paths.stages, paths.since)
        WITH ORDINALITY AS stay (stage, began, number)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN paths.since[stay.number + 1] <= :at THEN paths.since[stay.number + 1] END
    ) AS ends (ended)
    WHERE stay.began <= :at
)
"""  # noqa: S608 - our own names only


def _of_stays(select: str) -> TextClause:
    return text(_STAYS + select)


_FUNNEL: Final = _of_stays(
    """
    SELECT month, ruleset, stage, count(*) FILTER (WHERE first) AS reached,
        count(*) FILTER (WHERE ended IS NULL) AS there
    FROM stays GROUP BY month, ruleset, stage ORDER BY month, ruleset NULLS LAST
    """
)
_BY_YEAR: Final = _of_stays(
    """
    SELECT stage, year, count(*) AS cases,
        percentile_cont(ARRAY[0.5, 0.8, 0.95]) WITHIN GROUP (ORDER BY took) AS days
    FROM stays WHERE ended IS NOT NULL GROUP BY stage, year
    """
)
_LATELY: Final = _of_stays(
    """
    SELECT stage, NULL::integer AS year, count(*) AS cases,
        percentile_cont(ARRAY[0.5, 0.8, 0.95]) WITHIN GROUP (ORDER BY took) AS days
    FROM stays WHERE ended > :at - interval '365 days' GROUP BY stage
    """
)
_THERE: Final = _of_stays(
    """
    SELECT stage, count(*) AS cases,
        percentile_cont(ARRAY[0.5, 0.8, 0.95]) WITHIN GROUP (ORDER BY lasts) AS days
    FROM stays WHERE ended IS NULL AND stage <> ALL (:ends) GROUP BY stage
    """
)
_ARRIVED: Final = _of_stays(
    """
    SELECT stage, day, count(*) FILTER (WHERE ended IS NULL) AS there,
        count(*) FILTER (WHERE ended IS NOT NULL AND next <> ALL (:without)) AS gone_on
    FROM stays WHERE stage <> ALL (:ends) GROUP BY stage, day ORDER BY stage
    """
)
_WAITS: Final = text(
    f"""
    SELECT route, ((since[1] {_HONG_KONG})::date - :first) / 7 AS began, ended, answered,
        count(*) AS cases
    FROM paths CROSS JOIN LATERAL (
        SELECT CASE WHEN outcome_at <= :at
            THEN ((outcome_at {_HONG_KONG})::date - :first) / 7 END AS ended,
            coalesce(outcome_at <= :at AND outcome = ANY (:answers), false) AS answered
    ) AS wait
    WHERE since[1] <= :at GROUP BY route, began, ended, answered
    ORDER BY route, began, ended, answered
    """  # noqa: S608 - our own names only
)
_HAS_ENDED: Final = text(
    "SELECT EXISTS (SELECT FROM paths WHERE reference = :reference AND outcome_at IS NOT NULL)"
)
_SNAPSHOT: Final = "REPEATABLE READ"


def statistics(models: ReadModels, at: datetime) -> Statistics:
    """Return what is counted of the cases as they stood at an instant; raises `OfAnotherLog`."""
    given: dict[str, Any] = {
        "at": at,
        "ends": sorted(map(str, ENDS)),
        "without": sorted(map(str, _WITHOUT_GOING_ON)),
    }
    with models.engine.connect().execution_options(isolation_level=_SNAPSHOT) as snapshot:
        generation = live(snapshot, PATHS)
        reached = positions(snapshot, generation) if generation else {}
        if generation and is_of_another_log(snapshot, generation):
            raise OfAnotherLog(PATHS.name, max(reached.values()), head_of(snapshot))
        stays = [*snapshot.execute(_LATELY, given), *snapshot.execute(_BY_YEAR, given)]
        return Statistics(
            at=at.astimezone(UTC),
            position=min(reached.values(), default=0),
            funnels=tuple(_funnels(snapshot.execute(_FUNNEL, given))),
            stays=tuple(sorted(map(_stays, stays), key=_order)),
            inventory=_inventory(snapshot, given),
        )


def waits(models: ReadModels, at: datetime) -> Mapping[Route, tuple[Waits, ...]]:
    """Return by route how many waited from when to when for an answer, as it was at an instant."""
    answers = sorted(map(str, ANSWERS))
    with models.reads.connect() as connection:
        found = connection.execute(
            _WAITS, {"at": at, "answers": answers, "first": first_day(0)}
        ).all()
    return MappingProxyType(
        {
            route: tuple(
                Waits(
                    began=each.began,
                    ended=each.ended,
                    answered=each.answered,
                    cases=each.cases,
                )
                for each in found
                if each.route == route
            )
            for route in Route
        }
    )


def has_ended(models: ReadModels, reference: str) -> bool:
    """Say whether the wait of a case, as `waits` counts it, is over; that of a reopened one is."""
    with models.reads.connect() as connection:
        return bool(connection.scalar(_HAS_ENDED, {"reference": reference}))


def _funnels(found: Iterable[Any]) -> Iterable[Intake]:
    order = {str(stage): number for number, stage in enumerate(Stage)}
    for (month, ruleset), rows in groupby(found, key=lambda each: (each.month, each.ruleset)):
        stages = tuple(
            Reached(stage=Stage(each.stage), reached=each.reached, there=each.there)
            for each in sorted(rows, key=lambda each: order[each.stage])
        )
        yield Intake(
            month=month,
            ruleset=ruleset,
            received=sum(each.there for each in stages),
            stages=stages,
        )


def _stays(found: Any) -> Stays:
    return Stays(
        stage=Stage(found.stage), year=found.year, ended=found.cases, days=_days(found.days)
    )


def _order(each: Stays) -> tuple[int, int]:
    return [*Stage].index(each.stage), -(each.year or 10_000)


def _inventory(snapshot: Connection, given: Mapping[str, Any]) -> tuple[Inventory, ...]:
    arrived = {
        stage: [Arrivals(day=each.day, there=each.there, gone_on=each.gone_on) for each in rows]
        for stage, rows in groupby(snapshot.execute(_ARRIVED, given), key=lambda each: each.stage)
    }
    there = {each.stage: each for each in snapshot.execute(_THERE, given)}
    return tuple(
        _at_stage(stage, there[stage], arrived[stage]) for stage in Stage if stage in there
    )


def _at_stage(stage: Stage, found: Any, arrived: list[Arrivals]) -> Inventory:
    number, most = passed_over(arrived)
    return Inventory(
        stage=stage, cases=found.cases, days=_days(found.days), passed_over=number, by_most=most
    )


def _days(found: Iterable[float]) -> Spread:
    half, p80, p95 = (round(each, 1) for each in found)
    return Spread(half=half, p80=p80, p95=p95)
