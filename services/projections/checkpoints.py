"""How far each read model has folded the log, shard by shard, and which event stopped it.

Law: a checkpoint moves only under its lock, in the transaction that writes the rows of its shard,
and only over events that the store read from it on, which has no gap. The shards of a read model
are the rows that it has here; only a rebuild, which holds all of them, lays them out anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.record import Recorded
from services.projections.catalogue import Projection
from services.projections.errors import ProjectionOutdated, ProjectionStopped
from services.projections.models import ReadModels
from services.projections.tables import checkpoints, log
from services.store import number_of

_ROW: Final = checkpoints.c

SHARDS: Final = 4
"""Into how many shards a read model is laid out: so many workers can fold it at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Shards that this transaction alone folds until it ends: where each is, and of how many.

    `stopped` says that an event stands in the way of one of them.
    """

    positions: Mapping[int, int]
    of: int
    stopped: bool

    @property
    def first(self) -> int:
        """Where the one is that is furthest behind."""
        return min(self.positions.values())

    @property
    def last(self) -> int:
        """Where the one is that is furthest ahead."""
        return max(self.positions.values())

    def awaits(self, recorded: Recorded[Any]) -> bool:
        """Say whether an event of the log is still to be folded by one of these shards."""
        reached = self.positions.get(number_of(recorded.stream, self.of))
        return reached is not None and (recorded.position or 0) > reached


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
    """The event before which a shard of a projection stands still, and why."""

    shard: int
    position: int
    at: datetime
    event: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a projection gets on; `stops` is empty while all of its shards do.

    `outdated` is the version of the fold that filled its rows, None where it is this program's.
    """

    name: str
    version: int
    freshness: Freshness
    stops: tuple[Stop, ...]
    outdated: int | None = None

    @property
    def stop(self) -> Stop | None:
        """The earliest event that stopped a shard, None while none did."""
        return self.stops[0] if self.stops else None


def layout(models: ReadModels, projection: Projection) -> int:
    """Return how many shards the read model has, once it has any.

    Raises `ProjectionOutdated` when the rows are of another version of the fold.
    """
    with models.engine.begin() as connection:
        found = _of(connection, projection)
        if not found:
            refuse_outdated(connection, projection)
            _create(connection, projection)
            found = _of(connection, projection)
    return found


def claim(
    connection: Connection, projection: Projection, shard: int | None = None, *, wait: bool
) -> Claim | None:
    """Return one shard, or all, held by this transaction alone until it ends.

    None where one of them is held by another and it is not to `wait`, and where there is none.
    """
    mine = () if shard is None else (_ROW.shard == shard,)
    held = connection.execute(
        select(_ROW.shard, _ROW.position, _ROW.stopped_position)
        .where(*_own(projection), *mine)
        .order_by(_ROW.shard)
        .with_for_update(skip_locked=not wait)
    ).all()
    of = _of(connection, projection)
    if not held or (shard is None and len(held) < of):
        return None
    return Claim(
        positions={each.shard: each.position for each in held},
        of=of,
        stopped=any(each.stopped_position is not None for each in held),
    )


def refuse_outdated(connection: Connection, projection: Projection) -> None:
    """The rows, if any, are of this version of the fold; raises `ProjectionOutdated`."""
    found = _outdated(connection, projection)
    if found is not None:
        raise ProjectionOutdated(projection.name, found, projection.version)


def claim_anew(connection: Connection, projection: Projection) -> Claim:
    """The shards of this version, as many as there are to be, are held by this transaction.

    Whatever there was of other versions, and of shards that are no more, is gone.
    """
    _create(connection, projection)
    connection.execute(
        select(_ROW.shard).where(*_own(projection)).order_by(_ROW.shard).with_for_update()
    )
    connection.execute(
        delete(checkpoints).where(
            _ROW.projection == projection.name,
            (_ROW.version != projection.version) | (_ROW.shard >= SHARDS),
        )
    )
    return Claim(positions=dict.fromkeys(range(SHARDS), 0), of=SHARDS, stopped=False)


