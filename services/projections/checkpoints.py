"""How far each read model has folded the log, shard by shard, and which event stopped it.

Law: a checkpoint moves only under its lock, in the transaction that writes the rows of its shard,
and only over events that the store read from it on, which has no gap. The shards of a generation
are the rows that it has here, laid out when it is made and never again. Whoever changes which
generation is live holds all shards of both, so that a claim knows into which tables it writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from math import gcd
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    bindparam,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from domain.record import Recorded
from services.projections.catalogue import Projection
from services.projections.errors import OfAnotherLog, ProjectionOutdated, ProjectionStopped
from services.projections.models import ReadModels
from services.projections.tables import checkpoints, generations, log
from services.store import number_of

_ROW: Final = checkpoints.c
_FIRST: Final = 1

_SHARD: Final = bindparam("of_shard", type_=_ROW.shard.type)
_OF: Final = (
    _ROW.projection == bindparam("of_projection"),
    _ROW.generation == bindparam("of_generation"),
)
"""Under which condition a row is of the generation that `_told` names."""

_POSITIONS: Final = select(_ROW.shard, _ROW.position).where(*_OF)
_STOP: Final = (_ROW.stopped_position, _ROW.stopped_event, _ROW.stopped_reason)
_COUNT: Final = select(func.count()).select_from(checkpoints).where(*_OF)

SHARDS: Final = 4
"""Into how many shards a generation is laid out: so many workers can fold it at once."""


class State(StrEnum):
    """What a generation of a read model is; there is at most one of each.

    `filling` is folded by its maker alone. The others follow the log: `ready` can take the place of
    the `live` one, which everybody reads, and `former` can have it back.
    """

    FILLING = "filling"
    READY = "ready"
    LIVE = "live"
    FORMER = "former"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Rows of a read model, filled by a version of its fold; `projection` folds into them.

    Of two generations the one with the higher number was made later.
    """

    projection: Projection
    number: int
    state: State
    version: int
    made_at: datetime

    @property
    def is_ours(self) -> bool:
        """Whether this program folds them as they were folded."""
        return self.version == self.projection.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Shards that this transaction alone folds until it ends: where each is, and of how many.

    `stops` are those of the shards in whose way an event stands, `of_another_log` says that one was
    folded from another log than the one that is there.
    """

    generation: Generation
    positions: Mapping[int, int]
    of: int
    stops: Mapping[int, ProjectionStopped]
    of_another_log: bool

    @property
    def projection(self) -> Projection:
        """The projection into the tables of the generation."""
        return self.generation.projection

    @property
    def first(self) -> int:
        """Where the one is that is furthest behind."""
        return min(self.positions.values())

    @property
    def last(self) -> int:
        """Where the one is that is furthest ahead."""
        return max(self.positions.values())

    def behind(self, other: "Claim") -> tuple[int, ...]:
        """Return which of these shards hold less of the log than shards of another generation do.

        Only shards that can have a stream in common are compared, whatever number of them each has.
        """
        common = gcd(self.of, other.of)
        there = [(shard % common, other.reach(shard)) for shard in other.positions]
        return tuple(
            shard
            for shard in self.positions
            if any(shard % common == one and self.reach(shard) < held for one, held in there)
        )

    def reach(self, shard: int) -> int:
        """Return up to which position nothing of a shard is missing, be it its own or not."""
        stop = self.stops.get(shard)
        return self.positions[shard] if stop is None else stop.position - 1

    def awaited(self, events: Sequence[Recorded[Any]]) -> Sequence[Recorded[Any]]:
        """Return those events of the log that are still to be folded by one of these shards."""
        if len(self.positions) == self.of and self.first == self.last:
            return events
        return [each for each in events if self._awaits(each)]

    def _awaits(self, recorded: Recorded[Any]) -> bool:
        reached = self.positions.get(number_of(recorded.stream, self.of))
        return reached is not None and (recorded.position or 0) > reached


def generations_of(connection: Connection, projection: Projection) -> tuple[Generation, ...]:
    """Return every generation of the read model, each with the projection into its own tables."""
    shard = (generations.c.projection == _ROW.projection) & (
        generations.c.generation == _ROW.generation
    )
    rows = connection.execute(
        select(*generations.c["generation", "state", "made_at"], func.max(_ROW.version).label("of"))
        .join(checkpoints, shard)
        .where(generations.c.projection == projection.name)
        .group_by(*generations.c["generation", "state", "made_at"])
        .order_by(generations.c.generation)
    )
    return tuple(
        Generation(
            projection=projection if row.state == State.LIVE else projection.beside(row.generation),
            number=row.generation,
            state=State(row.state),
            version=row.of,
            made_at=row.made_at,
        )
        for row in rows
    )


def ours(models: ReadModels, projection: Projection) -> tuple[Generation, ...]:
    """Return the generations that this program folds; there is a live one from now on.

    Raises `ProjectionOutdated` when there are only such of other versions of the fold.
    """
    with models.engine.begin() as connection:
        found = generations_of(connection, projection)
        if not found:
            lay_out(connection, projection, _FIRST, State.LIVE)
            found = generations_of(connection, projection)
    if not any(each.is_ours for each in found):
        raise ProjectionOutdated(projection.name, live_of(found).version, projection.version)
    return tuple(each for each in found if each.is_ours and each.state is not State.FILLING)


def live(connection: Connection, projection: Projection) -> Generation | None:
    """Return the generation that is read, None before there is one."""
    found = generations_of(connection, projection)
    return live_of(found) if found else None


def of_state(found: Iterable[Generation], state: State) -> Generation | None:
    """Return the one of that state, None where there is none."""
    return next((each for each in found if each.state is state), None)


def live_of(found: tuple[Generation, ...]) -> Generation:
    """Return the one that is read, of all generations of a read model."""
    return next(each for each in found if each.state is State.LIVE)


def lay_out(connection: Connection, projection: Projection, number: int, state: State) -> None:
    """There is a generation of that number with all its shards at the log's beginning."""
    own = {"projection": projection.name, "generation": number}
    connection.execute(
        insert(generations).values(**own, state=state).on_conflict_do_nothing(),
    )
    rows = [{**own, "version": projection.version, "shard": shard} for shard in range(SHARDS)]
    connection.execute(insert(checkpoints).on_conflict_do_nothing(), rows)


