"""How far each projection has folded the log, and where it stopped if it did.

Law: a checkpoint moves only under its lock, in the transaction that writes the rows, and only over
events that the store read from it on, which has no gap.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.projections.catalogue import Projection
from services.projections.errors import ProjectionOutdated, ProjectionStopped
from services.projections.models import ReadModels
from services.projections.tables import checkpoints, log

SHARD = 0  # one shard folds every key, until several share a projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """A read model holds the first `position` events of the log, and so what was known at `as_of`.

    `as_of` is when the last of them became visible, None before the first; `lag` is how many
    numbered events are still to be folded.
    """

    position: int
    as_of: datetime | None
    lag: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The event before which a projection stands still, and why."""

    position: int
    at: datetime
    event: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a projection gets on; `stop` is None while it does.

    `outdated` is the version of the fold that filled its rows, None where it is this program's.
    """

    name: str
    version: int
    freshness: Freshness
    stop: Stop | None
    outdated: int | None = None


def lock(connection: Connection, projection: Projection) -> int:
    """Return the position reached, held by this transaction alone until it ends.

    Raises `ProjectionOutdated` when the rows are of another version of the fold.
    """
    position = connection.scalar(_position(projection).with_for_update())
    if position is None:
        refuse_outdated(connection, projection)
        _create(connection, projection)
        position = connection.scalar(_position(projection).with_for_update())
    return int(position or 0)


def refuse_outdated(connection: Connection, projection: Projection) -> None:
    """The rows, if any, are of this version of the fold; raises `ProjectionOutdated`."""
    found = _outdated(connection, projection)
    if found is not None:
        raise ProjectionOutdated(projection.name, found, projection.version)


def lock_anew(connection: Connection, projection: Projection) -> None:
    """The checkpoint of this version is held by this transaction; those of others are gone."""
    _create(connection, projection)
    connection.execute(_position(projection).with_for_update())
    connection.execute(
        delete(checkpoints).where(
            checkpoints.c.projection == projection.name,
            checkpoints.c.version != projection.version,
        )
    )


def advance(
    connection: Connection, projection: Projection, to: int, as_of: datetime | None
) -> None:
    """The checkpoint is at `to`, and whatever stopped the projection before is forgotten."""
    connection.execute(
        update(checkpoints)
        .where(*_own(projection))
        .values(
            position=to,
            as_of=as_of,
            stopped_position=None,
            stopped_at=None,
            stopped_event=None,
            stopped_reason=None,
        )
    )


def record_stop(connection: Connection, projection: Projection, stop: ProjectionStopped) -> None:
    """It can be seen where, when first and why the projection stopped."""
    connection.execute(
        update(checkpoints)
        .where(*_own(projection))
        .values(
            stopped_position=stop.position,
            stopped_at=func.coalesce(checkpoints.c.stopped_at, func.now()),
            stopped_event=stop.event,
            stopped_reason=stop.reason,
        )
    )


def freshness(models: ReadModels, projection: Projection) -> Freshness:
    """Return how far the read model is."""
    head = select(func.coalesce(func.max(log.c.position), 0)).scalar_subquery()
    query = select(checkpoints.c.position, checkpoints.c.as_of, head.label("head"))
    with models.reads.connect() as connection:
        row = connection.execute(query.where(*_own(projection))).one_or_none()
        if row is None:
            return Freshness(position=0, as_of=None, lag=int(connection.scalar(select(head)) or 0))
    return Freshness(
        position=row.position, as_of=row.as_of, lag=max(0, int(row.head) - row.position)
    )


def progress(models: ReadModels, projection: Projection) -> Progress:
    """Return how the projection gets on."""
    with models.reads.connect() as connection:
        row = connection.execute(select(checkpoints).where(*_own(projection))).one_or_none()
        outdated = None if row is not None else _outdated(connection, projection)
    stop = None
    if row is not None and row.stopped_position is not None:
        stop = Stop(
            position=row.stopped_position,
            at=row.stopped_at,
            event=row.stopped_event,
            reason=row.stopped_reason,
        )
    return Progress(
        name=projection.name,
        version=projection.version,
        freshness=freshness(models, projection),
        stop=stop,
        outdated=outdated,
    )


def position_now(connection: Connection, projection: Projection) -> int:
    """Return the position reached, in the snapshot of this transaction and without a lock."""
    return int(connection.scalar(_position(projection)) or 0)


def _outdated(connection: Connection, projection: Projection) -> int | None:
    """Return the version of the fold that filled the rows where it is only another one."""
    found = connection.scalars(
        select(checkpoints.c.version).where(checkpoints.c.projection == projection.name)
    ).all()
    return None if projection.version in found else max(found, default=None)


def _position(projection: Projection) -> Any:
    return select(checkpoints.c.position).where(*_own(projection))


def _own(projection: Projection) -> tuple[Any, ...]:
    return (
        checkpoints.c.projection == projection.name,
        checkpoints.c.version == projection.version,
        checkpoints.c.shard == SHARD,
    )


def _create(connection: Connection, projection: Projection) -> None:
    row = {"projection": projection.name, "version": projection.version, "shard": SHARD}
    connection.execute(insert(checkpoints).values(row).on_conflict_do_nothing())
