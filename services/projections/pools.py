"""The pools that exercises freeze: rows that stay as they are while the cases move on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.errors import SerializationFailure, UniqueViolation
from sqlalchemy import Connection, delete, func, insert, literal, select
from sqlalchemy.exc import DBAPIError

from domain.application import Route
from domain.rules.rank import PoolMember
from domain.stages import Stage
from services.projections.catalogue import CASE_LIST
from services.projections.checkpoints import position_now
from services.projections.models import ReadModels
from services.projections.tables import case_list, exercise_pools

_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenPool:
    """Every case that waited in the pool with points, as the first `position` events say.

    `left_out` counts those that waited without: theirs was a test of criteria.
    """

    position: int
    members: tuple[PoolMember, ...]
    left_out: int


def freeze(
    models: ReadModels, exercise: str, at: datetime, *, unranked: frozenset[str] = frozenset()
) -> FrozenPool:
    """Keep for `exercise` the cases that the case list has in the pool since `at` or earlier.

    Cases under one of the rulesets `unranked` are counted and left where they are. Position and
    members are of one snapshot. Freezing again at another position is another pool; the exercise's
    own event says which of them counts, and its digest what is in it.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _freeze(models, exercise, at, unranked)
        except DBAPIError as fault:
            # Somebody froze the same pool since the snapshot was taken: a new one sees their rows.
            if not isinstance(fault.orig, SerializationFailure | UniqueViolation):
                raise
    return _freeze(models, exercise, at, unranked)


def _freeze(
    models: ReadModels, exercise: str, at: datetime, unranked: frozenset[str]
) -> FrozenPool:
    with models.engine.connect().execution_options(isolation_level="REPEATABLE READ") as snapshot:
        position = position_now(snapshot, CASE_LIST)
        columns = case_list.c
        in_pool = (columns.stage == Stage.IN_POOL, columns.stage_since <= at)
        without_rank = columns.ruleset.in_(sorted(unranked))
        waiting = select(
            literal(exercise),
            literal(position),
            columns.reference,
            columns.route,
            columns.points,
            columns.submitted_at,
            columns.version,
        ).where(*in_pool, ~without_rank)
        names = [each.name for each in exercise_pools.columns]
        same = (exercise_pools.c.exercise == exercise, exercise_pools.c.position == position)
        snapshot.execute(delete(exercise_pools).where(*same))
        snapshot.execute(insert(exercise_pools).from_select(names, waiting))
        members = _members(snapshot, exercise, position)
        others = select(func.count()).select_from(case_list).where(*in_pool, without_rank)
        left_out = snapshot.execute(others).scalar_one()
        snapshot.commit()
    return FrozenPool(position=position, members=members, left_out=left_out)


def kept(models: ReadModels, exercise: str, position: int) -> tuple[PoolMember, ...]:
    """Return the pool that was kept for `exercise` at a position; empty when none was."""
    with models.reads.connect() as connection:
        return _members(connection, exercise, position)


def _members(connection: Connection, exercise: str, position: int) -> tuple[PoolMember, ...]:
    columns = exercise_pools.c
    query = select(
        columns.reference, columns.route, columns.points, columns.submitted_at, columns.version
    ).where(columns.exercise == exercise, columns.position == position)
    found = connection.execute(query.order_by(columns.reference)).all()
    return tuple(
        PoolMember(
            reference=each.reference,
            route=Route(each.route),
            points=each.points,
            submitted_at=each.submitted_at,
            version=each.version,
        )
        for each in found
    )