def claim(
    connection: Connection,
    generation: Generation,
    shard: int | None = None,
    *,
    wait: bool,
    of_any_log: bool = False,
) -> Claim | None:
    """Return one shard, or all, held by this transaction alone until it ends.

    None where one of them is held by another and it is not to `wait`, and where the generation is
    no longer what it was. Raises `OfAnotherLog`, unless they are to be had `of_any_log`: nothing
    may be folded on into them, or what they missed would look as if it were folded.
    """
    told = {**_told(generation), "of_shard": shard}
    one = shard is not None
    held = connection.execute(_held(one=one, wait=wait), told).all()
    state, of, of_another_log = connection.execute(_standing(one=one), told).one()
    if not held or state != generation.state or (shard is None and len(held) < of):
        return None
    if of_another_log and not of_any_log:
        reached = max(each.position for each in held)
        raise OfAnotherLog(generation.projection.name, reached, head_of(connection))
    return Claim(
        generation=generation,
        positions={each.shard: each.position for each in held},
        of=of,
        stops={
            shard: ProjectionStopped(generation.projection.name, *stop)
            for shard, _, *stop in held
            if stop[0] is not None
        },
        of_another_log=of_another_log,
    )


def is_of_another_log(connection: Connection, generation: Generation) -> bool:
    """Say whether a shard of the generation was folded from another log than this one."""
    return bool(connection.scalar(select(exists(_of_another_log())), _told(generation)))


# What every batch asks is made once: making a statement costs more than asking it.
@cache
def _held(*, one: bool, wait: bool) -> Select[Any]:
    """Lock one shard of a generation, or all, and return where each is and what stops it."""
    return (
        select(_ROW.shard, _ROW.position, *_STOP)
        .where(*_OF, *_mine(one=one))
        .order_by(_ROW.shard)
        .with_for_update(skip_locked=not wait)
    )


