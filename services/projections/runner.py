"""Keeps the read models up with the log.

One batch is one transaction: lock the checkpoint, read the log from it, load the rows of those
keys, fold, write, advance. A crash at any moment leaves rows and checkpoint as they were before the
batch, or both as after it. An event that cannot be folded, or whose row the table does not take,
stops its shard: what was before it is kept, nothing after it is folded there, and everybody is
told; the other shards go on.

While little waits, whoever comes folds all shards in one transaction. Behind a backlog each of
several workers takes whichever shard nobody has.
"""

import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from domain.record import Recorded
from services.projections import checkpoints
from services.projections.catalogue import PROJECTIONS, Projection, projection_named
from services.projections.checkpoints import Claim
from services.projections.errors import ProjectionStopped, RowRefused
from services.projections.models import ReadModels
from services.projections.rows import Rows, read_rows, replace_rows, write_rows
from services.store import EventUnreadable, LogCorrupt, Shard, Store

__all__ = ["PROJECTIONS", "catch_up", "catch_up_all", "folded", "level", "rebuild", "renew"]

BATCH: Final = 2_000
REBUILD_BATCH: Final = 5_000

_AT_FAULT: Final = (EventUnreadable, LogCorrupt, RowRefused)
"""What is wrong with an event, and not with the database."""

_Keyed = list[tuple[str | None, Recorded[Any]]]


@dataclass(slots=True, kw_only=True)
class Batch:
    """What a batch made of the rows it touched, how far it got, and what stopped it there.

    `opening` are the keys whose personal member its events touch.
    """

    position: int
    last: Recorded[Any] | None = None
    rows: Rows = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    opening: set[str] = field(default_factory=set)
    stop: ProjectionStopped | None = None


def catch_up(
    store: Store, models: ReadModels, name: str, *, until: int | None = None, batch: int = BATCH
) -> int:
    """The read model holds the log as far as it goes, or to `until`; returns the position reached.

    A batch is as large as the backlog, up to `batch` events; a smaller one was the last, whatever
    is written meanwhile, or a busy office would keep it from ever returning. Raises
    `ProjectionStopped` before an event that cannot be read or folded, or whose row is refused,
    once every other shard is as far as it can be.
    """
    projection = projection_named(name)
    of = checkpoints.layout(models, projection)
    follower = _Follower(
        store=store, models=models, projection=projection, until=until, batch=batch
    )
    if not follower.all_at_once():
        follower.each(of)
    return checkpoints.freshness(models, projection).position


def catch_up_all(store: Store, models: ReadModels) -> dict[str, int]:
    """Every read model holds the log as far as it goes; returns the position each reached."""
    return {name: catch_up(store, models, name) for name in PROJECTIONS}


def level(store: Store, models: ReadModels, connection: Connection, name: str) -> int:
    """All shards are at one position, which is returned, until this transaction ends.

    Raises `ProjectionStopped` as in `catch_up`.
    """
    projection = projection_named(name)
    held = checkpoints.claim(connection, projection, wait=True)
    if held is None:
        return 0
    if held.first < held.last:
        read = store.read_log(
            after=held.first, limit=held.last - held.first, personal=projection.opens
        )
        batch = _folded_on(models, connection, projection, held, read)
        if batch.stop is not None:
            raise batch.stop
        _keep(models, connection, projection, batch)
        checkpoints.advance_all(connection, projection, held.last, read[-1].sequenced_at)
    return held.last


def rebuild(store: Store, models: ReadModels, name: str) -> int:
    """The read model is folded from nothing, in place; returns its position.

    Readers see the old rows until the new ones are complete, then those; there is no moment
    without. Most is folded before the checkpoint is locked, so that it is not locked for long.
    """
    projection = projection_named(name)
    whole = folded(store, projection, until=store.sequence())
    with models.engine.begin() as connection:
        checkpoints.claim_anew(connection, projection)
        whole = folded(store, projection, until=store.sequence(), whole=whole)
        replace_rows(models, connection, projection, whole.rows)
        last = whole.last.sequenced_at if whole.last else None
        checkpoints.set_all(connection, projection, whole.position, last)
    return whole.position


def renew(store: Store, models: ReadModels) -> tuple[str, ...]:
    """No read model is of another version of its fold; returns those that were folded again."""
    known = [checkpoints.progress(models, projection_named(name)) for name in PROJECTIONS]
    outdated = tuple(each.name for each in known if each.outdated is not None)
    for name in outdated:
        rebuild(store, models, name)
    return outdated


