"""The pools that exercises freeze: rows that stay as they are while the cases move on."""

from dataclasses import dataclass
from typing import Final

from psycopg.errors import SerializationFailure
from sqlalchemy import literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError

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
    """Every case that waited in the pool after the first `position` events of the log."""

    position: int
    members: tuple[PoolMember, ...]


def freeze(models: ReadModels, exercise: str) -> FrozenPool:
    """Keep the pool as the case list has it now for `exercise`, and return it.

    Position and members are of one snapshot. Freezing again at the same position changes nothing;
    at another one it is another pool, and the exercise's own event says which of them counts.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _freeze(models, exercise)
        except OperationalError as fault:
            # Somebody froze the same pool since the snapshot was taken: a new one sees their rows.
            if not isinstance(fault.orig, SerializationFailure):
                raise
    return _freeze(models, exercise)


def _freeze(models: ReadModels, exercise: str) -> FrozenPool:
    with models.engine.connect().execution_options(isolation_level="REPEATABLE READ") as snapshot:
        position = position_now(snapshot, CASE_LIST)
        columns = case_list.c
        waiting = select(
            literal(exercise),
            literal(position),
            columns.reference,
            columns.route,
            columns.points,
            columns.submitted_at,
            columns.version,
        ).where(columns.stage == Stage.IN_POOL)
        names = [each.name for each in exercise_pools.columns]
        keep = postgresql.insert(exercise_pools).from_select(names, waiting)
        snapshot.execute(keep.on_conflict_do_nothing())
        snapshot.commit()
    return FrozenPool(position=position, members=kept(models, exercise, position))


def kept(models: ReadModels, exercise: str, position: int) -> tuple[PoolMember, ...]:
    """Return the pool that was kept for `exercise` at a position; empty when none was."""
    columns = exercise_pools.c
    query = select(
        columns.reference, columns.route, columns.points, columns.submitted_at, columns.version
    ).where(columns.exercise == exercise, columns.position == position)
    with models.reads.connect() as connection:
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
