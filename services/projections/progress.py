"""How each read model gets on: how far it is, what stopped it, and whether it is of this log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from services.projections.catalogue import Projection
from services.projections.checkpoints import (
    Generation,
    State,
    generations_of,
    head_of,
    is_of_another_log,
    live_of,
    of_state,
    positions,
    shards_that_are,
)
from services.projections.freshness import Freshness, freshness
from services.projections.models import ReadModels
from services.projections.tables import checkpoints, log

_ROW: Final = checkpoints.c


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

    `least_lag` is the lag of the shard that is furthest ahead, whichever version folds it.
    `outdated` is the version of the fold that filled its rows, None where it is this program's.
    `beside` is how far the generation is that could take its place, and `beside_stops` what stopped
    it; `former` is how far the one is that can be had back; None where there is none.
    `behind_since` is when the first event was numbered that it does not hold, None while it holds
    the whole log and while another version folds it.
    `of_another_log` says that its rows were folded from another log, up to `furthest`.
    """

    name: str
    version: int
    freshness: Freshness
    stops: tuple[Stop, ...]
    least_lag: int
    outdated: int | None = None
    beside: int | None = None
    beside_stops: tuple[Stop, ...] = ()
    former: int | None = None
    behind_since: datetime | None = None
    of_another_log: bool = False
    furthest: int = 0

    @property
    def stop(self) -> Stop | None:
        """The earliest event that stopped a shard, None while none did."""
        return self.stops[0] if self.stops else None


def progress_of(models: ReadModels, projection: Projection) -> Progress:
    """Return how the projection gets on."""
    with models.reads.connect() as connection:
        found = generations_of(connection, projection)
        rows = _shards(connection, projection, State.LIVE)
        stops_beside = _stops(_shards(connection, projection, State.READY))
        beside, former = (
            _reached(connection, of_state(found, each)) for each in (State.READY, State.FORMER)
        )
        foreign = bool(found) and is_of_another_log(connection, live_of(found))
    outdated = live_of(found).version if found and not live_of(found).is_ours else None
    fresh = freshness(models, projection)
    with models.reads.connect() as connection:
        behind_since: datetime | None = connection.scalar(
            select(log.c.sequenced_at).where(log.c.position == fresh.position + 1)
        )
        head = head_of(connection)
    furthest = max((row.position for row in rows), default=0)
    return Progress(
        name=projection.name,
        version=projection.version,
        freshness=fresh,
        least_lag=max(0, head - furthest),
        stops=_stops(rows),
        outdated=outdated,
        beside=beside,
        beside_stops=stops_beside,
        former=former,
        behind_since=None if outdated is not None else behind_since,
        of_another_log=foreign,
        furthest=furthest,
    )


def _shards(connection: Connection, projection: Projection, state: State) -> Sequence[Row[Any]]:
    """Return the shards of a generation, those first that the earliest events stopped."""
    query = select(checkpoints).where(*shards_that_are(state, projection.name))
    return connection.execute(query.order_by(_ROW.stopped_position, _ROW.shard)).all()


def _stops(shards: Sequence[Row[Any]]) -> tuple[Stop, ...]:
    return tuple(
        Stop(
            shard=row.shard,
            position=row.stopped_position,
            at=row.stopped_at,
            event=row.stopped_event,
            reason=row.stopped_reason,
        )
        for row in shards
        if row.stopped_position is not None
    )


def _reached(connection: Connection, generation: Generation | None) -> int | None:
    """Return how far the shard of a generation is that is furthest behind."""
    if generation is None:
        return None
    return min(positions(connection, generation).values(), default=None)