def folded(
    store: Store,
    projection: Projection,
    *,
    until: int,
    whole: Batch | None = None,
    counts: Callable[[Recorded[Any]], bool] = lambda _: True,
) -> Batch:
    """Return every row as a fold of those that count of the first `until` events.

    It goes on from `whole` if that is given.
    """
    whole = whole or Batch(position=0)
    while whole.position < until:
        before = whole.position
        limit = min(REBUILD_BATCH, until - before)
        events = store.read_log(after=before, limit=limit, personal=projection.opens)
        keyed = _keyed(projection, [each for each in events if counts(each)])
        _fold(projection, whole, keyed)
        if whole.stop is not None:
            raise whole.stop
        whole.position, whole.last = before + len(events), events[-1]
    return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class _Follower:
    """Follows the log for a projection, in transactions of a batch each."""

    store: Store
    models: ReadModels
    projection: Projection
    until: int | None
    batch: int

    def all_at_once(self) -> bool:
        """All shards are at the end of the log; False where they are not after one batch.

        Anything that is out of the ordinary is left to `each`.
        """
        with self.models.engine.connect() as connection, connection.begin() as transaction:
            held = checkpoints.claim(connection, self.projection, wait=False)
            if held is None or held.stopped or held.last - held.first > self.batch:
                return False
            limit = self._limit(held.first, self.batch)
            try:
                events = self._read(held.first, limit)
                batch = _folded_on(self.models, connection, self.projection, held, events)
                if batch.stop is not None:
                    return False
                _keep(self.models, connection, self.projection, batch)
            except _AT_FAULT:
                transaction.rollback()
                return False
            if events:
                reached = held.first + len(events)
                seen = events[-1].sequenced_at
                checkpoints.advance_all(connection, self.projection, reached, seen)
                transaction.commit()
            return len(events) < limit or held.first + len(events) == self.until

    def each(self, of: int) -> None:
        """Every shard is at the end of the log, or right before what stops it.

        Two workers do not begin with the same one, and wait for a shard only when nothing else
        is left to do: what was written while another had it may be folded by nobody else.
        """
        first = os.getpid() % of
        turns = [*range(first, of), *range(first)]
        stops: list[ProjectionStopped] = []
        for wait in (False, True):
            turns = [shard for shard in turns if not self._follow(shard, stops, wait=wait)]
        if stops:
            raise stops[0]

    def _follow(self, number: int, stops: list[ProjectionStopped], *, wait: bool) -> bool:
        """The shard is at the end of the log, or stopped; False where another has it."""
        limit = self.batch
        fault: Exception | None = None
        while True:
            try:
                moved = self._one_batch(number, limit, wait=wait)
            except _AT_FAULT as met:
                # Narrow it down: whatever comes before the event at fault is folded first.
                fault, narrowed, limit = met, limit == 1, max(1, limit // 4)
            except ProjectionStopped as stop:
                stops.append(stop)
                return True
            else:
                if moved is None:
                    return False
                before, after = moved
                # A row refused once may be taken later, as the table was altered meanwhile.
                unread = fault is not None and not isinstance(fault, RowRefused)
                if after == self.until or (not unread and after - before < limit):
                    return True
                # One at a time, a gap looks like the log's end; but more was seen behind it.
                narrowed = after == before
            if fault is not None and narrowed:
                stops.append(self._stop_narrowed(number, fault))
                return True

    def _one_batch(self, number: int, limit: int, *, wait: bool) -> tuple[int, int] | None:
        """Return the position before one batch and after it, None where another has the shard."""
        with self.models.engine.begin() as connection:
            held = checkpoints.claim(connection, self.projection, number, wait=wait)
            if held is None:
                return None
            position, limit = held.first, self._limit(held.first, limit)
            if limit < 1:
                return position, position
            read = self.store.read_shard(
                Shard(number=number, of=held.of),
                after=position,
                limit=limit,
                personal=self.projection.opens,
            )
            batch = _folded_on(self.models, connection, self.projection, held, read.events)
            _keep(self.models, connection, self.projection, batch)
            if batch.stop is None:
                if read.last > position:
                    checkpoints.advance(
                        connection, self.projection, number, read.last, read.sequenced_at
                    )
                return position, read.last
            if batch.last is not None:
                to, seen = batch.position, batch.last.sequenced_at
                checkpoints.advance(connection, self.projection, number, to, seen)
            checkpoints.record_stop(connection, self.projection, number, batch.stop)
        raise batch.stop

    def _limit(self, position: int, limit: int) -> int:
        return limit if self.until is None else min(limit, self.until - position)

    def _read(self, position: int, limit: int) -> tuple[Recorded[Any], ...]:
        if limit < 1:
            return ()
        return self.store.read_log(after=position, limit=limit, personal=self.projection.opens)

    def _stop_narrowed(self, number: int, fault: Exception) -> ProjectionStopped:
        """It can be seen that the shard stands before the one event that is left at fault."""
        with self.models.engine.begin() as connection:
            held = checkpoints.claim(connection, self.projection, number, wait=True)
            position = held.first if held else 0
            event, reason = _told(self.store, position, fault)
            stop = ProjectionStopped(self.projection.name, position + 1, event, reason)
            checkpoints.record_stop(connection, self.projection, number, stop)
        stop.__cause__ = fault
        return stop


def _folded_on(
    models: ReadModels,
    connection: Connection,
    projection: Projection,
    held: Claim,
    events: Sequence[Recorded[Any]],
) -> Batch:
    """Return what the events that these shards await make of the rows that are there."""
    keyed = _keyed(projection, [each for each in events if held.awaits(each)])
    batch = Batch(
        position=held.first,
        rows=_rows_of(models, connection, projection, keyed),
        opening=_opening(projection, keyed),
    )
    _fold(projection, batch, keyed)
    return batch


def _keyed(projection: Projection, events: Sequence[Recorded[Any]]) -> _Keyed:
    return [(projection.key(recorded), recorded) for recorded in events]


def _rows_of(
    models: ReadModels, connection: Connection, projection: Projection, keyed: _Keyed
) -> Rows:
    wanted = {key for key, _ in keyed if key is not None}
    if not wanted:
        return {}
    return read_rows(models, connection, projection, wanted, _opening(projection, keyed))


def _opening(projection: Projection, keyed: _Keyed) -> set[str]:
    """Return the keys whose personal member these events touch."""
    return {
        key
        for key, recorded in keyed
        if key is not None and type(recorded.event) in projection.opens
    }


def _fold(projection: Projection, batch: Batch, keyed: _Keyed) -> None:
    """`batch` has gone over the events, or up to the first that cannot be folded."""
    rows, fold, touched = batch.rows, projection.fold, batch.touched
    for key, recorded in keyed:
        if key is not None:
            try:
                rows[key] = fold(rows.get(key), recorded)
            except Exception as fault:  # noqa: BLE001 - whatever it is stops the shard and is told
                batch.stop = _stop_at(projection, recorded, fault)
                batch.stop.__cause__ = fault
                return
            touched.add(key)
        batch.position = recorded.position or batch.position
        batch.last = recorded


def _keep(models: ReadModels, connection: Connection, projection: Projection, batch: Batch) -> None:
    """The rows are as far as the batch got; the checkpoint is the caller's to move."""
    rows = {key: batch.rows[key] for key in batch.touched}
    write_rows(models, connection, projection, rows, batch.opening & batch.touched)


def _stop_at(
    projection: Projection, recorded: Recorded[Any], fault: Exception
) -> ProjectionStopped:
    return ProjectionStopped(
        projection.name, recorded.position or 0, _named(recorded), _reason(fault)
    )


def _told(store: Store, position: int, fault: Exception) -> tuple[str, str]:
    """Return the event after `position` and what is wrong with it; nothing personal."""
    if isinstance(fault, EventUnreadable):
        return fault.where, str(fault)
    if isinstance(fault, LogCorrupt):
        return "missing", str(fault)
    (recorded,) = store.read_log(after=position, limit=1, personal=False)
    kind = fault.kind if isinstance(fault, RowRefused) else type(fault).__name__
    return _named(recorded), f"the table does not take its row ({kind})"


def _named(recorded: Recorded[Any]) -> str:
    return f"{type(recorded.event).__name__}, {recorded.stream} version {recorded.version}"


def _reason(fault: Exception) -> str:
    """Name the fault and its place; not its text, which may quote what concerns the person."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{place}"