@cache
def _standing(*, one: bool) -> Select[Any]:
    """Select what a generation is, of how many shards, and whether they are of another log."""
    state = select(generations.c.state).where(
        generations.c.projection == bindparam("of_projection"),
        generations.c.generation == bindparam("of_generation"),
    )
    return select(
        state.scalar_subquery(),
        _COUNT.scalar_subquery(),
        exists(_of_another_log().where(*_mine(one=one))),
    )


@cache
def _advancing(*, one: bool) -> Update:
    """Move one shard, or all that are not further already, and let nothing stop them."""
    stopped = ("stopped_position", "stopped_at", "stopped_event", "stopped_reason")
    to = bindparam("to", type_=_ROW.position.type)
    mine = _mine(one=True) if one else (_ROW.position <= to,)
    return (
        update(checkpoints)
        .where(*_OF, *mine)
        .values(position=to, as_of=bindparam("known_at"), **dict.fromkeys(stopped))
    )


def _mine(*, one: bool) -> tuple[ColumnElement[bool], ...]:
    return (_ROW.shard == _SHARD,) if one else ()


def _told(generation: Generation) -> dict[str, Any]:
    return {"of_projection": generation.projection.name, "of_generation": generation.number}


def _of_another_log() -> Select[Any]:
    """Select the shards of a generation that were folded from another log."""
    return select(_ROW.shard).where(is_foreign(), *_OF)


def is_foreign() -> ColumnElement[bool]:
    """Say that the last event of a shard is not the one that the log has at its position.

    By its leaf: a log that was restored and went on has other ones from there on. By its instant
    where the leaf is not known, as of what was folded before leaves were kept.
    """
    by_instant = _ROW.leaf.is_(None) & (log.c.sequenced_at == _ROW.as_of)
    last = select(log.c.position).where(
        log.c.position == _ROW.position, (log.c.leaf == _ROW.leaf) | by_instant
    )
    return (_ROW.position > 0) & ~exists(last)


def shards_of(models: ReadModels, generation: Generation) -> int:
    """Return how many shards a generation has."""
    with models.reads.connect() as connection:
        return int(connection.scalar(_COUNT, _told(generation)) or 0)


def advance(
    connection: Connection, held: Claim, to: int, as_of: datetime | None, shard: int | None = None
) -> None:
    """The shard, or all that were not further already, is at `to`, and nothing stops it."""
    told = {**_told(held.generation), "of_shard": shard, "to": to, "known_at": as_of}
    connection.execute(_advancing(one=shard is not None), told)


def record_stop(connection: Connection, held: Claim, shard: int, stop: ProjectionStopped) -> None:
    """It can be seen where, when first and why a shard stopped."""
    connection.execute(
        update(checkpoints)
        .where(*_OF, *_mine(one=True))
        .values(
            stopped_position=stop.position,
            stopped_at=func.coalesce(_ROW.stopped_at, func.now()),
            stopped_event=stop.event,
            stopped_reason=stop.reason,
        ),
        {**_told(held.generation), "of_shard": shard},
    )


def head_of(connection: Connection) -> int:
    """Return the position of the log's last event, as this transaction sees it."""
    return int(connection.scalar(select(func.coalesce(func.max(log.c.position), 0))) or 0)


def positions(connection: Connection, generation: Generation) -> dict[int, int]:
    """Return how far each shard is, in the snapshot of this transaction and without a lock."""
    rows = connection.execute(_POSITIONS, _told(generation))
    return {row.shard: row.position for row in rows}


def shards_that_are_live(name: str) -> tuple[Any, ...]:
    """Return the conditions under which a checkpoint is of what is read of a read model."""
    return shards_that_are(State.LIVE, name)


def shards_that_are(state: State, name: str) -> tuple[Any, ...]:
    """Return the conditions under which a checkpoint is of that generation of a read model."""
    number = (
        select(generations.c.generation)
        .where(generations.c.projection == name, generations.c.state == state)
        .scalar_subquery()
    )
    return (_ROW.projection == name, _ROW.generation == number)
