"""The pools that exercises freeze: rows that stay as they are while the cases move on."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    delete,
    func,
    insert,
    literal,
    select,
    text,
)

from domain.application import Route
from domain.events import RefusalClass
from domain.exercise_events import RouteCounts
from domain.looks import Look
from domain.rules.rank import PoolMember
from domain.rules.terms import Measure
from domain.stages import Stage
from domain.tallies import Tally
from services.projections import runner
from services.projections.catalogue import CASE_LIST
from services.projections.models import ReadModels
from services.projections.tables import case_list, exercise_pools
from services.store import Store
from services.store.noting import noted_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenPool:
    """Every case that waited in the pool by one measure, as the first `position` events say.

    `left_out` counts those that waited by the other, `held` those that an investigation holds, and
    `later` those that came to the pool after it is frozen; `counts` say what became of all. Whose
    person is erased by then waits for nothing, and is in neither.
    """

    position: int
    members: tuple[PoolMember, ...]
    left_out: int
    held: int
    later: int
    counts: tuple[RouteCounts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which pool to freeze: of which exercise, since when its cases wait, by which measure.

    `by_criteria` are the rulesets that count criteria.
    """

    exercise: str
    at: datetime
    measure: Measure = Measure.POINTS
    by_criteria: frozenset[str] = frozenset()


def freeze(store: Store, models: ReadModels, wanted: Wanted) -> FrozenPool:
    """Keep for an exercise the cases that the case list has in the pool since then or earlier.

    Those of the other measure are counted and left where they are. The members are those at the
    position, for nobody folds the list meanwhile. Freezing again at another position is another
    pool; the exercise's own event says which of them counts, and its digest what is in it.
    """
    with models.engine.begin() as connection:
        position = runner.level(store, models, connection, CASE_LIST.name)
        return _freeze(connection, wanted, position)


def seen(look: Look, store: Store, models: ReadModels, wanted: Wanted) -> FrozenPool:
    """Return the pool that `freeze` would keep now, the look on record, and keep nothing."""
    with models.engine.begin() as connection:
        position = runner.level(store, models, connection, CASE_LIST.name)
        erased = _erased(connection, position)
        waiting = select(*(case_list.c[name] for name in _MEMBER)).where(*_waiting(wanted, erased))
        asked = {
            "asked": "opening",
            "position": position,
            "measure": wanted.measure,
            "effective_at": wanted.at,
        }
        _, members = _read_seen(connection, noted_whole(waiting, look, asked, soon=False))
        return _seen(connection, wanted, position, members, erased)


def _freeze(connection: Connection, wanted: Wanted, position: int) -> FrozenPool:
    exercise, erased = wanted.exercise, _erased(connection, position)
    waiting = select(
        literal(exercise),
        literal(position),
        *(case_list.c[name] for name in _MEMBER),
    ).where(*_waiting(wanted, erased))
    names = ["exercise", "position", *_MEMBER]
    same = (exercise_pools.c.exercise == exercise, exercise_pools.c.position == position)
    connection.execute(delete(exercise_pools).where(*same))
    connection.execute(insert(exercise_pools).from_select(names, waiting))
    members = _members(connection, exercise, position)
    return _seen(connection, wanted, position, members, erased)


_ERASED: Final = text(
    """
    WITH gone AS MATERIALIZED (
        SELECT reference FROM case_list JOIN case_keys USING (reference)
        WHERE case_list.stage = :stage AND case_keys.wrapped IS NULL
    )
    SELECT DISTINCT gone.reference
    FROM gone JOIN events ON events.stream = 'case-' || gone.reference
    JOIN log USING (commit_id, ord)
    WHERE events.type = 'erasure-decided' AND log.position <= :position
    """
)


def _erased(connection: Connection, position: int) -> tuple[str, ...]:
    """Return the cases in the pool whose person was erased by a position, as the log says.

    Only a restore brings anybody there: of a live case nobody is erased otherwise.
    """
    given = {"stage": Stage.IN_POOL, "position": position}
    return tuple(connection.execute(_ERASED, given).scalars())