def advance(
    connection: Connection, projection: Projection, shard: int, to: int, as_of: datetime | None
) -> None:
    """The shard is at `to`, and whatever stopped it before is forgotten."""
    connection.execute(_advance(projection).where(_ROW.shard == shard).values(_at(to, as_of)))


def advance_all(
    connection: Connection, projection: Projection, to: int, as_of: datetime | None
) -> None:
    """Every shard that is not further already is at `to`, and nothing stops it."""
    connection.execute(_advance(projection).where(_ROW.position <= to).values(_at(to, as_of)))


def set_all(
    connection: Connection, projection: Projection, to: int, as_of: datetime | None
) -> None:
    """Every shard is at `to`, wherever it was before, and nothing stops it."""
    connection.execute(_advance(projection).values(_at(to, as_of)))


def _advance(projection: Projection) -> Any:
    return update(checkpoints).where(*_own(projection))


def _at(position: int, as_of: datetime | None) -> dict[str, Any]:
    stopped = ("stopped_position", "stopped_at", "stopped_event", "stopped_reason")
    return {"position": position, "as_of": as_of, **dict.fromkeys(stopped)}


def record_stop(
    connection: Connection, projection: Projection, shard: int, stop: ProjectionStopped
) -> None:
    """It can be seen where, when first and why a shard stopped."""
    connection.execute(
        _advance(projection)
        .where(_ROW.shard == shard)
        .values(
            stopped_position=stop.position,
            stopped_at=func.coalesce(checkpoints.c.stopped_at, func.now()),
            stopped_event=stop.event,
            stopped_reason=stop.reason,
        )
    )


def freshness(models: ReadModels, projection: Projection) -> Freshness:
    """Return how far the read model is: as far as the shard that is furthest behind."""
    head = select(func.coalesce(func.max(log.c.position), 0)).scalar_subquery()
    query = select(_ROW.position, _ROW.as_of, head.label("head"))
    last = query.where(*_own(projection)).order_by(_ROW.position).limit(1)
    with models.reads.connect() as connection:
        row = connection.execute(last).one_or_none()
        if row is None:
            return Freshness(position=0, as_of=None, lag=int(connection.scalar(select(head)) or 0))
    return Freshness(
        position=row.position, as_of=row.as_of, lag=max(0, int(row.head) - row.position)
    )


def progress(models: ReadModels, projection: Projection) -> Progress:
    """Return how the projection gets on."""
    with models.reads.connect() as connection:
        rows = connection.execute(
            select(checkpoints).where(*_own(projection)).order_by(_ROW.stopped_position, _ROW.shard)
        ).all()
        outdated = None if rows else _outdated(connection, projection)
    return Progress(
        name=projection.name,
        version=projection.version,
        freshness=freshness(models, projection),
        stops=tuple(
            Stop(
                shard=row.shard,
                position=row.stopped_position,
                at=row.stopped_at,
                event=row.stopped_event,
                reason=row.stopped_reason,
            )
            for row in rows
            if row.stopped_position is not None
        ),
        outdated=outdated,
    )


def positions_now(connection: Connection, projection: Projection) -> dict[int, int]:
    """Return how far each shard is, in the snapshot of this transaction and without a lock."""
    rows = connection.execute(select(_ROW.shard, _ROW.position).where(*_own(projection)))
    return {row.shard: row.position for row in rows}


def _outdated(connection: Connection, projection: Projection) -> int | None:
    """Return the version of the fold that filled the rows where it is only another one."""
    found = connection.scalars(
        select(_ROW.version).where(_ROW.projection == projection.name).distinct()
    ).all()
    return None if projection.version in found else max(found, default=None)


def _of(connection: Connection, projection: Projection) -> int:
    query = select(func.count()).select_from(checkpoints).where(*_own(projection))
    return int(connection.execute(query).scalar_one())


def _own(projection: Projection) -> tuple[Any, ...]:
    return (_ROW.projection == projection.name, _ROW.version == projection.version)


def _create(connection: Connection, projection: Projection) -> None:
    own = {"projection": projection.name, "version": projection.version}
    rows = [{**own, "shard": shard} for shard in range(SHARDS)]
    connection.execute(insert(checkpoints).on_conflict_do_nothing(), rows)