def _waiting(wanted: Wanted, erased: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    # Whoever an investigation holds is in no pool until the hold is lifted.
    return (
        case_list.c.stage == Stage.IN_POOL,
        case_list.c.reference.not_in(erased),
        case_list.c.stage_since <= wanted.at,
        ~case_list.c.held,
        _of_measure(wanted),
    )


def _of_measure(wanted: Wanted) -> ColumnElement[bool]:
    criteria = case_list.c.ruleset.in_(sorted(wanted.by_criteria))
    return criteria if wanted.measure is Measure.CRITERIA else ~criteria


def _seen(
    connection: Connection,
    wanted: Wanted,
    position: int,
    members: tuple[PoolMember, ...],
    erased: Collection[str],
) -> FrozenPool:
    columns, number = case_list.c, func.count()
    held, later = columns.held, columns.stage_since > wanted.at
    aside = select(
        number.filter(~_of_measure(wanted), ~held, ~later),
        number.filter(held),
        number.filter(later, ~held),
    ).where(columns.stage == Stage.IN_POOL, columns.reference.not_in(erased))
    left_out, on_hold, too_late = connection.execute(aside).one()
    return FrozenPool(
        position=position,
        members=members,
        left_out=left_out,
        held=on_hold,
        later=too_late,
        counts=_counts(connection),
    )


def discard(models: ReadModels, exercise: str, positions: Collection[int]) -> None:
    """What was frozen for an exercise at these positions is kept no longer."""
    columns = exercise_pools.c
    gone = (columns.exercise == exercise, columns.position.in_(sorted(positions)))
    with models.engine.begin() as connection:
        connection.execute(delete(exercise_pools).where(*gone))


def kept(models: ReadModels, exercise: str, position: int) -> tuple[PoolMember, ...]:
    """Return the pool that was kept for `exercise` at a position; empty when none was."""
    with models.reads.connect() as connection:
        return _members(connection, exercise, position)


def kept_seen(
    models: ReadModels, look: Look, asked: Mapping[str, Any]
) -> tuple[int, tuple[PoolMember, ...]]:
    """Return the pool that was kept for the exercise and position asked for, the look on record.

    The number is that of the look.
    """
    kept = _kept(asked["exercise"], asked["position"])
    with models.reads.connect() as connection:
        return _read_seen(connection, noted_whole(kept, look, asked))


_MEMBER: Final = (
    "reference",
    "route",
    "points",
    "submitted_at",
    "version",
    "stratum",
    "scored_at",
    "ruleset",
)


def _members(connection: Connection, exercise: str, position: int) -> tuple[PoolMember, ...]:
    return _read(connection, _kept(exercise, position).order_by(exercise_pools.c.reference))


def _kept(exercise: str, position: int) -> Select[Any]:
    columns = exercise_pools.c
    return select(*(columns[name] for name in _MEMBER)).where(
        columns.exercise == exercise, columns.position == position
    )


def _read(connection: Connection, query: Select[Any]) -> tuple[PoolMember, ...]:
    """Return the members that a query of `_MEMBER` finds, in its order."""
    return _made(connection.execute(query).all())


def _read_seen(connection: Connection, query: Select[Any]) -> tuple[int, tuple[PoolMember, ...]]:
    """Return the number of the look that the query records, and the members that it finds."""
    rows = connection.execute(query.order_by("reference")).all()
    return rows[0][0], _made(each[1:] for each in rows if each[1] is not None)


def _made(rows: Iterable[Any]) -> tuple[PoolMember, ...]:
    routes = {each.value: each for each in Route}
    return tuple(
        PoolMember(
            reference=reference,
            route=routes[route],
            points=points,
            submitted_at=submitted_at,
            version=version,
            stratum=stratum,
            scored_at=scored_at,
            ruleset=ruleset,
        )
        for reference, route, points, submitted_at, version, stratum, scored_at, ruleset in rows
    )


def _counts(connection: Connection) -> tuple[RouteCounts, ...]:
    columns = case_list.c
    kinds = (columns.route, columns.stage, columns.reason_class)
    query = select(*kinds, func.count()).group_by(*kinds)
    tally = Tally()
    for route, stage, reason_class, number in connection.execute(query):
        refused_as = None if reason_class is None else RefusalClass(reason_class)
        tally.add(Route(route), Stage(stage), refused_as, number)
    return tally.counts
